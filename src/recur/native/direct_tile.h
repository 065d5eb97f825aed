// Direct products: a few rows times a matrix as the caller has it, without packing.
//
// A matrix that is multiplied once takes longer to pack, or to compare with what was packed, than to multiply. So the
// rows of a vector of units are read side by side, four columns at a time, which are turned around in registers. Every
// sum has the terms of a packed panel in the same order, so the bits are the same.
#pragma once

#include <type_traits>

#include "gemm.h"

namespace recur {

// Columns of a matrix: M[j, k] = from[j * stride + k], or from[k * stride + j] where it is read transposed
template <class T>
struct DirectPart {
  const T* from;
  long stride;
  bool transposed;
  long depth;
};

constexpr int kTurned = 4;  // columns that are turned around together

// the most rows that are multiplied directly: one tile, however wide the packed panel is; 0 where it is not possible
template <class P>
constexpr int most_direct_rows() {
#if defined(__AVX512F__) || defined(__AVX2__)
  constexpr int kRows = 7;  // of more rows, those of a thread that divides rows have other sums
  return std::is_same_v<P, Plain<float>> ? std::min(kRows, kMostRows[3]) : 0;
#else
  return 0;
#endif
}

#if defined(__AVX512F__)
RECUR_INLINE __m512 four_of_rows(const float* from, long stride) {
  __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(from));
  v = _mm512_mask_broadcast_f32x4(v, 0x00f0, _mm_loadu_ps(from + 4 * stride));
  v = _mm512_mask_broadcast_f32x4(v, 0x0f00, _mm_loadu_ps(from + 8 * stride));
  return _mm512_mask_broadcast_f32x4(v, 0xf000, _mm_loadu_ps(from + 12 * stride));
}
// column[k][j] = from[j * stride + k]
RECUR_INLINE void turn(const float* from, long stride, F32 (&column)[kTurned]) {
  auto d = [](__m512 x) { return _mm512_castps_pd(x); };
  auto s = [](__m512d x) { return _mm512_castpd_ps(x); };
  const __m512 r0 = four_of_rows(from, stride), r1 = four_of_rows(from + stride, stride);
  const __m512 r2 = four_of_rows(from + 2 * stride, stride), r3 = four_of_rows(from + 3 * stride, stride);
  const __m512 t0 = _mm512_unpacklo_ps(r0, r1), t1 = _mm512_unpackhi_ps(r0, r1);
  const __m512 t2 = _mm512_unpacklo_ps(r2, r3), t3 = _mm512_unpackhi_ps(r2, r3);
  column[0] = (F32)s(_mm512_unpacklo_pd(d(t0), d(t2)));
  column[1] = (F32)s(_mm512_unpackhi_pd(d(t0), d(t2)));
  column[2] = (F32)s(_mm512_unpacklo_pd(d(t1), d(t3)));
  column[3] = (F32)s(_mm512_unpackhi_pd(d(t1), d(t3)));
}
#elif defined(__AVX2__)
RECUR_INLINE __m256 four_of_rows(const float* from, long stride) {
  return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from)), _mm_loadu_ps(from + 4 * stride), 1);
}
RECUR_INLINE void turn(const float* from, long stride, F32 (&column)[kTurned]) {
  auto d = [](__m256 x) { return _mm256_castps_pd(x); };
  auto s = [](__m256d x) { return _mm256_castpd_ps(x); };
  const __m256 r0 = four_of_rows(from, stride), r1 = four_of_rows(from + stride, stride);
  const __m256 r2 = four_of_rows(from + 2 * stride, stride), r3 = four_of_rows(from + 3 * stride, stride);
  const __m256 t0 = _mm256_unpacklo_ps(r0, r1), t1 = _mm256_unpackhi_ps(r0, r1);
  const __m256 t2 = _mm256_unpacklo_ps(r2, r3), t3 = _mm256_unpackhi_ps(r2, r3);
  column[0] = (F32)s(_mm256_unpacklo_pd(d(t0), d(t2)));
  column[1] = (F32)s(_mm256_unpackhi_pd(d(t0), d(t2)));
  column[2] = (F32)s(_mm256_unpacklo_pd(d(t1), d(t3)));
  column[3] = (F32)s(_mm256_unpackhi_pd(d(t1), d(t3)));
}
#endif

