// Element-wise functions of vectors, as torch defines them.
//
// The largest errors, in units in the last place of the exact result:
//
//              float   double
//   exp         1.05     1.1
//   tanh        2.61     2.7
//   sigmoid     2.41     2.4
//   softplus    1.6      1.7
//   sqrt        0.5      0.5
//
// those of float exp, tanh and sigmoid over all 2^32 numbers, the others over numbers drawn at random and those where a
// method changes. log, sin, cos, atan, erf and pow are the C library's; the rest are exact.
#pragma once

#include <cmath>
#include <limits>

#include "vec.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace recur {

// the number that a vector holds
template <class V>
struct NumberOf;
template <>
struct NumberOf<F32> {
  using T = float;
};
template <>
struct NumberOf<F64> {
  using T = double;
};

// The constants of the exponential for a number type.
//
// The logarithm of 2 is split in two (Cody and Waite, 1980): the product of its high part with any exponent is exact.
// The array `quotient` holds the coefficients of q in expm1(r) = r + r^2 q(r) for |r| <= ln(2) / 2, found by the
// exchange algorithm of Remez (1934) so that the largest error relative to expm1(r) is least: 2^-26 for float, 2^-58.9
// for double.
template <class T>
struct Exponential;
template <>
struct Exponential<float> {
  static constexpr float log2_e = 0x1.715476p+0f, ln2_high = 0x1.62e4p-1f, ln2_low = 0x1.7f7d1cp-20f;
  static constexpr int fraction_bits = 23, exponent_bias = 127;
  static constexpr float magic = 0x1.8p+23f;           // a number added to it is rounded to a whole one
  static constexpr float lowest = -104, highest = 89;  // exp is 0 and infinite here
  static constexpr float denormal_shift = 32, denormal_scale = 0x1p-32f;
  static constexpr float tanh_is_one = 10;
  static constexpr float quotient[] = {0x1.fffffep-2f, 0x1.5554aap-3f, 0x1.55579ep-5f, 0x1.122c5cp-7f, 0x1.6aaed0p-10f};
};
template <>
struct Exponential<double> {
  static constexpr double log2_e = 0x1.71547652b82fep+0, ln2_high = 0x1.62e42fefa38p-1, ln2_low = 0x1.ef35793c7673p-45;
  static constexpr int fraction_bits = 52, exponent_bias = 1023;
  static constexpr double magic = 0x1.8p+52;
  static constexpr double lowest = -746, highest = 710;
  static constexpr double denormal_shift = 64, denormal_scale = 0x1p-64;
  static constexpr double tanh_is_one = 20;
  static constexpr double quotient[] = {0x1p-1,
                                        0x1.5555555555559p-3,
                                        0x1.555555555555cp-5,
                                        0x1.111111110f3e4p-7,
                                        0x1.6c16c16c118a7p-10,
                                        0x1.a01a01b120c26p-13,
                                        0x1.a01a01c7127cep-16,
                                        0x1.71ddf4f3ea8fep-19,
                                        0x1.27e484558dddap-22,
                                        0x1.af650652fb216p-26,
                                        0x1.20135c9f3a357p-29};
};

template <class V>
RECUR_INLINE auto bits_of(V x) {
  return (typename Lane<typename NumberOf<V>::T>::I)x;
}

template <class V>
RECUR_INLINE V v_neg(V x) {
  return -x;
}

template <class V>
RECUR_INLINE V v_abs(V x) {
  using T = typename NumberOf<V>::T;
  return (V)(bits_of(x) & std::numeric_limits<typename Lane<T>::Int>::max());
}

// x, whose own sign bit is clear or does not matter, with the sign of y
template <class V>
RECUR_INLINE V with_sign(V x, V y) {
  using T = typename NumberOf<V>::T;
  return (V)(bits_of(x) | (bits_of(y) & std::numeric_limits<typename Lane<T>::Int>::min()));
}

