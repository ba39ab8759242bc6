// Sums over the places of each example, and what the rest of a call needs for that.

namespace losslang {

// So many places are summed by one thread before another may go on; partial sums are added in order,
// so the result does not depend on the number of threads.
constexpr long CHUNK = 4096;

// Where the arrays of one example begin.
struct Example {
    Call call;
    const void* arrays[16];
    void* gradient;

    Example(const Call& whole, const long* strides, int count, long gradient_stride, long example)
        : call(whole) {
        for (int n = 0; n < count; ++n)
            arrays[n] = !whole.arrays[n] ? nullptr
                : static_cast<const char*>(whole.arrays[n]) + strides[n] * example;
        gradient = static_cast<char*>(whole.gradients[0]) + gradient_stride * example;
        call.arrays = arrays;
        call.gradients = &gradient;
    }
};

// Calls part(example, begin, end, n) for the n-th chunk of places, of all examples.
template <class F> int in_chunks(const Call& call, long examples, F part) {
    const long chunks = (call.rows + CHUNK - 1) / CHUNK;
    return in_parts(call, examples * chunks, [&](long first, long last) {
        int bad = 0;
        for (long n = first; n < last; ++n) {
            const long begin = n % chunks * CHUNK, end = begin + CHUNK;
            bad |= part(n / chunks, begin, end < call.rows ? end : call.rows, n);
        }
        return bad;
    });
}

// `count` numbers that lie one after the other, in W lanes; the first in those that are left.
template <int W, class From, class To>
LOSSLANG_INLINE void lanes(const From* from, To* to, int count) {
    if (count == W) for (int w = 0; w < W; ++w) to[w] = To(from[w]);
    else for (int w = 0; w < W; ++w) to[w] = To(from[w < count ? w : 0]);
}

// Labels in W lanes, and which of them count where no array says so: those that are not `ignored`.
// Whether one that counts is no class.
template <int W, class To>
LOSSLANG_INLINE int labels(
    const std::int64_t* from, To* to, To* kept, int count, std::int64_t ignored, long size
) {
    std::int64_t left[W];
    if (count < W) {
        lanes<W>(from, left, count);
        from = left;
    }
    int bad = 0;
    #pragma omp simd reduction(|: bad)
    for (int w = 0; w < W; ++w) {
        const std::int64_t label = from[w];
        const bool counts = label != ignored;
        kept[w] = counts;
        to[w] = To(counts ? label : 0);
        bad |= counts & ((label < 0) | (label >= size));
    }
    return bad;
}

// The first `count` of W lanes to where they lie one after the other.
template <int W, class From, class To>
LOSSLANG_INLINE void places(const From* from, To* to, int count) {
    if (count == W) for (int w = 0; w < W; ++w) to[w] = To(from[w]);
    else for (int w = 0; w < count; ++w) to[w] = To(from[w]);
}

}  // namespace losslang

