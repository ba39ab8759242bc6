// Elementary functions that a compiler turns into vector code.
//
// Every function is inline and has no branch, only selections between values that are all computed,
// so that a loop over it under `#pragma omp simd` becomes a loop over registers. Nothing here may
// be compiled with -ffast-math: the corrections of rounding errors would be optimised away.
// Contraction of products and sums to fused operations is welcome.
//
// What is the same in every round of a loop belongs in front of it: GCC 12 does not vectorise a
// selection by a condition that does not change. The exponent of `pow` may be such a number; where
// the base is, `log_of_base` of it belongs there.
//
// Common to all: a NaN gives a NaN, an infinity gives the limit, what lies outside of the domain
// gives a NaN. The errors that stand beside a function, of float and of double, bound the largest
// found by benchmarks/native_errors.py, which tries all floats: in units in the last place of the
// true result, or of the smallest subnormal number where that is larger. They are those of machines
// with fused products; without, half a unit has to be added. The polynomials are those of
// benchmarks/native_coefficients.py.
#ifndef LOSSLANG_MATHEMATICS_H
#define LOSSLANG_MATHEMATICS_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#define LOSSLANG_INLINE inline __attribute__((always_inline))

namespace losslang {

// ---- Floats and their bits ----------------------------------------------------------------------

template <class T> struct Format;

template <> struct Format<float> {
    using Word = std::uint32_t;
    static constexpr Word fraction_bits = 23, fraction = 0x007fffff;
    static constexpr Word one = 0x3f800000, root_half = 0x3f3504f3, two_to_fraction = 0x4b000000;
    static constexpr float bias = 127, magic = 12582912, two_to_fraction_value = 8388608;
    static constexpr float smallest_normal = 1.17549435e-38f, boost = 16777216, boost_exponent = 24;
    static constexpr float log2_e = 1.44269504f, splitter = 4097;
    static constexpr float ln2_high = 0.693145752f, ln2_low = 1.42860677e-06f;  // 16 bits, the rest
    static constexpr float two_thirds = 0.666666687f, two_thirds_low = -1.98682155e-08f;
    static constexpr float lowest_exponent = -110, highest_exponent = 90;  // exp is 0, is infinite
    static constexpr float certain = 20;  // exp(-certain) does not change 1
};

template <> struct Format<double> {
    using Word = std::uint64_t;
    static constexpr Word fraction_bits = 52, fraction = 0x000fffffffffffff;
    static constexpr Word one = 0x3ff0000000000000, root_half = 0x3fe6a09e667f3bcd,
                          two_to_fraction = 0x4330000000000000;
    static constexpr double bias = 1023, magic = 6755399441055744,
                            two_to_fraction_value = 4503599627370496;
    static constexpr double smallest_normal = 2.2250738585072014e-308, boost = 18014398509481984,
                            boost_exponent = 54;
    static constexpr double log2_e = 1.4426950408889634, splitter = 134217729;
    static constexpr double ln2_high = 0.6931471805598903, ln2_low = 5.4979230187083712e-14;
    static constexpr double two_thirds = 0.66666666666666663,
                            two_thirds_low = 3.7007434154171883e-17;
    static constexpr double lowest_exponent = -760, highest_exponent = 711;
    static constexpr double certain = 42;
};

// A sum of two numbers of which `lo` is the rest that `hi` has no digits for.
template <class T> struct Pair {
    T hi, lo;
};

template <class T> constexpr T infinity = std::numeric_limits<T>::infinity();
template <class T> constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

LOSSLANG_INLINE std::uint32_t bits(float x) {
    std::uint32_t word;
    std::memcpy(&word, &x, sizeof x);
    return word;
}

LOSSLANG_INLINE std::uint64_t bits(double x) {
    std::uint64_t word;
    std::memcpy(&word, &x, sizeof x);
    return word;
}

LOSSLANG_INLINE float from_bits(std::uint32_t word) {
    float x;
    std::memcpy(&x, &word, sizeof x);
    return x;
}

LOSSLANG_INLINE double from_bits(std::uint64_t word) {
    double x;
    std::memcpy(&x, &word, sizeof x);
    return x;
}

// Error 0.5, 0.5.
LOSSLANG_INLINE float sqrt(float x) { return __builtin_sqrtf(x); }
LOSSLANG_INLINE double sqrt(double x) { return __builtin_sqrt(x); }
LOSSLANG_INLINE float absolute(float x) { return __builtin_fabsf(x); }
LOSSLANG_INLINE double absolute(double x) { return __builtin_fabs(x); }
LOSSLANG_INLINE float with_sign(float x, float sign) { return __builtin_copysignf(x, sign); }
LOSSLANG_INLINE double with_sign(double x, double sign) { return __builtin_copysign(x, sign); }

// A NaN stays a NaN.
template <class T> LOSSLANG_INLINE T clamp(T x, T low, T high) {
    x = x < low ? low : x;
    return x > high ? high : x;
}

// The nearest whole number, for |x| below a quarter of 2**fraction_bits.
template <class T> LOSSLANG_INLINE T nearest(T x) {
    return (x + Format<T>::magic) - Format<T>::magic;
}

// 2**k for a whole k that is the exponent of a normal number.
template <class T> LOSSLANG_INLINE T power_of_two(T k) {
    using F = Format<T>;
    return from_bits(typename F::Word(bits(k + (F::magic + F::bias)) << F::fraction_bits));
}

// The greatest power of two that is not above x >= 0, or the smallest normal number; 1 for 0.
template <class T> LOSSLANG_INLINE T binade(T x) {
    using F = Format<T>;
    T power = from_bits(typename F::Word(bits(x) & ~F::fraction));
    return x >= F::smallest_normal ? power : x == T(0) ? T(1) : F::smallest_normal;
}

// m * 2**k for a k up to twice the range of exponents, rounded once.
template <class T> LOSSLANG_INLINE T scaled(T m, T k) {
    T half = nearest(k * T(0.5));
    return m * power_of_two(half) * power_of_two(k - half);
}

// first + x * (second + x * (...)).
template <class T> LOSSLANG_INLINE T polynomial(T, T only) { return only; }
template <class T, class... Rest>
LOSSLANG_INLINE T polynomial(T x, T first, T second, Rest... rest) {
    return first + x * polynomial(x, second, rest...);
}

// ---- Sums and products with their rounding errors -----------------------------------------------

#if defined(__FMA__) || defined(__FP_FAST_FMA)
LOSSLANG_INLINE float product_error(float a, float b, float product) {
    return __builtin_fmaf(a, b, -product);
}
LOSSLANG_INLINE double product_error(double a, double b, double product) {
    return __builtin_fma(a, b, -product);
}
#else
// Dekker's product of halves; a and b must be far from overflow.
template <class T> LOSSLANG_INLINE T upper_half(T x) {
    T c = x * Format<T>::splitter;
    return c - (c - x);
}
template <class T> LOSSLANG_INLINE T product_error(T a, T b, T product) {
    T a_hi = upper_half(a), b_hi = upper_half(b), a_lo = a - a_hi, b_lo = b - b_hi;
    return ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo;
}
#endif

template <class T> LOSSLANG_INLINE Pair<T> two_product(T a, T b) {
    T product = a * b;
    return {product, product_error(a, b, product)};
}

// An argument that is a product may be fused into the sums below, since it then is fused into all
// of them: the error is that of the exact product.

// a - b and its rounding error (Knuth), which is 0 where the difference is infinite or a NaN.
template <class T> LOSSLANG_INLINE Pair<T> two_diff(T a, T b) {
    T difference = a - b, part = difference - a;
    T error = (a - (difference - part)) - (b + part);
    return {difference, difference - difference == T(0) ? error : T(0)};
}

// a + b and its rounding error (Dekker), for |a| >= |b| or a = 0.
template <class T> LOSSLANG_INLINE Pair<T> fast_sum(T a, T b) {
    T sum = a + b;
    return {sum, (a - sum) + b};
}

// (numerator + low) / (denominator + rest), with its rounding error.
template <class T> LOSSLANG_INLINE Pair<T> quotient(Pair<T> numerator, Pair<T> denominator) {
    T inverse = T(1) / denominator.hi;
    T first = numerator.hi * inverse;
    Pair<T> back = two_product(first, denominator.hi);
    T rest = (numerator.hi - back.hi) - back.lo;
    return {first, (rest + (numerator.lo - first * denominator.lo)) * inverse};
}

// ---- The exponential ----------------------------------------------------------------------------

// exp(r) = 1 + r + r**2 * exponential_tail(r) for |r| <= log(2) / 2.
LOSSLANG_INLINE float exponential_tail(float r) {
    return polynomial(r, 0.5f, 0.166666672f, 0.041666463f, 0.00833331048f, 0.00139337312f,
        0.000198910799f);
}
LOSSLANG_INLINE double exponential_tail(double r) {
    return polynomial(r, 0.5, 0.16666666666666671, 0.041666666666666671, 0.0083333333333260838,
        0.0013888888888883904, 0.00019841269875002279, 2.4801587325310201e-05,
        2.7557255170000888e-06, 2.7557273783871482e-07, 2.5105312729622103e-08,
        2.0914663126995878e-09);
}

// The same to a unit in the last place of exp(r), with fewer steps.
LOSSLANG_INLINE float short_exponential_tail(float r) {
    return polynomial(r, 0.5f, 0.166665763f, 0.0416665524f, 0.00836323295f, 0.00139262504f);
}
LOSSLANG_INLINE double short_exponential_tail(double r) { return exponential_tail(r); }

// exp(x) = 2**k * (1 + r + rest), with |r| <= log(2) / 2.
template <class T> struct Exponential {
    T k, r, rest;

    // 1 + r + rest
    LOSSLANG_INLINE Pair<T> mantissa() const {
        Pair<T> sum = fast_sum(T(1), r);
        return fast_sum(sum.hi, sum.lo + rest);
    }

    // 1 + r + rest + power for a power of two or the negative of one; exact to more digits than T
    // has, also where it is small.
    LOSSLANG_INLINE Pair<T> plus(T power) const {
        bool large = absolute(power) > T(1);
        Pair<T> one = fast_sum(large ? power : T(1), large ? T(1) : power);
        Pair<T> sum = fast_sum(one.hi, r);
        return fast_sum(sum.hi, sum.lo + (one.lo + rest));
    }
};

// Of x + low, within the exponents of Format; Cody and Waite's reduction, its first step exact.
template <class T> LOSSLANG_INLINE Exponential<T> exponential(T x, T low = 0) {
    using F = Format<T>;
    T k = nearest(x * F::log2_e);
    Pair<T> r = fast_sum(x - k * F::ln2_high, low - k * F::ln2_low);
    return {k, r.hi, r.lo + r.hi * (r.lo + r.hi * exponential_tail(r.hi))};
}

template <class T> LOSSLANG_INLINE T clamped_exponent(T x) {
    return clamp(x, Format<T>::lowest_exponent, Format<T>::highest_exponent);
}

// exp(hi + lo), for lo as small against hi as a rounding error.  Error 0.8, 0.9.
template <class T> LOSSLANG_INLINE T exp_of(T hi, T lo) {
    T clamped = clamped_exponent(hi);
    Exponential<T> e = exponential(clamped, clamped == hi ? lo : T(0));
    Pair<T> sum = fast_sum(T(1), e.r);
    return scaled(sum.hi + (sum.lo + e.rest), e.k);
}

// Error 0.8, 0.8.
template <class T> LOSSLANG_INLINE T exp(T x) { return exp_of(x, T(0)); }

// exp(x - top) for many x <= top of W rows, of the difference as it is before rounding.
//
// x - origin is exact: top is the origin if it is large, for then whatever counts beside it is within
// its factor of 2, and otherwise 0 is. What the origin is off top by is `shift` powers of two, which
// the exponent makes up for, and a factor near 1. So no rounding of x - top is multiplied.
template <class T, int W> struct ExpBelow {
    T origin[W], lowest[W], magic[W], scale[W];

    LOSSLANG_INLINE void set(int w, T top) {
        using F = Format<T>;
        constexpr T boost = 2 * F::boost_exponent;  // keeps what becomes subnormal normal till then
        origin[w] = absolute(top) < T(3) * -F::lowest_exponent ? T(0) : top;
        const T left = top - origin[w], shift = nearest(left * F::log2_e);
        const T rest = (shift * F::ln2_high - left) + shift * F::ln2_low;
        lowest[w] = left + F::lowest_exponent;
        magic[w] = (F::magic + (F::bias + boost)) - shift;
        scale[w] = power_of_two(-boost) * (T(1) + (rest + rest * rest * exponential_tail(rest)));
    }

    LOSSLANG_INLINE T operator()(int w, T x) const {
        using F = Format<T>;
        T d = x - origin[w];
        d = d < lowest[w] ? lowest[w] : d;
        T t = d * F::log2_e + magic[w];
        T k = t - magic[w];
        T r = (d - k * F::ln2_high) - k * F::ln2_low;
        T y = T(1) + (r + r * r * short_exponential_tail(r));
        return y * from_bits(typename F::Word(bits(t) << F::fraction_bits)) * scale[w];
    }
};

// exp(x - top) for x <= top.  Error 2.6, 2.6.
template <class T> LOSSLANG_INLINE T exp_of_difference(T x, T top) {
    ExpBelow<T, 1> below;
    below.set(0, top);
    return below(0, x);
}

// exp(x) - 1.  Error 1.0, 1.0.
template <class T> LOSSLANG_INLINE T expm1(T x) {
    using F = Format<T>;
    Exponential<T> e = exponential(clamp(x, -F::certain, F::highest_exponent));
    Pair<T> y = e.plus(-power_of_two(-(e.k < F::bias ? e.k : F::bias - 1)));
    return x == T(0) ? x : scaled(y.hi + y.lo, e.k);
}

// 1 - exp(x) for -certain <= x <= 0.
template <class T> LOSSLANG_INLINE Pair<T> one_minus(const Exponential<T>& e) {
    Pair<T> y = e.plus(-power_of_two(-e.k));
    T power = -power_of_two(e.k);
    return {y.hi * power, y.lo * power};
}

// 1 / (1 + exp(-x)).  Error 0.8, 0.8.
template <class T> LOSSLANG_INLINE T sigmoid(T x) {
    using F = Format<T>;
    Exponential<T> e = exponential(clamp(-x, -F::certain, -F::lowest_exponent));
    Pair<T> sum = e.plus(power_of_two(-(e.k < F::bias ? e.k : F::bias - 1)));
    T y = T(1) / sum.hi;
    Pair<T> back = two_product(y, sum.hi);
    return scaled(y + y * (((T(1) - back.hi) - back.lo) - y * sum.lo), -e.k);
}

// Error 0.8, 0.8.
template <class T> LOSSLANG_INLINE T tanh(T x) {
    T a = clamp(absolute(x), T(0), T(0.5) * Format<T>::certain);
    Pair<T> t = one_minus(exponential(T(-2) * a));  // tanh(a) = t / (2 - t)
    Pair<T> below = fast_sum(T(2), -t.hi);
    Pair<T> y = quotient<T>(t, {below.hi, below.lo - t.lo});
    return with_sign(y.hi + y.lo, x);
}

// Error 0.9, 0.8.
template <class T> LOSSLANG_INLINE T sinh(T x) {
    using F = Format<T>;
    Exponential<T> e = exponential(clamp(absolute(x), T(0), F::highest_exponent));
    T tiny = power_of_two(-(e.k < F::bias ? e.k : F::bias - 1));
    Pair<T> t = e.plus(-tiny);  // with t = exp(a) - 1, sinh(a) = (t + t / (1 + t)) / 2
    Pair<T> other = quotient<T>(t, e.mantissa());
    Pair<T> both = fast_sum(t.hi, tiny * other.hi);
    return with_sign(scaled(both.hi + (both.lo + (t.lo + tiny * other.lo)), e.k - T(1)), x);
}

// Error 0.9, 0.9.
template <class T> LOSSLANG_INLINE T cosh(T x) {
    using F = Format<T>;
    Exponential<T> e = exponential(clamp(absolute(x), T(0), F::highest_exponent));
    Pair<T> m = e.mantissa();
    T k = e.k < F::certain ? e.k : F::certain;
    Pair<T> both = fast_sum(m.hi, power_of_two(T(-2) * k) / m.hi);
    return scaled(both.hi + (both.lo + m.lo), e.k - T(1));
}

// ---- The logarithm ------------------------------------------------------------------------------

// log((1 + s) / (1 - s)) = 2 s + s**3 * (2/3 + z * logarithm_tail(z)), where z = s**2 <= 0.0295.
LOSSLANG_INLINE float logarithm_tail(float z) {
    return polynomial(z, 0.400000155f, 0.28562218f, 0.230490029f);
}
LOSSLANG_INLINE double logarithm_tail(double z) {
    return polynomial(z, 0.40000000000000002, 0.28571428571429369, 0.22222222221652765,
        0.18181818336099848, 0.1538459488700718, 0.13334808798812339, 0.11706126464563398,
        0.11724327060846747);
}

// A positive normal x as 2**e * m with sqrt(1/2) <= m < sqrt(2).
template <class T> struct Parts {
    T m, e;
};

template <class T> LOSSLANG_INLINE Parts<T> parts(T x) {
    using F = Format<T>;
    using Word = typename F::Word;
    Word word = bits(x) + (F::one - F::root_half);
    T e = from_bits(Word((word >> F::fraction_bits) | F::two_to_fraction));
    return {from_bits(Word((word & F::fraction) + F::root_half)),
            e - (F::two_to_fraction_value + F::bias)};
}

// The same for every positive finite x.
template <class T> LOSSLANG_INLINE Parts<T> parts_of_any(T x) {
    using F = Format<T>;
    bool tiny = x < F::smallest_normal;
    Parts<T> p = parts(tiny ? x * F::boost : x);
    return {p.m, tiny ? p.e - F::boost_exponent : p.e};
}

// log(1 + f + low) + e * log(2) for 1 + f between sqrt(1/2) and sqrt(2), low being an error of f.
template <class T> LOSSLANG_INLINE Pair<T> log_near_one(T f, T low, T e) {
    using F = Format<T>;
    T s = f / (T(2) + f), z = s * s, half = T(0.5) * f * f;
    T series = z * (F::two_thirds + z * logarithm_tail(z));
    Pair<T> sum = fast_sum(e * F::ln2_high, f);  // an exact product
    T rest = (s * (half + series) - half) + (e * F::ln2_low + (low - low * f));
    return {sum.hi, sum.lo + rest};
}

// log(x + low) + e * log(2) for a normal x that is large against low.
template <class T> LOSSLANG_INLINE Pair<T> log_of_pair(T x, T low, T e) {
    using F = Format<T>;
    Parts<T> p = parts(x);
    Pair<T> f = fast_sum(p.m - T(1), low * power_of_two(p.e < F::bias ? -p.e : T(1) - F::bias));
    return log_near_one(f.hi, f.lo, p.e + e);
}

// y, but the limits of a logarithm where its argument x is 0 or infinite or out of its domain.
template <class T> LOSSLANG_INLINE T in_domain_of_log(T x, T y) {
    T outside = x == T(0) ? -infinity<T> : not_a_number<T>;
    return x > T(0) ? (x < infinity<T> ? y : x) : outside;
}

// Error 0.8, 0.8.
template <class T> LOSSLANG_INLINE T log(T x) {
    Parts<T> p = parts_of_any(x);
    Pair<T> y = log_near_one(p.m - T(1), T(0), p.e);
    return in_domain_of_log(x, y.hi + y.lo);
}

// log(1 + x).  Error 0.8, 0.8.
template <class T> LOSSLANG_INLINE T log1p(T x) {
    T sum = T(1) + x, part = sum - T(1);
    T error = (T(1) - (sum - part)) + (x - part);
    Pair<T> y = log_of_pair(sum, error, T(0));
    return x == T(0) ? x : in_domain_of_log(sum, y.hi + y.lo);
}

// log(1 + exp(x)).  Error 1.1, 1.0.
template <class T> LOSSLANG_INLINE T softplus(T x) {
    Exponential<T> e = exponential(clamped_exponent(-absolute(x)));
    Pair<T> m = e.mantissa();
    T half = nearest(e.k * T(0.5)), one = power_of_two(half), other = power_of_two(e.k - half);
    Pair<T> sum = fast_sum(T(1), m.hi * one * other);
    bool large = sum.hi > T(1.4142);  // and below 2
    T factor = large ? T(0.5) : T(1);
    Pair<T> f = fast_sum(factor * sum.hi - T(1), factor * (sum.lo + m.lo * one * other));
    Pair<T> y = log_near_one(f.hi, f.lo, large ? T(1) : T(0));
    Pair<T> total = two_diff(x > T(0) ? x : T(0), -y.hi);
    return total.hi + (total.lo + y.lo);
}

// log(1 - exp(x)) for x <= 0.  Error 0.9, 0.9.
template <class T> LOSSLANG_INLINE T log1mexp(T x) {
    using F = Format<T>;
    Exponential<T> e = exponential(clamped_exponent(x));
    Pair<T> m = e.mantissa(), far = fast_sum(T(1), -scaled(m.hi, e.k));
    bool near = e.k == T(0);
    Pair<T> u = fast_sum(near ? -e.r : far.hi, near ? -e.rest : far.lo - scaled(m.lo, e.k));
    bool tiny = u.hi < F::smallest_normal;
    T boost = tiny ? F::boost : T(1);
    Pair<T> y = log_of_pair(u.hi * boost, u.lo * boost, tiny ? -F::boost_exponent : T(0));
    T outside = x == T(0) ? -infinity<T> : not_a_number<T>;
    return x < T(0) ? y.hi + y.lo : outside;
}

// sqrt(x**2 + y**2), also where squares overflow or vanish.  Error 2, 2.
template <class T> LOSSLANG_INLINE T hypot(T x, T y) {
    T a = absolute(x), b = absolute(y), large = a > b ? a : b, small = a > b ? b : a;
    T share = small == large ? T(1) : small / large;
    return large * sqrt(T(1) + share * share);
}

// log(1 + x**2), also where the square overflows.  Error 2, 2.
template <class T> LOSSLANG_INLINE T log1p_square(T x) {
    T a = absolute(x);
    bool far = a > T(1);
    T small = far ? T(1) / a : a;
    return log1p(small * small) + (far ? T(2) * log(far ? a : T(1)) : T(0));
}

// log(cosh(x)).  Error 1.3, 1.2.
template <class T> LOSSLANG_INLINE T log_cosh(T x) {
    using F = Format<T>;
    T a = absolute(x);
    Exponential<T> e = exponential(-clamp(a, T(0), F::certain));
    Pair<T> m = e.mantissa(), t = one_minus(e);
    T power = power_of_two(e.k), decay = power * m.hi, low = power * m.lo;
    // Below acosh(sqrt(2)): log1p(t**2 / (2 exp(-a))); above: a - log(2) + log1p(exp(-2 a)).
    Pair<T> square = two_product(t.hi, T(0.5) * t.hi);
    Pair<T> small = quotient<T>({square.hi, square.lo + t.hi * t.lo}, {decay, low});
    Pair<T> large = two_product(decay, decay);
    bool near = a < T(0.8813);
    Pair<T> f = fast_sum(near ? small.hi : large.hi,
                         near ? small.lo : large.lo + T(2) * decay * low);
    Pair<T> y = log_near_one(f.hi, f.lo, near ? T(0) : T(-1));
    Pair<T> total = two_diff(near ? T(0) : a, -y.hi);
    return total.hi + (total.lo + y.lo);
}

// x * log(y), which is 0 at x = 0.  Error 1.7, 1.6.
template <class T> LOSSLANG_INLINE T xlogy(T x, T y) {
    T product = x * log(y);
    return x == T(0) && y == y ? T(0) : product;
}

// x exp(u), finite also where the exponential is not, and 0 where x is 0.
template <class T> LOSSLANG_INLINE T times_exp(T x, T u) {
    T half = exp(u / T(2));
    return (x == T(0)) & (u == u) ? T(0) : x * half * half;
}

// ---- Powers -------------------------------------------------------------------------------------

// log(x) of a positive finite x, with some 12 bits more than T has.
template <class T> LOSSLANG_INLINE Pair<T> precise_log(T x) {
    using F = Format<T>;
    Parts<T> p = parts_of_any(x);
    T f = p.m - T(1);
    Pair<T> s = quotient<T>({f, T(0)}, fast_sum(T(2), f));
    Pair<T> z = two_product(s.hi, s.hi);
    z.lo += T(2) * s.hi * s.lo;
    Pair<T> cubic = two_product(z.hi, F::two_thirds);
    cubic.lo += z.hi * F::two_thirds_low + z.lo * F::two_thirds;
    Pair<T> series = fast_sum(cubic.hi, z.hi * z.hi * logarithm_tail(z.hi));
    series.lo += cubic.lo;
    Pair<T> tail = two_product(s.hi, series.hi);
    tail.lo += s.hi * series.lo + s.lo * series.hi;
    Pair<T> sum = fast_sum(p.e * F::ln2_high, T(2) * s.hi);  // exact products
    Pair<T> all = fast_sum(sum.hi, tail.hi);
    T rest = (sum.lo + all.lo) + (tail.lo + T(2) * s.lo + p.e * F::ln2_low);
    return fast_sum(all.hi, rest);
}

// The part of pow that belongs to its base.
template <class T> LOSSLANG_INLINE Pair<T> log_of_base(T x) {
    Pair<T> l = precise_log(x);
    l.hi = in_domain_of_log(x, l.hi);
    return {l.hi, absolute(l.hi) < infinity<T> ? l.lo : T(0)};
}

template <class T> LOSSLANG_INLINE T pow(Pair<T> base, T y) {
    Pair<T> exponent = two_product(y, base.hi);
    T low = exponent.lo + y * base.lo;
    bool undecided = exponent.hi != exponent.hi && base.hi + y == base.hi + y;  // 0 * infinity
    return exp_of(undecided ? T(0) : exponent.hi, low - low == T(0) ? low : T(0));
}

// x**y for x >= 0; 1 at y = 0 and at x = 1.  Error 0.9, 1.4.
template <class T> LOSSLANG_INLINE T pow(T x, T y) { return pow(log_of_base(x), y); }

// x**n for a whole n and x of either sign.
template <class T> LOSSLANG_INLINE T integer_pow(T x, T n) {
    T size = pow(absolute(x), n), half = T(0.5) * n;
    return x < T(0) && half != __builtin_floor(half) ? -size : size;
}

// ---- Inverse hyperbolic functions ---------------------------------------------------------------

// Error 1.1, 1.1.
template <class T> LOSSLANG_INLINE T asinh(T x) {
    using F = Format<T>;
    T a = absolute(x);
    bool large = a > F::boost;  // log(2 a)
    T b = large ? T(1) : a, square = b * b;
    Pair<T> f = two_diff(b, -(square / (T(1) + sqrt(T(1) + square))));
    Pair<T> u = two_diff(T(1), -f.hi);
    Pair<T> y = log_of_pair(large ? a : u.hi, large ? T(0) : u.lo + f.lo, large ? T(1) : T(0));
    T result = a < infinity<T> ? y.hi + y.lo : a;
    return with_sign(result, x);
}

// Error 0.9, 0.8.
template <class T> LOSSLANG_INLINE T acosh(T x) {
    using F = Format<T>;
    bool large = x > F::boost;
    T t = large ? T(0) : x - T(1);
    Pair<T> shifted = two_diff(t, T(-2)), square = two_product(t, shifted.hi);
    T root = sqrt(square.hi);
    Pair<T> back = two_product(root, root);
    T rest = ((square.hi - back.hi) - back.lo) + (square.lo + t * shifted.lo);
    Pair<T> f = two_diff(t, -root);
    f.lo += t > T(0) ? T(0.5) * rest / root : T(0);
    Pair<T> u = two_diff(T(1), -f.hi);
    Pair<T> y = log_of_pair(large ? x : u.hi, large ? T(0) : u.lo + f.lo, large ? T(1) : T(0));
    T result = x < infinity<T> ? y.hi + y.lo : x;
    return x >= T(1) ? result : not_a_number<T>;
}

// Error 0.9, 0.9.
template <class T> LOSSLANG_INLINE T atanh(T x) {
    T a = absolute(x), b = a < T(1) ? a : T(0);
    Pair<T> f = quotient<T>({T(2) * b, T(0)}, fast_sum(T(1), -b));
    Pair<T> u = two_diff(T(1), -f.hi);
    Pair<T> y = log_of_pair(u.hi, u.lo + f.lo, T(0));
    T outside = a == T(1) ? infinity<T> : not_a_number<T>;
    return with_sign(a < T(1) ? T(0.5) * (y.hi + y.lo) : outside, x);
}

// ---- In double only; float goes through it ------------------------------------------------------

// Error 0.501, 1.2.
LOSSLANG_INLINE double erf(double x) {
    double a = clamp(absolute(x), 0.0, 6.0), z = a * a;
    bool small = a < 1;
    double z_small = small ? z : 0;
    double near = a + a * polynomial(z_small, 0.12837916709551259, -0.37612638903183748,
        0.11283791670954879, -0.026866170645076792, 0.0052239776248180145, -0.000854832698083379,
        0.0001205533111164271, -1.4925595266831182e-05, 1.6461000484121368e-06,
        -1.6350312701054695e-07, 1.4659775274047436e-08, -1.1372848856791674e-09,
        5.9571761477489113e-11);
    double b = small ? 1 : a;
    double far = 1 - exp(-z) * polynomial((b - 3) / (b + 3), 0.17900115118138996,
        -0.32623356004303716, 0.24560380171233195, -0.15011593650078744, 0.071665837197748744,
        -0.024392499318273194, 0.0042691363475082563, 0.00070774644439015378,
        -0.00059706235170932842, 4.5254726354833543e-05, 6.4061820735305465e-05,
        -1.2848894512523529e-05, -8.0080213194126848e-06, 2.0236031796417568e-06,
        1.2801900862962662e-06);
    return with_sign(small ? near : far, x);
}

// 2**(32 b) * 2 / pi modulo 2**54, for b from 0 to 31 in each row; the rows add up.
static constexpr double two_over_pi[4][32] = {
    {0, 2734261102, 16188583455233320, 1149169975121872, 11074083365379520, 14880519173084568,
     9734634581758016, 1003038044152746, 4894664431486304, 16824047101046330, 10254295661138656,
     3891034317205226, 2584857512350236, 4945727824194332, 8421282788517694, 11724362675795444,
     622277120705668, 16682361271644198, 8004610885123648, 8864542881863224, 5020617108830708,
     5411747318226826, 1230953699158074, 16088308077074430, 15929723893159950, 1574569088323978,
     13248614114159902, 2934731510808270, 15339076933323190, 3106907657486182, 1758559836564012,
     8983205237996230},
    {0.63661977236758127, 0.305726359129179, 1.9849753272621513, 1.9578379245607584,
     0.85697302809809472, 1.2354059373013278, 1.9934294027905102, 1.8700526584208474,
     1.7153996364816557, 0.25899999589299627, 0.024554187906522751, 0.038354045942575521,
     0.99264401865472118, 0.69204182897420519, 0.90823685871030779, 1.1825449776166452,
     0.91254330582557741, 0.70458211033253026, 1.2248815431988305, 1.512988683909968,
     0.6113948551337427, 1.7420830864284389, 1.1248869895626028, 1.8672728575613144,
     1.9343119588102495, 1.3517215921139838, 1.4266127830267514, 1.1554418633015977,
     1.3096656442197623, 0.61865104303174578, 1.457637475785212, 1.9214774061083773},
    {7.166494911215067e-17, 1.0852635185510959e-16, 1.9086603895839004e-16, 7.7695847040018281e-17,
     3.5775109764137003e-18, 5.095045764731626e-17, 7.4686101467630403e-17, 1.9744725602752139e-16,
     3.9899971032660141e-17, 2.0697627390447952e-16, 2.9327269997185121e-17, 1.5421106459015996e-16,
     1.0055477700817351e-16, 8.2680311435085122e-17, 6.2716354641395298e-17, 2.0981796004583025e-18,
     1.9782487722286467e-16, 8.6384512210748211e-17, 1.3816050055616236e-16, 2.1574225062071461e-16,
     1.1422746900861784e-16, 1.1101510730970665e-16, 1.1188610324465584e-16, 2.1432059772302704e-17,
     1.8211488159424884e-16, 2.0551894831492169e-16, 1.3483732715678282e-16, 2.1372978533713619e-16,
     1.4124214154350979e-16, 1.4961564308465529e-16, 2.055855439861154e-17, 1.3831927804072683e-16},
    {1.0181664387499709e-32, 1.8986658914674386e-32, 1.3012258124024898e-32, 1.5675016952294648e-32,
     1.1511480159387018e-32, 7.0162738099053874e-33, 1.4988305361526966e-32, 1.4094582924622671e-32,
     1.5709955943400593e-32, 5.7620755074193649e-33, 8.0221344788961727e-33, 4.2577928399869269e-34,
     1.1414534780892001e-32, 5.4769770218952559e-33, 1.8391318014828517e-32, 3.4352456272301638e-33,
     1.6028819420614052e-32, 8.4225269935798992e-34, 2.3334018734893228e-32, 2.3225511033044807e-32,
     1.0773638893758395e-33, 9.0650696350607276e-33, 2.0080247848150783e-33, 1.0495422339270514e-32,
     1.4451784129056046e-32, 1.352920711204728e-32, 1.8472510093648023e-32, 7.6516451470503528e-33,
     1.9633562852064493e-32, 1.391760450615745e-33, 1.5903152639883151e-32, 2.3760928890944737e-32},
};

// v modulo 4, between -2 and 2, for |v| < 2**87.
LOSSLANG_INLINE double modulo_four(double v) {
    double least = v - ((v + 0x1.8p88) - 0x1.8p88);
    return least - 4 * nearest(0.25 * least);
}

// x = k * pi / 2 + hi + lo with |hi| <= pi / 4, but for multiples of 4 in k.
struct Angle {
    double k, hi, lo;
};

// For |x| <= 2**30: pi / 2 in three pieces that a whole number of 30 bits can be multiplied by
// exactly, and the rest.
LOSSLANG_INLINE Angle angle_of_moderate(double x) {
    double k = nearest(x * 0.63661977236758138);
    double first = (x - k * 1.5707962512969971) - k * 7.5497894158615964e-08;
    Pair<double> second = two_diff(first, k * 5.3903008358918703e-15);
    Pair<double> all = fast_sum(second.hi, second.lo - k * 2.0222662487959506e-21);
    return {k, all.hi, all.lo};
}

// For a double 1 <= |x|: with x = 2**(32 b) * y, y is a multiple of 2**-52, so that multiples of
// 2**54 can be left out of what it is multiplied by (Payne and Hanek).
LOSSLANG_INLINE Angle angle_of_large(double x) {
    std::uint64_t block = (((bits(x) >> 52) - 1023) >> 5) & 31;
    double y = x * from_bits((1023 - 32 * block) << 52);
    Pair<double> first = two_product(y, two_over_pi[0][block]);
    Pair<double> second = two_product(y, two_over_pi[1][block]);
    Pair<double> third = two_product(y, two_over_pi[2][block]);
    double whole = modulo_four(first.hi) + modulo_four(first.lo);  // exact
    Pair<double> sum = two_diff(whole, -modulo_four(second.hi));
    double k = nearest(sum.hi);
    Pair<double> next = two_diff(second.lo, -third.hi), all = two_diff(sum.hi - k, -next.hi);
    double rest = (all.lo + sum.lo) + (next.lo + (third.lo + y * two_over_pi[3][block]));
    Pair<double> part = two_diff(all.hi, -rest);
    Pair<double> angle = two_product(part.hi, 1.5707963267948966);
    return {k, angle.hi,
            angle.lo + (part.hi * 6.123233995736766e-17 + part.lo * 1.5707963267948966)};
}

// The same for a float x. With x = 2**30 * y, or 2**79 * y where that leaves y >= 1, y is less than
// 2**50 and a multiple of 2**-23, and the pieces have 29 digits, so that the products are exact.
LOSSLANG_INLINE Angle angle_of_large(float narrow) {
    double x = narrow;
    bool huge = absolute(x) >= 0x1p79;
    double y = x * (huge ? 0x1p-79 : 0x1p-30);
    double first = modulo_four(y * (huge ? 9764371.625 : 12476635.5625));
    double second = modulo_four(y * (huge ? 0.04652372607961297 : 0.013931589666754007));
    double third = modulo_four(y * (huge ? 1.0084174727892359e-10 : 1.1554077074434066e-10));
    double fourth = y * (huge ? 7.0049473945360581e-20 : 2.6533651639791068e-20);
    Pair<double> sum = two_diff(first, -second), all = two_diff(sum.hi, -third);
    double k = nearest(all.hi);
    Pair<double> part = two_diff(all.hi - k, -(sum.lo + all.lo + fourth));
    return {k, part.hi * 1.5707963267948966, part.lo * 1.5707963267948966};
}

// sin(x + quarters * pi / 2)
template <class T> LOSSLANG_INLINE T sine(T narrow, double quarters) {
    double x = narrow;
    Angle small = angle_of_moderate(x), large = angle_of_large(narrow);
    // Masks, because a compiler may move the table's loads into the arm of a selection.
    std::uint64_t moderate = absolute(x) <= 0x1p30 ? ~std::uint64_t(0) : 0;
    Angle angle = {from_bits((bits(small.k) & moderate) | (bits(large.k) & ~moderate)),
                   from_bits((bits(small.hi) & moderate) | (bits(large.hi) & ~moderate)),
                   from_bits((bits(small.lo) & moderate) | (bits(large.lo) & ~moderate))};
    double r = angle.hi, z = r * r, half = 0.5 * z;
    double sine = r + (angle.lo + r * z * polynomial(z, -0.16666666666666666, 0.0083333333333333315,
        -0.00019841269841265041, 2.7557319219320579e-06, -2.5052106225994401e-08,
        1.6058530596645953e-10, -7.5866368828251592e-13));
    Pair<double> top = fast_sum(1.0, -half);
    double cosine = top.hi + (top.lo + (z * z * polynomial(z, 0.041666666666666664,
        -0.0013888888888888887, 2.4801587301584632e-05, -2.755731922139249e-07,
        2.0876755787492604e-09, -1.1470460319209511e-11, 4.7458384125310228e-14) - r * angle.lo));
    std::uint64_t quadrant = bits(angle.k + quarters + Format<double>::magic);
    double value = (quadrant & 1) != 0 ? cosine : sine;
    return T(from_bits(bits(value) ^ ((quadrant & 2) << 62)));
}

// Error 0.501, 1.1.
template <class T> LOSSLANG_INLINE T sin(T x) {
    using Word = typename Format<T>::Word;
    Word at_zero = x == T(0) ? ~Word(0) : 0;
    return from_bits(Word(bits(sine(x, 0)) | (bits(x) & at_zero)));
}

// Error 0.501, 1.1.
template <class T> LOSSLANG_INLINE T cos(T x) { return sine(x, 1); }

// Error 0.501, 0.9.
LOSSLANG_INLINE double atan(double x) {
    double a = clamp(absolute(x), 0.0, 1e30);
    bool small = a < 0.4142135623730951, large = a > 2.414213562373095;
    Pair<double> below = two_diff(a, 1.0), above = two_diff(a, -1.0);
    Pair<double> top = {small ? a : large ? -1 : below.hi, small || large ? 0 : below.lo};
    Pair<double> bottom = {small ? 1 : large ? a : above.hi, small || large ? 0 : above.lo};
    Pair<double> t = quotient<double>(top, bottom);
    double z = t.hi * t.hi;
    double base = small ? 0 : large ? 1.5707963267948966 : 0.78539816339744828;
    double base_low = small ? 0 : large ? 6.123233995736766e-17 : 3.061616997868383e-17;
    Pair<double> sum = fast_sum(base, t.hi);
    double rest = base_low + t.lo + t.hi * z * polynomial(z, -0.33333333333333331,
        0.19999999999999801, -0.14285714285659326, 0.11111111105106705, -0.090909087510766359,
        0.076922963049744705, -0.066664236280692582, 0.058789145444006215, -0.052303478730160745,
        0.045511081263251721, -0.034558092551413795, 0.016271944751624062);
    return with_sign(sum.hi + (sum.lo + rest), x);
}

// asin(a) = t + rest for a <= 1/2, otherwise pi / 2 - 2 (t + rest), for a = |x|.
struct Arc {
    bool small;
    double t, rest;
};

LOSSLANG_INLINE Arc arc(double a) {
    bool small = a < 0.5;
    double z = small ? a * a : 0.5 * (1 - a);
    double t = small ? a : sqrt(z);
    Pair<double> square = two_product(t, t);
    double lost = small || a == 1 ? 0 : 0.5 * ((z - square.hi) - square.lo) / t;
    return {small, t, lost + t * z * polynomial(z, 0.16666666666666669, 0.074999999999984329,
        0.044642857146355429, 0.030381944138531247, 0.022372172942149889, 0.017352392720869973,
        0.013971212973552933, 0.011479177415184906, 0.010322814350185779, 0.0054575067186403581,
        0.017400879442694021, -0.014851887071247204, 0.028757851367421566)};
}

// Error 0.501, 0.7.
LOSSLANG_INLINE double asin(double x) {
    Arc p = arc(absolute(x));
    Pair<double> far = fast_sum(1.5707963267948966, -2 * p.t);
    double large = far.hi + (far.lo + (6.123233995736766e-17 - 2 * p.rest));
    return with_sign(p.small ? p.t + p.rest : large, x);
}

// Error 0.501, 0.7.
LOSSLANG_INLINE double acos(double x) {
    Arc p = arc(absolute(x));
    double sign = x < 0 ? -1 : 1, factor = p.small ? -sign : 2 * sign;
    double base = p.small ? 1.5707963267948966 : x < 0 ? 3.1415926535897931 : 0;
    double base_low = p.small ? 6.123233995736766e-17 : x < 0 ? 1.2246467991473532e-16 : 0;
    Pair<double> sum = fast_sum(base, factor * p.t);
    return sum.hi + (sum.lo + (base_low + factor * p.rest));
}

// ---- The gamma function; plain loops that do not become vector code -----------------------------

// The derivative of log(gamma(x)) for x > 0.  Error 0.501, 2.0.
inline double digamma(double x) {
    if (!(x > 0)) return x == 0 ? -infinity<double> : not_a_number<double>;
    if (x == infinity<double>) return x;
    Pair<double> up = {x, 0}, shift = {0, 0};
    if (x < 1) {
        shift.hi = -1 / x;
        up = fast_sum(1.0, x);
    }
    for (; up.hi > 2 && up.hi < 10; up.hi -= 1) {
        Pair<double> term = quotient<double>({1, 0}, {up.hi - 1, 0});
        Pair<double> sum = two_diff(shift.hi, -term.hi);
        shift = {sum.hi, shift.lo + (sum.lo + term.lo)};
    }
    x = up.hi;
    if (x <= 2) {
        double slope = polynomial(x - 1.5, 0.95105587603183284, -0.42362742128146058,
            0.24054248424078697, -0.14840492305388092, 0.094988724452890388, -0.06192213327548831,
            0.040760833940846085, -0.026975796659787055, 0.017907248317313294,
            -0.011908220105959716, 0.0079270217968681542, -0.005279937255532708,
            0.0035181065638024722, -0.0023454947397380833, 0.0015633696313653504,
            -0.0010364584817312839, 0.00069092557612829861, -0.00048595039220036254,
            0.00032395945401345196, -0.00014480643368061614, 9.6536462614100617e-05,
            -0.00017821885488559231, 0.00011881232908510335);  // from the root
        Pair<double> product = two_product(x - 1.4616321449683622, slope);
        product.lo += (up.lo - 9.5499954299656974e-17) * slope;
        Pair<double> sum = two_diff(shift.hi, -product.hi);
        return sum.hi + (sum.lo + (shift.lo + product.lo));
    }
    double z = 1 / (x * x);  // Bernoulli numbers over 2 n
    double series = polynomial(z, 1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132,
                               -691.0 / 32760, 1.0 / 12, -3617.0 / 8160);
    return std::log(x) - 0.5 / x - z * series;
}

// log(gamma(x)) for x > 0, of the C library.  Error 0.501, 2.3.
inline double lgamma(double x) { return x >= 0 ? std::lgamma(x) : not_a_number<double>; }

LOSSLANG_INLINE float erf(float x) { return float(erf(double(x))); }
LOSSLANG_INLINE float atan(float x) { return float(atan(double(x))); }
LOSSLANG_INLINE float asin(float x) { return float(asin(double(x))); }
LOSSLANG_INLINE float acos(float x) { return float(acos(double(x))); }
inline float digamma(float x) { return float(digamma(double(x))); }
inline float lgamma(float x) { return float(lgamma(double(x))); }

// sin(n acos(x)) / sin(acos(x)); at 1 and -1 its limit for a whole n.
template <class T> LOSSLANG_INLINE T ratio_of_sines(T x, T n) {
    T a = absolute(x);
    bool even = T(2) * __builtin_floor(n / T(2)) == n, mirrored = __builtin_floor(n) == n;
    T angle = acos(clamp(mirrored ? a : x, T(-1), T(1)));
    T sign = even && x < T(0) ? T(-1) : T(1);
    T sine = sqrt(a < T(1) ? (T(1) - a) * (T(1) + a) : T(1));
    return sign * (a < T(1) ? sin(n * angle) / sine : n);
}

// ---- Halves: 16 bits in memory, float in registers ----------------------------------------------

LOSSLANG_INLINE float load_bfloat16(std::uint16_t half) {
    return from_bits(std::uint32_t(half) << 16);
}

// To the nearest, ties to even.
LOSSLANG_INLINE std::uint16_t store_bfloat16(float x) {
    std::uint32_t word = bits(x);
    std::uint32_t rounded = (word + 0x7fff + ((word >> 16) & 1)) >> 16;
    return std::uint16_t(x == x ? rounded : (word >> 16) | 0x40);
}

LOSSLANG_INLINE float load_float16(std::uint16_t half) {
    std::uint32_t sign = std::uint32_t(half & 0x8000) << 16;
    std::uint32_t size = std::uint32_t(half & 0x7fff) << 13;
    // The exponent read as one of float is 112 too small; this holds for subnormal halves too.
    std::uint32_t finite = bits(from_bits(size) * 5.1922968585348276e33f);
    return from_bits((size >= 0x0f800000 ? size | 0x7f800000 : finite) | sign);
}

// To the nearest, ties to even; infinite from 65520.
LOSSLANG_INLINE std::uint16_t store_float16(float x) {
    std::uint32_t word = bits(x), size = word & 0x7fffffff, sign = (word >> 16) & 0x8000;
    std::uint32_t normal = (size - 0x38000000 + 0xfff + ((size >> 13) & 1)) >> 13;
    std::uint32_t subnormal = bits(from_bits(size) + 0.5f) - bits(0.5f);
    std::uint32_t finite = size < 0x38800000 ? subnormal : normal;
    std::uint32_t large = size > 0x7f800000 ? 0x7e00 | ((size >> 13) & 0x3ff) : 0x7c00;
    return std::uint16_t((size < 0x477ff000 ? finite : large) | sign);
}

// Halves in memory. To assign a number and not another half is what GCC 12 vectorises.
struct BFloat16 {
    std::uint16_t word;
    LOSSLANG_INLINE void operator=(float x) { word = store_bfloat16(x); }
    LOSSLANG_INLINE operator float() const { return load_bfloat16(word); }
};

struct Float16 {
    std::uint16_t word;
    LOSSLANG_INLINE void operator=(float x) { word = store_float16(x); }
    LOSSLANG_INLINE operator float() const { return load_float16(word); }
};

}  // namespace losslang

#endif