// as in torch, +0 for -0 and for NaN
template <class V>
RECUR_INLINE V v_sign(V x) {
  using T = typename NumberOf<V>::T;
  return (x > T(0) ? splat<T>(1) : V{}) - (x < T(0) ? splat<T>(1) : V{});
}

// a comparison with NaN is false, so the order of the operands in these decides what NaN gives
template <class V>
RECUR_INLINE V v_relu(V x) {
  using T = typename NumberOf<V>::T;
  return x < T(0) ? V{} : x;
}
template <class V>
RECUR_INLINE V v_greater(V a, V b) {
  using T = typename NumberOf<V>::T;
  return a > b ? splat<T>(1) : V{};
}
template <class V>
RECUR_INLINE V v_equal(V a, V b) {
  using T = typename NumberOf<V>::T;
  return a == b ? splat<T>(1) : V{};
}
// the derivatives of relu and of maximum, whose 0 is no product: d may be infinite or NaN
template <class V>
RECUR_INLINE V v_where_positive(V d, V y) {
  using T = typename NumberOf<V>::T;
  return y <= T(0) ? V{} : d;
}
template <class V>
RECUR_INLINE V v_where_larger(V d, V a, V b) {
  using T = typename NumberOf<V>::T;
  V shared = a == b ? d * T(0.5) : d;
  return a < b ? V{} : shared;
}
template <class V>
RECUR_INLINE V v_maximum(V a, V b) {
  V larger = a > b ? a : b;  // b where either is NaN
  return a == a ? larger : a;
}
template <class V>
RECUR_INLINE V v_minimum(V a, V b) {
  V smaller = a < b ? a : b;
  return a == a ? smaller : a;
}

// The steps that AVX-512 has instructions for: rounding to whole numbers, x 2^n, and bounds that keep NaN.
#if defined(__AVX512F__)

// Masked forms that keep every lane cost nothing, and spare a warning: the others start from a variable that the
// headers of g++ leave unset.
constexpr __mmask16 all16 = 0xffff;
constexpr __mmask8 all8 = 0xff;

RECUR_INLINE F32 rounded(F32 x) { return (F32)_mm512_maskz_roundscale_ps(all16, (__m512)x, _MM_FROUND_TO_NEAREST_INT); }
RECUR_INLINE F64 rounded(F64 x) { return (F64)_mm512_maskz_roundscale_pd(all8, (__m512d)x, _MM_FROUND_TO_NEAREST_INT); }

RECUR_INLINE F32 scaled(F32 x, F32 n) { return (F32)_mm512_maskz_scalef_ps(all16, (__m512)x, (__m512)n); }
RECUR_INLINE F64 scaled(F64 x, F64 n) { return (F64)_mm512_maskz_scalef_pd(all8, (__m512d)x, (__m512d)n); }

// these instructions return their second operand where either is NaN
RECUR_INLINE F32 at_least(F32 x, float least) {
  return (F32)_mm512_maskz_max_ps(all16, (__m512)splat(least), (__m512)x);
}
RECUR_INLINE F64 at_least(F64 x, double least) {
  return (F64)_mm512_maskz_max_pd(all8, (__m512d)splat(least), (__m512d)x);
}
RECUR_INLINE F32 at_most(F32 x, float most) { return (F32)_mm512_maskz_min_ps(all16, (__m512)splat(most), (__m512)x); }
RECUR_INLINE F64 at_most(F64 x, double most) {
  return (F64)_mm512_maskz_min_pd(all8, (__m512d)splat(most), (__m512d)x);
}

template <class V>
RECUR_INLINE V scaled_down(V x, V n) {
  return scaled(x, n);
}
template <class V>
RECUR_INLINE V power_of_two(V n) {
  return scaled(splat<typename NumberOf<V>::T>(1), n);
}

#else

