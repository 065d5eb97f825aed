// Matrix products: tiles of C = A B with A row by row and B packed, and the packing of B.
//
// B is packed in panels of NV vectors: [k][NV * lanes]. A is read in place, one element at a time broadcast to a
// vector, so that a row of A may be a row of the hidden state. A tile of MR rows by NV vectors keeps its sums in
// registers for the whole of k: 14 x 2 vectors of 32 registers leave two for B and one for A.
#pragma once

#include <algorithm>
#include <cmath>

#include "vec.h"

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

namespace recur {

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kMostRows[5] = {0, 14, 14, 8, 6};
#else
constexpr int kMostRows[5] = {0, 10, 6, 3, 2};
#endif
constexpr int kTallest = kMostRows[1];
constexpr int kManySums = 8;  // of a tile, from which each is added up in the order of k

// the columns that a tile adds up side by side: few rows give too few independent sums to keep the multipliers busy
constexpr int sums_side_by_side(int MR, int NV) { return MR * NV >= kManySums ? 1 : MR * NV >= 4 ? 2 : 4; }

// whether all tiles of so many rows by NV vectors have sums that are added up in the order of k
constexpr bool sums_in_order(long rows, int NV) {
  const long tiles = (rows + kMostRows[NV] - 1) / kMostRows[NV];
  return tiles > 0 && rows / tiles * NV >= kManySums;
}

// round to the nearest bfloat16, ties to even; NaN stays NaN
RECUR_INLINE uint16_t to_bfloat16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}
RECUR_INLINE float from_bfloat16(uint16_t half) {
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

// The format of the factors of a product. Plain: unchanged.
template <class Number>
struct Plain {
  using T = Number;  // of sums and of everything outside products
  using E = Number;  // of factors
  static constexpr bool copies = false;
  static constexpr bool whole = false;  // whether factors are whole numbers with scales: int8.h
  static constexpr int pair = 1;        // consecutive elements along k
  static constexpr int head = 0;        // elements per column before a packed panel
  static RECUR_INLINE E convert(T value) { return value; }
};

// Factors rounded to bfloat16 and stored as such; two products per lane and instruction.
struct Paired {
  using T = float;
  using E = uint16_t;
  static constexpr bool copies = true;
  static constexpr bool whole = false;
  static constexpr int pair = 2;
  static constexpr int head = 0;
  static RECUR_INLINE E convert(T value) { return to_bfloat16(value); }
};

// Factors rounded to bfloat16 and stored as float: the same numbers without the instruction.
struct Rounded {
  using T = float;
  using E = float;
  static constexpr bool copies = true;
  static constexpr bool whole = false;
  static constexpr int pair = 1;
  static constexpr int head = 0;
  static RECUR_INLINE E convert(T value) { return from_bfloat16(to_bfloat16(value)); }
};

// Numbers of two rows as pairs, lane by lane: (first[j], second[j]) for the lanes of a vector, or the first n of them
RECUR_INLINE void store_pairs(uint16_t* to, const float* first, const float* second, long n) {
#if defined(__AVX512BF16__)
  const __mmask16 lanes = static_cast<__mmask16>(n >= 16 ? 0xffff : (1u << n) - 1u);
  const __m512 a = _mm512_maskz_loadu_ps(lanes, first);
  const __m512 b = second == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(lanes, second);
  const __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(a));
  const __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(b));
  const __m512i pairs = _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
  std::memcpy(to, &pairs, sizeof pairs);
#else
  for (long j = 0; j < Lane<float>::count; ++j) {
    to[2 * j] = j < n ? to_bfloat16(first[j]) : uint16_t{0};
    to[2 * j + 1] = j < n && second != nullptr ? to_bfloat16(second[j]) : uint16_t{0};
  }
#endif
}

// a row of factors from a row of numbers; n is rounded up to a whole pair with zeros
template <class P>
RECUR_INLINE void convert_row(typename P::E* to, const typename P::T* from, long n) {
  if constexpr (!P::copies) {
    std::memcpy(to, from, sizeof(typename P::T) * static_cast<size_t>(n));
  } else {
    long k = 0;
#if defined(__AVX512BF16__)
    if constexpr (P::pair == 2) {
      for (; k + 16 <= n; k += 16) {
        const __m256bh half = _mm512_cvtneps_pbh(_mm512_loadu_ps(from + k));
        std::memcpy(to + k, &half, 32);
      }
    }
#endif
    for (; k < n; ++k) to[k] = P::convert(from[k]);
    if (P::pair == 2 && n % 2 != 0) to[n] = 0;
  }
}

template <class P>
constexpr long padded_k(long k) {
  return (k + P::pair - 1) / P::pair * P::pair;
}

