// Products of whole numbers of 8 bits: both factors rounded with a scale per row, their sums exact.
//
//     W v = s(W_i) s(v) sum_k q(W_i)_k q(v)_k,   s(v) = max |v_k| / 127,   q(v)_k = round(v_k / s(v))
//
// A row of the left factor is its scale and then its elements, four to a lane; a packed panel is the scales of its
// columns, the number that each sum begins with, and [k / 4][columns][4] elements. Instructions that multiply unsigned
// by signed bytes are given the elements of the left factor plus 128; a sum then begins with -128 times the sum of its
// column. That sum may wrap around, and what it ends with is exact: 127 * 127 * kMostWhole is less than 2^31.
#pragma once

#include <cmath>
#include <limits>

#include "gemm.h"
#include "memory_layout.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace recur {

// The format of factors of 8 bits, of which `head` more bytes per column are in a panel
struct Whole {
  using T = float;
  using E = int8_t;
  static constexpr bool copies = false;
  static constexpr bool whole = true;
  static constexpr int pair = 4;
  static constexpr int head = 8;
};

constexpr long kMostWhole = 128 * 1024;  // elements of a row
constexpr long kWholeScale = 4;          // bytes before the elements of a row

#if defined(__AVX512F__)
constexpr int kMostWholeRows[5] = {0, 8, 8, 8, 6};
#else
constexpr int kMostWholeRows[5] = {0, 6, 4, 3, 2};
#endif

using WholeTile = void (*)(long, const int8_t*, long, const int8_t*, float*, long);

struct WholeKernels {
  const char* name;
  int offset;  // what is added to the elements of the left factor
  WholeTile tiles[5][9];
};

namespace whole {

// ---- what every processor of the instruction set has: four products of bytes added to each lane

#if defined(__AVX512F__)
constexpr char kName[] = "AVX-512BW";
constexpr int kOffset = 0;
#define RECUR_DOT
RECUR_INLINE I32 dot(I32 sum, I32 a, I32 b) {
  // no pair of products exceeds 2 * 127 * 127, so that 16 bits hold it
  const __m512i left = (__m512i)a, right = (__m512i)b;
  const __m512i flipped = _mm512_mask_sub_epi8(right, _mm512_movepi8_mask(left), _mm512_setzero_si512(), right);
  const __m512i pairs = _mm512_maddubs_epi16(_mm512_abs_epi8(left), flipped);
  return sum + (I32)_mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
}
#elif defined(__AVX2__)
constexpr char kName[] = "AVX2";
constexpr int kOffset = 0;
#define RECUR_DOT
RECUR_INLINE I32 dot(I32 sum, I32 a, I32 b) {
  const __m256i left = (__m256i)a, right = (__m256i)b;
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(left), _mm256_sign_epi8(right, left));
  return sum + (I32)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}
#else
constexpr char kName[] = "C++";
constexpr int kOffset = 0;
#define RECUR_DOT
typedef int16_t I16 __attribute__((vector_size(RECUR_VECTOR_BYTES)));
RECUR_INLINE I32 dot(I32 sum, I32 a, I32 b) {
  const I16 left = (I16)a, right = (I16)b;
  // elements 0 and 2, and 1 and 3, with their signs
  const I16 pairs = ((left << 8) >> 8) * ((right << 8) >> 8) + (left >> 8) * (right >> 8);
  const I32 both = (I32)pairs;
  return sum + ((both << 16) >> 16) + (both >> 16);
}
#endif
#include "int8_tile.h"
#undef RECUR_DOT

}  // namespace whole

// ---- the instruction for it, where the processor has it

#if defined(__AVX512F__)
namespace whole_vnni {
constexpr char kName[] = "AVX-512 VNNI";
constexpr int kOffset = 128;
#define RECUR_DOT __attribute__((target("avx512vnni")))
RECUR_DOT RECUR_INLINE I32 dot(I32 sum, I32 a, I32 b) {
  return (I32)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
}
#include "int8_tile.h"
#undef RECUR_DOT
}  // namespace whole_vnni
#define RECUR_VNNI 1
#elif defined(__AVX2__) && (__GNUC__ >= 11 || defined(__clang__))
namespace whole_vnni {
constexpr char kName[] = "AVX-VNNI";
constexpr int kOffset = 128;
#define RECUR_DOT __attribute__((target("avxvnni")))
RECUR_DOT RECUR_INLINE I32 dot(I32 sum, I32 a, I32 b) {
  return (I32)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)a, (__m256i)b);
}
#include "int8_tile.h"
#undef RECUR_DOT
}  // namespace whole_vnni
#define RECUR_VNNI 1
#endif

// whether this processor has the instruction, for the vectors of this instruction set
inline bool has_vnni() {
#if defined(__x86_64__)
  unsigned a = 0, b = 0, c = 0, d = 0;
#if defined(__AVX512F__)
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (c >> 11 & 1) != 0;
#else
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a >> 4 & 1) != 0;
#endif
#else
  return false;
#endif
}

inline const WholeKernels& whole_kernels() {
#if defined(RECUR_VNNI)
  static const WholeKernels& best = has_vnni() ? whole_vnni::kernels : whole::kernels;
  return best;
#else
  return whole::kernels;
#endif
}

// ---- rounding