// NaN stays NaN: a comparison with it is false
template <class V>
RECUR_INLINE V at_least(V x, typename NumberOf<V>::T least) {
  return x < least ? V{} + least : x;
}
template <class V>
RECUR_INLINE V at_most(V x, typename NumberOf<V>::T most) {
  return x > most ? V{} + most : x;
}

template <class V>
RECUR_INLINE V rounded(V x) {
  constexpr auto magic = Exponential<typename NumberOf<V>::T>::magic;
  return (x + magic) - magic;
}

// 2^n for a whole n whose power is a normal number: the sum has n in its lowest bits, which become the exponent
template <class V>
RECUR_INLINE V power_of_two(V n) {
  using E = Exponential<typename NumberOf<V>::T>;
  return (V)(bits_of(n + (E::magic + E::exponent_bias)) << E::fraction_bits);
}

// x 2^n for x near 1, in two factors so that each is a normal number, with one rounding where the result is denormal
template <class V>
RECUR_INLINE V scaled_down(V x, V n) {  // n <= 0
  using E = Exponential<typename NumberOf<V>::T>;
  return x * power_of_two(n + E::denormal_shift) * E::denormal_scale;
}
template <class V>
RECUR_INLINE V scaled(V x, V n) {
  using T = typename NumberOf<V>::T;
  using E = Exponential<T>;
  auto large = n > T(0);
  V first = power_of_two(n + (large ? splat<T>(-1) : splat<T>(E::denormal_shift)));
  return x * first * (large ? splat<T>(2) : splat<T>(E::denormal_scale));
}

#endif

// The polynomial by halves (Estrin, 1960), whose steps depend on each other less than those of Horner's scheme.
RECUR_INLINE F32 quotient(F32 r, F32 r2) {
  constexpr auto& q = Exponential<float>::quotient;
  return (r * q[1] + q[0]) + r2 * (r2 * q[4] + (r * q[3] + q[2]));
}
RECUR_INLINE F64 quotient(F64 r, F64 r2) {
  constexpr auto& q = Exponential<double>::quotient;
  F64 r4 = r2 * r2;
  F64 low = (r * q[1] + q[0]) + r2 * (r * q[3] + q[2]);
  F64 middle = (r * q[5] + q[4]) + r2 * (r * q[7] + q[6]);
  F64 high = (r * q[9] + q[8]) + r2 * q[10];
  return low + r4 * (middle + r4 * high);
}

// expm1(r) for r = x - n ln 2 with n whole and |r| <= ln(2) / 2
template <class V>
RECUR_INLINE V expm1_reduced(V x, V n) {
  using E = Exponential<typename NumberOf<V>::T>;
  V r = x - n * E::ln2_high - n * E::ln2_low;
  V r2 = r * r;
  return r + r2 * quotient(r, r2);
}

template <class V>
RECUR_INLINE V v_exp(V x) {
  using T = typename NumberOf<V>::T;
  using E = Exponential<T>;
  x = at_most(at_least(x, E::lowest), E::highest);
  V n = rounded(x * E::log2_e);
  return scaled(expm1_reduced(x, n) + T(1), n);
}

// 1 / (1 + exp(-|x|)), or 1 less that where x < 0: no overflow, and no cancellation at either end
template <class V>
RECUR_INLINE V v_sigmoid(V x) {
  using T = typename NumberOf<V>::T;
  using E = Exponential<T>;
  V minus_size = (V)(bits_of(x) | std::numeric_limits<typename Lane<T>::Int>::min());
  V y = at_least(minus_size, E::lowest);
  V n = rounded(y * E::log2_e);
  V e = scaled_down(expm1_reduced(y, n) + T(1), n);
  return (x < T(0) ? e : splat<T>(1)) / (e + T(1));
}