// C (+)= A B for MR rows and NV vectors. `stride` is that of A's rows; or, with AcrossK, that of consecutive k (of
// pairs of them), where the MR elements of a k follow each other.
template <class P, int MR, int NV, bool AcrossK>
static void tile(long K, const typename P::E* A, long stride, const typename P::E* B, typename P::T* C, long c_stride,
                 bool add) {
  using T = typename P::T;
  using E = typename P::E;
  using V = Vec<T>;
  constexpr int L = Lane<T>::count;
  constexpr int U = sums_side_by_side(MR, NV);
  constexpr int S = U > 1 ? U : 2;
  V sum[U][MR][NV];
#pragma GCC unroll 64
  for (int u = 0; u < U; ++u)
#pragma GCC unroll 64
    for (int i = 0; i < MR; ++i)
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) sum[u][i][v] = V{};
  const long bytes = stride * static_cast<long>(sizeof(E)), three = bytes * 3;
  const char *r0 = reinterpret_cast<const char*>(A), *r4 = r0 + 4 * bytes, *r8 = r4 + 4 * bytes, *r12 = r8 + 4 * bytes;
  constexpr long kStep = P::pair * static_cast<long>(sizeof(E));  // along k in A
  // four base pointers and four offsets reach fourteen rows without spilling a register
  auto a_at = [&](int i, int u) -> const char* {
    if constexpr (AcrossK) return r0 + static_cast<long>(u) * bytes + i * kStep;
    const char* base = i < 4 ? r0 : i < 8 ? r4 : i < 12 ? r8 : r12;
    const int q = i & 3;
    return (q == 0 ? base : q == 1 ? base + bytes : q == 2 ? base + 2 * bytes : base + three) + u * kStep;
  };
  auto step = [&](int u, V(&into)[MR][NV]) {
    if constexpr (P::pair == 1) {
      V b[NV];
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) b[v] = load<T>(reinterpret_cast<const T*>(B) + u * NV * L + v * L);
      __builtin_prefetch(reinterpret_cast<const T*>(B) + u * NV * L + (MR <= 3 ? 1024 : 512));
#pragma GCC unroll 64
      for (int i = 0; i < MR; ++i) {
        T one;
        std::memcpy(&one, a_at(i, u), sizeof(T));
        const V a = splat<T>(one);
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) into[i][v] += a * b[v];
      }
    } else {
#if defined(__AVX512BF16__)
      __m512bh b[NV];
#pragma GCC unroll 8
      for (int v = 0; v < NV; ++v) std::memcpy(&b[v], B + (u * NV + v) * L * 2, 64);
      __builtin_prefetch(B + (u * NV) * L * 2 + 1024);
#pragma GCC unroll 64
      for (int i = 0; i < MR; ++i) {
        int32_t two;
        std::memcpy(&two, a_at(i, u), 4);
        const __m512bh a = (__m512bh)_mm512_set1_epi32(two);
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) into[i][v] = (V)_mm512_dpbf16_ps((__m512)into[i][v], a, b[v]);
      }
#endif
    }
  };
  const long n = (K + P::pair - 1) / P::pair;
  long k = 0;
  for (; k + S <= n; k += S) {
#pragma GCC unroll 4
    for (int u = 0; u < S; ++u) step(u, sum[U > 1 ? u : 0]);
    B += S * NV * L * P::pair;
    if (AcrossK) {
      r0 += S * bytes;
    } else {
      r0 += S * kStep, r4 += S * kStep, r8 += S * kStep, r12 += S * kStep;
    }
  }
  for (; k < n; ++k) {
    step(0, sum[0]);
    B += NV * L * P::pair;
    if (AcrossK) {
      r0 += bytes;
    } else {
      r0 += kStep, r4 += kStep, r8 += kStep, r12 += kStep;
    }
  }
#pragma GCC unroll 64
  for (int i = 0; i < MR; ++i)
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      V total = sum[0][i][v];
#pragma GCC unroll 4
      for (int u = 1; u < U; ++u) total += sum[u][i][v];
      T* c = C + i * c_stride + v * L;
      // C is added at the end, when waiting for it costs nothing
      if (add) total += load<T>(c);
      store<T>(c, total);
    }
}

template <class P>
using Tile = void (*)(long, const typename P::E*, long, const typename P::E*, typename P::T*, long, bool);

template <class P, int NV, bool AcrossK, int MR = 1>
constexpr void fill_tiles(Tile<P>* table) {
  table[MR] = tile<P, MR, NV, AcrossK>;
  if constexpr (MR < kMostRows[NV]) fill_tiles<P, NV, AcrossK, MR + 1>(table);
}
template <class P>
struct Tiles {
  Tile<P> rows[5][kTallest + 1] = {};
  Tile<P> across[kTallest + 1] = {};         // A column by column, two vectors
  Tile<P> across_narrow[kTallest + 1] = {};  // and one
  constexpr Tiles() {
    fill_tiles<P, 1, false>(rows[1]);
    fill_tiles<P, 2, false>(rows[2]);
    fill_tiles<P, 3, false>(rows[3]);
    fill_tiles<P, 4, false>(rows[4]);
    fill_tiles<P, 2, true>(across);
    fill_tiles<P, 1, true>(across_narrow);
  }
};
template <class P>
inline constexpr Tiles<P> kTiles{};