// the bits of the largest |v|: of numbers without sign they are in the order of the numbers, with NaN last
inline int32_t largest_bits(const float* v, long n) {
  constexpr long L = Lane<float>::count;
  if (n == 0) return 0;  // an input without columns may have no memory
  I32 most{};
  long k = 0;
  for (; k + L <= n; k += L) {
    I32 bits;
    std::memcpy(&bits, v + k, sizeof bits);
    bits &= 0x7fffffff;
    most = bits > most ? bits : most;
  }
  int32_t rest[L] = {}, largest = 0;
  std::memcpy(rest, v + k, sizeof(float) * static_cast<size_t>(n - k));
#if defined(__AVX512F__)
  I32 bits;
  std::memcpy(&bits, rest, sizeof bits);
  bits &= 0x7fffffff;
  largest = _mm512_reduce_max_epi32((__m512i)(bits > most ? bits : most));
#else
  for (int j = 0; j < L; ++j) largest = std::max({largest, rest[j] & 0x7fffffff, most[j]});
#endif
  return largest;
}

struct Scale {
  float value, inverse;  // 0 and 0 for a row of zeros, NaN and 0 for one that is not finite
};

inline Scale scale_of(int32_t bits) {
  if (bits >= 0x7f800000) return {std::numeric_limits<float>::quiet_NaN(), 0};
  float largest;
  std::memcpy(&largest, &bits, sizeof largest);
  // below it 127 divided by the largest element may be infinite
  if (largest < 0x1p-100f) return {0, 0};
  return {largest / 127, 127 / largest};
}

// n whole numbers plus `offset`, and zeros plus `offset` up to a multiple of four
inline void round_whole(int8_t* to, const float* from, long n, float inverse, int offset) {
  const int8_t flip = static_cast<int8_t>(offset);  // adding 128 to a byte flips its sign
  const long padded = (n + 3) / 4 * 4;
  std::memset(to + n, flip, static_cast<size_t>(padded - n));
  if (inverse == 0) {
    std::memset(to, flip, static_cast<size_t>(n));
    return;
  }
  long k = 0;
#if defined(__AVX512F__)
  const __m512 factor = _mm512_set1_ps(inverse);
  const __m128i flips = _mm_set1_epi8(flip);
  for (; k < n; k += 16) {
    const __mmask16 lanes = static_cast<__mmask16>(n - k >= 16 ? 0xffff : (1u << (n - k)) - 1u);
    const __m512i whole = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_maskz_loadu_ps(lanes, from + k), factor));
    _mm_mask_storeu_epi8(to + k, lanes, _mm_xor_si128(_mm512_cvtepi32_epi8(whole), flips));
  }
#else
  for (; k < n; ++k) to[k] = static_cast<int8_t>(static_cast<int32_t>(std::nearbyintf(from[k] * inverse))) ^ flip;
#endif
}

// A part of a row: `count` numbers, `stride` apart
struct WholePart {
  const float* from;
  long count, stride;
};

// One row of the left factor, from contiguous parts with one scale; `part(m)` for m < parts
template <class Part>
void quantize_row(int8_t* row, long parts, const Part& part, int offset = whole_kernels().offset) {
  int32_t most = 0;
  for (long m = 0; m < parts; ++m) most = std::max(most, largest_bits(part(m).from, part(m).count));
  const Scale scale = scale_of(most);
  std::memcpy(row, &scale.value, sizeof scale.value);
  row += kWholeScale;
  for (long m = 0; m < parts; ++m) {
    const WholePart one = part(m);
    round_whole(row, one.from, one.count, scale.inverse, offset);
    row += padded_k<Whole>(one.count);
  }
}

// One column of a panel of `vectors` vectors, K elements deep, from parts with one scale; a column without parts is
// zero
template <class Part>
void pack_whole(int8_t* panel, long vectors, long column, long K, long parts, const Part& part,
                int offset = whole_kernels().offset) {
  constexpr long kBlock = 256, L = Lane<float>::count;
  float numbers[kBlock];
  auto block_of = [&](const WholePart& one, long k, long n) -> const float* {
    if (one.stride == 1) return one.from + k;
    for (long j = 0; j < n; ++j) numbers[j] = one.from[(k + j) * one.stride];
    return numbers;
  };
  int32_t most = 0, sum = 0;
  for (long m = 0; m < parts; ++m) {
    const WholePart one = part(m);
    for (long k = 0; k < one.count; k += kBlock) {
      const long n = std::min(kBlock, one.count - k);
      most = std::max(most, largest_bits(block_of(one, k, n), n));
    }
  }
  const Scale scale = scale_of(most);
  const long columns = vectors * L;
  int8_t* to = panel + columns * Whole::head + column * 4;
  long at = 0;
  for (long m = 0; m < parts; ++m) {
    const WholePart one = part(m);
    for (long k = 0; k < one.count; k += kBlock) {
      const long n = std::min(kBlock, one.count - k);
      int8_t whole[kBlock];
      round_whole(whole, block_of(one, k, n), n, scale.inverse, 0);
      for (long j = 0; j < n; j += 4, at += 4) std::memcpy(to + at * columns, whole + j, 4);
      for (long j = 0; j < n; ++j) sum += whole[j];
    }
  }
  for (; at < K; at += 4) std::memset(to + at * columns, 0, 4);
  sum *= -offset;
  std::memcpy(panel + column * 4, &scale.value, 4);
  std::memcpy(panel + (columns + column) * 4, &sum, 4);
}

// `rows` rows of C = A B for one panel of NV vectors
template <>
RECUR_INLINE void multiply_panel<Whole>(long rows, long K, const int8_t* A, long stride, const int8_t* B, int NV,
                                        float* C, long c_stride, bool) {
  const auto& kernels = whole_kernels().tiles[NV];
  const long most = kMostWholeRows[NV], tiles = (rows + most - 1) / most;
  for (long t = 0, r = 0; t < tiles; ++t) {
    const long n = (rows - r + (tiles - t) - 1) / (tiles - t);
    kernels[n](K / 4, A + r * stride, stride, B, C + r * c_stride, c_stride);
    r += n;
  }
}

}  // namespace recur