// m / (m + 2) with m = expm1(2 |x|), which is accurate relative to the result down to the smallest numbers. The
// division overlaps with other work: an approximate reciprocal and its correction were measured to take longer.
template <class V>
RECUR_INLINE V v_tanh(V x) {
  using T = typename NumberOf<V>::T;
  using E = Exponential<T>;
  V y = at_most(v_abs(x), E::tanh_is_one);
  V n = rounded(y * (2 * E::log2_e));
  V power = power_of_two(n);
  V m = power * expm1_reduced(y + y, n) + (power - T(1));
  return with_sign(m / (m + T(2)), x);
}

#if defined(__AVX512F__)
RECUR_INLINE F32 v_sqrt(F32 x) { return (F32)_mm512_maskz_sqrt_ps(all16, (__m512)x); }
RECUR_INLINE F64 v_sqrt(F64 x) { return (F64)_mm512_maskz_sqrt_pd(all8, (__m512d)x); }
#elif defined(__AVX__)
RECUR_INLINE F32 v_sqrt(F32 x) { return (F32)_mm256_sqrt_ps((__m256)x); }
RECUR_INLINE F64 v_sqrt(F64 x) { return (F64)_mm256_sqrt_pd((__m256d)x); }
#elif defined(__SSE2__)
RECUR_INLINE F32 v_sqrt(F32 x) { return (F32)_mm_sqrt_ps((__m128)x); }
RECUR_INLINE F64 v_sqrt(F64 x) { return (F64)_mm_sqrt_pd((__m128d)x); }
#else
template <class V>
RECUR_INLINE V v_sqrt(V x) {
  for (int i = 0; i < Lane<typename NumberOf<V>::T>::count; ++i) x[i] = std::sqrt(x[i]);
  return x;
}
#endif

// These are rare in cells, and the C library's are accurate: computed lane by lane.
template <class V>
RECUR_INLINE V v_log(V x) {
  for (int i = 0; i < Lane<typename NumberOf<V>::T>::count; ++i) x[i] = std::log(x[i]);
  return x;
}
template <class V>
RECUR_INLINE V v_sin(V x) {
  for (int i = 0; i < Lane<typename NumberOf<V>::T>::count; ++i) x[i] = std::sin(x[i]);
  return x;
}
template <class V>
RECUR_INLINE V v_cos(V x) {
  for (int i = 0; i < Lane<typename NumberOf<V>::T>::count; ++i) x[i] = std::cos(x[i]);
  return x;
}

template <class V>
RECUR_INLINE V v_erf(V x) {
  for (int i = 0; i < Lane<typename NumberOf<V>::T>::count; ++i) x[i] = std::erf(x[i]);
  return x;
}
template <class V>
RECUR_INLINE V v_atan(V x) {
  for (int i = 0; i < Lane<typename NumberOf<V>::T>::count; ++i) x[i] = std::atan(x[i]);
  return x;
}
template <class V>
RECUR_INLINE V v_floor(V x) {
  for (int i = 0; i < Lane<typename NumberOf<V>::T>::count; ++i) x[i] = std::floor(x[i]);
  return x;
}
// A power of 0.5 is the root, as in torch, which differs from pow at -0 and at minus infinity; gradients have it
// of 1.5.
template <class V>
RECUR_INLINE V v_pow(V x, V power) {
  using T = typename NumberOf<V>::T;
  for (int i = 0; i < Lane<T>::count; ++i) {
    const T root = std::sqrt(x[i]), p = power[i];
    x[i] = p == T(0.5) ? root : p == T(-0.5) ? T(1) / root : std::pow(x[i], p);
  }
  return x;
}

// log(1 + exp(x)), and x itself above 20, as in torch
template <class V>
RECUR_INLINE V v_softplus(V x) {
  using T = typename NumberOf<V>::T;
  V y = v_exp(x);
  for (int i = 0; i < Lane<T>::count; ++i) y[i] = std::log1p(y[i]);
  return x > T(40) ? x : y;  // log(1 + e^-40) is below the last bit of a double, and e^40 is a float
}

}  // namespace recur
