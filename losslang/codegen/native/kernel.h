// What every kernel begins with: how it is called, and how its rows are shared among threads.

#include <atomic>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace losslang {

// What to multiply by in place of a division; finite.
template <class T> LOSSLANG_INLINE T inverse(double x) {
    return T(clamp(1 / x, double(std::numeric_limits<T>::lowest()), double(std::numeric_limits<T>::max())));
}

// log(exp(a) + exp(b)).
template <class T> LOSSLANG_INLINE T log_of_sum(T a, T b) {
    T most = a > b ? a : b, least = a > b ? b : a;
    return most + log1p(exp(least - most));
}

// x**n for a whole n.
template <int n, class T> LOSSLANG_INLINE T power(T x) {
    if constexpr (n < 0) return T(1) / power<-n>(x);
    else if constexpr (n == 0) return T(1);
    else if constexpr (n % 2) return x * power<n - 1>(x);
    else { T half = power<n / 2>(x); return half * half; }
}

// The arguments of a call. `saved` is null where no gradient will be asked for, an entry of
// `gradients` where that one is not wanted. Arrays are contiguous, the rows first. A row whose label
// is `ignored` has value and gradient 0. The slope of row i is slope[i * slope_step] * slope_scale.
// If `total` is not null, it receives the sum of the values, or with `is_mean` their mean over the
// rows that count, of which there are `kept`; then `value` may be null. `guard` receives which rows
// have a value, if some may not. `team` is the `GOMP_parallel` of the OpenMP whose threads are to be
// used, or null.
constexpr int WORD = 8;

using Team = void (*)(void (*work)(void*), void* data, unsigned threads, unsigned flags);

struct Order {
    void* value;
    void* saved;
    void* total;
    void* guard;
    long rows;
    long ignored;
    long slope_step;
    double slope_scale;
    long is_mean;
    long threads;
    Team team;
};

struct Call : Order {
    const void* const* arrays;
    void* const* gradients;
    const double* hypers;
    const long* sizes;
    long kept;

    // As it is passed: the entries of the four lists, then the order.
    Call(const char* packed, int n_arrays, int n_gradients, int n_hypers, int n_sizes)
        : arrays(reinterpret_cast<const void* const*>(packed)),
          gradients(reinterpret_cast<void* const*>(packed + WORD * n_arrays)),
          hypers(reinterpret_cast<const double*>(gradients + n_gradients)),
          sizes(reinterpret_cast<const long*>(hypers + n_hypers)) {
        std::memcpy(static_cast<Order*>(this), sizes + n_sizes, sizeof(Order));
        kept = rows;
    }
};

static_assert(sizeof(void*) == WORD && sizeof(double) == WORD && sizeof(long) == WORD);

// A sum in T is taken over so many places before it is added to one in double.
constexpr int STRETCH = 1024;

// Calls part(begin, end) for shares of 0 ... count, as many as there are threads; what any returns,
// or'ed. The threads are those of the team, which may be fewer, or else are started here.
template <class F> int in_parts(const Order& order, long count, F part) {
    const long shares = order.threads < count ? order.threads : count;
    if (shares <= 1) return part(0, count);
    std::atomic<int> bad{0};
    std::atomic<long> next{0};
    auto work = [&] {
        for (long n = next++; n < shares; n = next++)
            bad |= part(count * n / shares, count * (n + 1) / shares);
    };
    if (order.team) {
        order.team([](void* data) { (*static_cast<decltype(work)*>(data))(); }, &work, shares, 0);
        return bad;
    }
    std::vector<std::thread> started;
    try {
        for (long n = 1; n < shares; ++n) started.emplace_back(work);
    } catch (const std::system_error&) {  // the system has no more threads; those that there are do it
    }
    work();
    for (std::thread& thread : started) thread.join();
    return bad;
}

// Calls rows(call, begin, end) for all rows; what any of them returns, or'ed. Blocks are whole in each
// thread, so that the number of threads changes no rounding.
template <class F> int in_threads(const Call& call, long block, F rows) {
    return in_parts(call, (call.rows + block - 1) / block, [&](long begin, long end) {
        return rows(call, begin * block, end * block < call.rows ? end * block : call.rows);
    });
}

// How many rows count.
inline void count_kept(Call& call, const void* labels) {
    const std::int64_t* const label = static_cast<const std::int64_t*>(labels);
    for (long i = 0; label && i < call.rows; ++i) call.kept -= label[i] == call.ignored;
}

// Where the values stand if the caller has no use for them.
template <class T> std::unique_ptr<T[]> room_for_values(Call& call) {
    std::unique_ptr<T[]> room(call.value ? nullptr : new T[call.rows]);
    if (room) call.value = room.get();
    return room;
}

// The sum or mean of all values, rounded once.
template <class T> void reduce(Call& call) {
    const T* const value = static_cast<const T*>(call.value);
    double total = 0;
    #pragma omp simd reduction(+: total)
    for (long i = 0; i < call.rows; ++i) total += value[i];
    *static_cast<T*>(call.total) = T(call.is_mean && call.kept ? total / double(call.kept) : total);
}

// Puts rows into lanes: place k of row w of the block goes to block[k * W + w]. Lanes without a row
// repeat the last. In a full block the loop over lanes is the inner one, for its length is known.
template <int W, class T, class S> void turn(T* block, const S* rows, int size, int count) {
    if (count == W) {
        for (int k = 0; k < size; ++k)
            for (int w = 0; w < W; ++w) block[k * W + w] = T(rows[w * size + k]);
        return;
    }
    for (int w = 0; w < W; ++w) {
        const S* const row = rows + (w < count ? w : count - 1) * size;
        for (int k = 0; k < size; ++k) block[k * W + w] = T(row[k]);
    }
}

// Puts lanes back into rows.
template <int W, class T, class S> void turn_back(S* rows, const T* block, int size, int count) {
    if (count == W) {
        for (int k = 0; k < size; ++k)
            for (int w = 0; w < W; ++w) rows[w * size + k] = block[k * W + w];
        return;
    }
    for (int w = 0; w < count; ++w)
        for (int k = 0; k < size; ++k) rows[w * size + k] = block[k * W + w];
}

// Asks for memory that is read soon.
template <class T> LOSSLANG_INLINE void fetch(const T* start, int count) {
    constexpr int line = 64 / sizeof(T);
    for (int k = 0; k < count; k += line) __builtin_prefetch(start + k);
}

// Asks for large pages for an array that is about to be written for the first time.
inline void advise([[maybe_unused]] void* start, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
    constexpr std::uintptr_t page = 2 << 20;
    const std::uintptr_t from = reinterpret_cast<std::uintptr_t>(start);
    const std::uintptr_t begin = (from + page - 1) & ~(page - 1), end = (from + bytes) & ~(page - 1);
    if (start && begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

}  // namespace losslang

using namespace losslang;

