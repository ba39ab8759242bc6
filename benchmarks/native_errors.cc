// The search for the worst errors of `mathematics.h`, which this text follows: see native_errors.py.

#include <algorithm>
#include <chrono>
#include <quadmath.h>
#include <vector>

template <class T> struct Wider { using Type = long double; };
template <> struct Wider<float> { using Type = double; };

template <class W> W true_digamma(W narrow) {
    if (!(narrow >= 0)) return W(NAN);
    if (narrow == 0) return -W(INFINITY);
    __float128 x = narrow, sum = 0;
    for (; x < 40; x += 1) sum -= 1 / x;
    __float128 z = 1 / (x * x), series = 0;
    const int numbers[][2] = {  // Bernoulli's over 2 n
        {1, 12}, {-1, 120}, {1, 252}, {-1, 240}, {1, 132}, {-691, 32760}, {1, 12}, {-3617, 8160},
        {43867, 14364}, {-174611, 6600}, {77683, 276}, {-236364091, 65520}};
    for (int n = 11; n >= 0; n--)
        series = z * (__float128(numbers[n][0]) / numbers[n][1] + series);
    return W(sum + logq(x) - 1 / (2 * x) - series);
}

// Units in the last place between the result and the truth.
template <class T, class W> double error(T result, W truth) {
    using L = std::numeric_limits<T>;
    if (truth != truth || result != result)
        return truth != truth && result != result ? 0 : INFINITY;
    if (std::isinf(T(truth)) && T(truth) == result) return 0;
    if (std::isinf(truth)) return INFINITY;
    int exponent = truth == 0 ? L::min_exponent : std::ilogb(truth) + 1;
    exponent = std::min(std::max(exponent, int(L::min_exponent)), int(L::max_exponent));
    W beyond = std::copysign(std::ldexp(W(1), L::max_exponent), W(result));
    W value = std::isinf(result) ? beyond : result;
    return double(std::ldexp(std::fabs(value - truth), L::digits - exponent));
}

std::uint64_t mixed(std::uint64_t i) {
    i = (i + 1) * 0x9e3779b97f4a7c15;
    i = (i ^ (i >> 30)) * 0xbf58476d1ce4e5b9;
    i = (i ^ (i >> 27)) * 0x94d049bb133111eb;
    return i ^ (i >> 31);
}

// Between 0 and 1.
template <class T> T uniform(std::uint64_t i) {
    return T(mixed(i) >> 11) / T(std::uint64_t(1) << 53);
}

// Any number, or one between 2**-14 and 2**10.
template <class T> T sample(std::uint64_t i) {
    using Word = decltype(losslang::bits(T()));
    std::uint64_t random = mixed(i);
    if (i % 2 == 0) return losslang::from_bits(Word(random));
    T size = std::ldexp(1 + uniform<T>(random), int(random & 31) % 24 - 14);
    return random & 64 ? -size : size;
}

constexpr int BLOCK = 2048;

struct Worst {
    double error, x, y;
};

// Two arguments have to belong together.
enum Kind { unary, pow_, xlogy_, hypot_, exp_of_ };

template <class T> void arguments(Kind kind, std::uint64_t i, T& x, T& y) {
    y = 0;
    if (kind == unary) {
        x = sizeof(T) == 4 ? T(losslang::from_bits(std::uint32_t(i))) : sample<T>(i);
        return;
    }
    x = sample<T>(2 * mixed(i) + i % 2);
    T u = uniform<T>(i ^ 0x5555) - T(0.5);
    if (kind == exp_of_) y = x * u * std::numeric_limits<T>::epsilon();
    if (kind == hypot_) y = x * T(4) * u;
    if (kind == xlogy_) y = std::fabs(sample<T>(mixed(i ^ 0x3333)));
    if (kind != pow_) return;
    x = i % 4 == 3 ? 1 + std::ldexp(u, -int(i >> 2) % 20) : std::fabs(x);
    // Of every size that the power can have, or a small number of quarters.
    T span = sizeof(T) == 4 ? 200 : 1480;
    y = i % 8 < 6 ? (uniform<T>(i ^ 0x7777) - T(0.5)) * span / std::log(x)
                  : T(int(mixed(i) % 33) - 16) / 4;
}

template <class T, class F, class O>
void scan(Kind kind, F function, O truth, const std::uint64_t* range, Worst* worst) {
    using W = typename Wider<T>::Type;
    std::vector<T> x(BLOCK), y(BLOCK), z(BLOCK);
    std::uint64_t end = range[1], step = range[2];
    for (std::uint64_t start = range[0]; start < end; start += BLOCK * step) {
        int count = int(std::min<std::uint64_t>(BLOCK, (end - start + step - 1) / step));
        for (int i = 0; i < count; i++) arguments(kind, start + i * step, x[i], y[i]);
        function(x.data(), y.data(), z.data(), count);
        for (int i = 0; i < count; i++) {
            double found = error(z[i], W(truth(W(x[i]), W(y[i]))));
            if (found > worst->error) *worst = {found, x[i], y[i]};
        }
    }
}

// Nanoseconds per number, of numbers between 1/4 and 3/4 times `factor`.
template <class T, class F> double speed(F function, T factor) {
    std::vector<T> x(BLOCK), y(BLOCK), z(BLOCK);
    for (int i = 0; i < BLOCK; i++) x[i] = factor * (T(0.25) + T(i) / (2 * BLOCK)), y[i] = T(0.3);
    double best = INFINITY;
    for (int trial = 0; trial < 20; trial++) {
        auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < 20; i++) function(x.data(), y.data(), z.data(), BLOCK);
        std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
        best = std::min(best, taken.count() / (20.0 * BLOCK));
    }
    return best;
}

#define ENTRIES(name, kind, T, factor)                                                            \
    extern "C" void scan_##name##_##T(const std::uint64_t* range, Worst* worst) {                 \
        scan<T>(kind, ours_##name<T>, [](auto x, auto y) { return true_##name(x, y); }, range,    \
                worst);                                                                           \
    }                                                                                             \
    extern "C" void speed_##name##_##T(double* out) {                                             \
        out[0] = speed<T>(ours_##name<T>, factor);                                                \
        out[1] = speed<T>(theirs_##name<T>, factor);                                              \
    }

#define FUNCTION(name, kind, call, factor, truth)                                                 \
    template <class W> W true_##name(W x, W y) {                                                  \
        (void)y;                                                                                  \
        return W(truth);                                                                          \
    }                                                                                             \
    template <class T> __attribute__((noinline))                                                  \
    void ours_##name(const T* all_x, const T* all_y, T* z, long n) {                              \
        _Pragma("omp simd") for (long i = 0; i < n; i++) {                                        \
            T x = all_x[i], y = all_y[i];                                                         \
            (void)y;                                                                              \
            z[i] = losslang::call;                                                                \
        }                                                                                         \
    }                                                                                             \
    template <class T> __attribute__((noinline))                                                  \
    void theirs_##name(const T* x, const T* y, T* z, long n) {                                    \
        for (long i = 0; i < n; i++) z[i] = true_##name(x[i], y[i]);                              \
    }                                                                                             \
    ENTRIES(name, kind, float, factor)                                                            \
    ENTRIES(name, kind, double, factor)