#if defined(__AVX512F__) || defined(__AVX2__)
// n <= 4 columns of `lanes` rows, zeros in all others
RECUR_INLINE void turn_some(const float* from, long stride, long n, long lanes, F32 (&column)[kTurned]) {
  float corner[Lane<float>::count * kTurned] = {};
  for (long j = 0; j < lanes; ++j) {
    std::memcpy(corner + j * kTurned, from + j * stride, sizeof(float) * static_cast<size_t>(n));
  }
  turn(corner, kTurned, column);
}

// C (+)= A M^T for MR rows and one vector of units, of which `lanes` exist, with the sums of a tile that adds up U
// columns side by side. All parts but the last have whole blocks of columns.
template <int MR, int U>
static void direct_tile(const DirectPart<float>* parts, int count, long lanes, const float* A, long stride, float* C,
                        long c_stride, bool add) {
  using V = F32;
  constexpr int L = Lane<float>::count;
  V sum[U][MR] = {};
  for (int p = 0; p < count; A += parts[p].depth, ++p) {
    const DirectPart<float>& part = parts[p];
    V column[kTurned];
    auto multiply = [&](V(&into)[MR], long k, int u) {
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) into[i] += splat<float>(A[i * stride + k + u]) * column[u];
    };
    auto fetch = [&](long k, long n) {
      if (!part.transposed) return turn_some(part.from + k, part.stride, n, lanes, column);
      for (int u = 0; u < n; ++u) column[u] = load_first<float>(part.from + (k + u) * part.stride, lanes);
    };
    long k = 0;
    for (; k + kTurned <= part.depth; k += kTurned) {
      if (lanes < L) {
        fetch(k, kTurned);
      } else if (part.transposed) {
#pragma GCC unroll 4
        for (int u = 0; u < kTurned; ++u) column[u] = load<float>(part.from + (k + u) * part.stride);
      } else {
        turn(part.from + k, part.stride, column);
      }
#pragma GCC unroll 4
      for (int u = 0; u < kTurned; ++u) multiply(sum[u % U], k, u);
    }
    const long rest = part.depth - k;
    if (rest == 0) continue;
    fetch(k, rest);
    multiply(sum[0], k, 0);
    if (rest > 1) multiply(sum[U == 2 ? 1 : 0], k, 1);
    if (rest > 2) multiply(sum[0], k, 2);
  }
#pragma GCC unroll 8
  for (int i = 0; i < MR; ++i) {
    V total = sum[0][i];
#pragma GCC unroll 4
    for (int u = 1; u < U; ++u) total += sum[u][i];
    if (add) total += load<float>(C + i * c_stride);
    store<float>(C + i * c_stride, total);
  }
}

using DirectTile = void (*)(const DirectPart<float>*, int, long, const float*, long, float*, long, bool);

struct DirectTiles {
  static constexpr int kRows = most_direct_rows<Plain<float>>();
  DirectTile of[kRows + 1][5] = {};  // by rows, and vectors of the packed panel
  constexpr DirectTiles() { fill<1>(); }

 private:
  template <int MR>
  constexpr void fill() {
    of[MR][1] = tile_of<MR, 1>(), of[MR][2] = tile_of<MR, 2>(), of[MR][3] = tile_of<MR, 3>();
    if constexpr (MR < kRows) fill<MR + 1>();
  }
  template <int MR, int NV>
  static constexpr DirectTile tile_of() {
    return direct_tile<MR, sums_side_by_side(MR, NV)>;
  }
};
inline constexpr DirectTiles kDirectTiles{};
#endif

// C (+)= A M^T for `rows` rows and one vector of units of a panel of NV vectors
template <class P>
RECUR_INLINE void multiply_direct(long rows, const DirectPart<typename P::T>* parts, int count, long lanes,
                                  const typename P::E* A, long stride, int NV, typename P::T* C, long c_stride,
                                  bool add) {
#if defined(__AVX512F__) || defined(__AVX2__)
  if constexpr (most_direct_rows<P>() > 0) {
    kDirectTiles.of[rows][NV](parts, count, lanes, A, stride, C, c_stride, add);
    return;
  }
#endif
  (void)rows, (void)parts, (void)count, (void)lanes, (void)A, (void)stride, (void)NV, (void)C, (void)c_stride,
      (void)add;
}

}  // namespace recur