// `rows` rows of C (+)= A B for one packed panel of NV vectors
template <class P>
RECUR_INLINE void multiply_panel(long rows, long K, const typename P::E* A, long stride, const typename P::E* B, int NV,
                                 typename P::T* C, long c_stride, bool add) {
  const long most = kMostRows[NV], tiles = (rows + most - 1) / most;
  // with several tiles a block of the panel is read again from the first-level cache
  const long block = tiles == 1 ? K : 256;
  for (long k = 0; k < K; k += block) {
    const long depth = std::min(block, K - k);
    for (long t = 0, r = 0; t < tiles; ++t) {
      const long n = (rows - r + (tiles - t) - 1) / (tiles - t);  // 32 rows are 11 + 11 + 10, not 14 + 14 + 4
      kTiles<P>.rows[NV][n](depth, A + r * stride + k, stride, B + k * NV * Lane<typename P::T>::count,
                            C + r * c_stride, c_stride, add || k > 0);
      r += n;
    }
  }
}

#if defined(__AVX512F__)
// to[k * to_stride + j] = from[j * from_stride + k] for 16 x 16 floats
RECUR_INLINE void transpose16(const float* from, long from_stride, float* to, long to_stride) {
  __m512 r[16], t[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) r[i] = _mm512_loadu_ps(from + i * from_stride);
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_ps(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_ps(r[2 * i], r[2 * i + 1]);
  }
  auto d = [](__m512 x) { return _mm512_castps_pd(x); };
  auto s = [](__m512d x) { return _mm512_castpd_ps(x); };
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[4 * i] = s(_mm512_unpacklo_pd(d(t[4 * i]), d(t[4 * i + 2])));
    r[4 * i + 1] = s(_mm512_unpackhi_pd(d(t[4 * i]), d(t[4 * i + 2])));
    r[4 * i + 2] = s(_mm512_unpacklo_pd(d(t[4 * i + 1]), d(t[4 * i + 3])));
    r[4 * i + 3] = s(_mm512_unpackhi_pd(d(t[4 * i + 1]), d(t[4 * i + 3])));
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
    r[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
    r[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) _mm512_storeu_ps(to + i * to_stride, r[i]);
}
#endif

// One vector of a packed panel: to[k * to_stride + j] = M[j, k] for `lanes` rows j of a matrix and K columns k, zeros
// in the other lanes; M[j, k] = W[j * w_stride + k], or W[k * w_stride + j] where it is read transposed. Strides of
// `to` count elements, with pairs along k side by side.
template <class P>
void pack_vector(typename P::E* to, long to_stride, const typename P::T* W, long w_stride, bool transposed, long K,
                 long lanes) {
  using T = typename P::T;
  constexpr int L = Lane<T>::count;
  if constexpr (!P::copies) {
    if (transposed) {
      if (lanes == L) {
        for (long k = 0; k < K; ++k) store<T>(to + k * to_stride, load<T>(W + k * w_stride));
      } else {
        for (long k = 0; k < K; ++k) store<T>(to + k * to_stride, load_first<T>(W + k * w_stride, lanes));
      }
      return;
    }
    long k = 0;
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
      if (lanes == L) {
        for (; k + 16 <= K; k += 16) transpose16(W + k, w_stride, to + k * to_stride, to_stride);
      }
    }
#endif
    for (; k < K; ++k) {
      for (long j = 0; j < lanes; ++j) to[k * to_stride + j] = W[j * w_stride + k];
      for (long j = lanes; j < L; ++j) to[k * to_stride + j] = 0;
    }
  } else {
    const long whole = padded_k<P>(K);
    long k = 0;
    if constexpr (P::pair == 2) {
      if (transposed) {
        for (; k < whole; k += 2) {
          store_pairs(to + (k / 2) * to_stride, W + k * w_stride, k + 1 < K ? W + (k + 1) * w_stride : nullptr, lanes);
        }
      }
#if defined(__AVX512BF16__)
      // along a row two numbers are already adjacent: they are transposed as one
      for (; lanes == L && k + 32 <= K; k += 32) {
        float rows[16 * 16];
        for (int j = 0; j < 16; ++j) {
          const float* row = W + j * w_stride + k;
          const __m512bh pairs = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(row + 16), _mm512_loadu_ps(row));
          std::memcpy(rows + 16 * j, &pairs, sizeof pairs);
        }
        transpose16(rows, 16, reinterpret_cast<float*>(to + (k / 2) * to_stride), to_stride / 2);
      }
#endif
    }
    for (; k < whole; k += P::pair) {
      for (long j = 0; j < L; ++j) {
        for (int q = 0; q < P::pair; ++q) {
          const bool inside = j < lanes && k + q < K;
          const T value = !inside ? T(0) : transposed ? W[(k + q) * w_stride + j] : W[j * w_stride + k + q];
          to[(k / P::pair) * to_stride + j * P::pair + q] = P::convert(value);
        }
      }
    }
  }
}

}  // namespace recur
