// Batched products over all steps at once: rows that are copied into a block, times a packed matrix.
#pragma once

#include <algorithm>

#include "int8.h"

namespace recur {

constexpr long kBlockRows = 112;       // at most eight tiles of fourteen
constexpr long kFewRows = 56;          // for small matrices, so that a block stays in the first-level cache
constexpr long kLargeBytes = 6 << 20;  // packed size from which a matrix is read less often, with larger blocks
constexpr long kBlockDepth = 1024;     // deep enough that sums are rarely written twice

// A matrix of `columns` columns as panels of two vectors; the last may be one vector.
template <class P>
struct Panels {
  static constexpr long L = Lane<typename P::T>::count;
  long K = 0, vectors = 0;
  typename P::E* data = nullptr;

  Panels() = default;
  Panels(long k, long columns) : K(k), vectors((columns + L - 1) / L) {}
  long count() const { return (vectors + 1) / 2; }
  long depth() const { return padded_k<P>(K) + P::head; }
  long elements() const { return vectors * L * depth() + 64; }
  long width(long p) const { return std::min(2L, vectors - 2 * p); }
  typename P::E* panel(long p) const { return data + p * 2 * L * depth(); }
  // the address of element k of vector v of a panel (k is even where elements come in pairs)
  typename P::E* at(long v, long k) const { return panel(v / 2) + k * width(v / 2) * L + (v % 2) * L * P::pair; }
  long stride(long v) const { return width(v / 2) * L * P::pair; }
};

// The rows and panels of a thread: split by panels where there are enough, so that each thread packs what it reads
struct ThreadTile {
  long row0, row1, panel0, panel1;
};
inline ThreadTile tile_of_thread(long rows, long panels, int thread, int threads) {
  if (threads == 1) return {0, rows, 0, panels};
  const long each = (panels + threads - 1) / threads;
  // by panels only if the threads then have nearly equal work
  if (panels >= threads && each * threads <= panels + panels / 8) {
    return {0, rows, panels * thread / threads, panels * (thread + 1) / threads};
  }
  return {rows * thread / threads, rows * (thread + 1) / threads, 0, panels};
}

// C[r - c_row] (+)= A[r] B for rows from <= r < to and panels p0 <= p < p1. `copy(to, r, n, k, depth)` copies n rows
// from r on, elements k .. k + depth, to rows of `to`; `finished(row, rows)` is called when a block of C is complete.
// With `c_block`, C holds one block of rows at a time; with `copied`, `block` already holds the only block of A.
template <class P, class Copy, class Finished>
void batched_product(long from, long to, const Panels<P>& B, long p0, long p1, typename P::E* block, typename P::T* C,
                     long c_stride, bool c_block, bool add, const Copy& copy, const Finished& finished,
                     bool copied = false) {
  constexpr long L = Panels<P>::L;
  // a row of whole numbers has one scale
  const long deepest = P::whole ? std::max(1L, B.K) : kBlockDepth;
  // 128 rows are two blocks of 64, not one of 112 and one of 16
  const long most = B.elements() * static_cast<long>(sizeof(typename P::E)) > kLargeBytes ? kBlockRows : kFewRows;
  const long blocks = std::max(1L, (to - from + most - 1) / most), even = (to - from + blocks - 1) / blocks;
  for (long r = from; r < to; r += even) {
    const long n = std::min(even, to - r);
    typename P::T* c = c_block ? C : C + r * c_stride;
    for (long k = 0; k == 0 || k < B.K; k += deepest) {
      const long depth = std::min(deepest, B.K - k);
      const long stride = padded_k<P>(depth) + pad<typename P::E>();
      if (!copied || B.K > deepest) copy(block, stride, r, n, k, depth);
      for (long p = p0; p < p1; ++p) {
        multiply_panel<P>(n, depth, block, stride, B.panel(p) + k * B.width(p) * L, static_cast<int>(B.width(p)),
                          c + p * 2 * L, c_stride, add || k > 0);
      }
    }
    finished(r, n);
  }
}

// The same for rows of A that are `a_stride` apart and need no copy, and C as a block
template <class P, class Finished>
void product_in_place(long from, long to, const Panels<P>& B, long p0, long p1, const typename P::E* A, long a_stride,
                      typename P::T* C, long c_stride, const Finished& finished) {
  constexpr long L = Panels<P>::L;
  const long blocks = std::max(1L, (to - from + kFewRows - 1) / kFewRows), even = (to - from + blocks - 1) / blocks;
  for (long r = from; r < to; r += even) {
    const long n = std::min(even, to - r);
    for (long p = p0; p < p1; ++p) {
      multiply_panel<P>(n, B.K, A + r * a_stride, a_stride, B.panel(p), static_cast<int>(B.width(p)), C + p * 2 * L,
                        c_stride, false);
    }
    finished(r, n);
  }
}

constexpr long kStepDepth = 256;  // along k: such a part of a panel stays in the first-level cache

// C = A B, or C += A B, for `steps` steps of n rows that are evenly spaced within a step: those of step s begin at
// a(s) and c(s)
template <class P, class A, class C>
void product_of_steps(long steps, long n, const Panels<P>& B, long p0, long p1, const A& a, long a_stride, const C& c,
                      long c_stride, bool add = false) {
  constexpr long L = Panels<P>::L;
  const long together = std::max(1L, kFewRows / n);
  for (long from = 0; from < steps; from += together) {
    const long to = std::min(steps, from + together);
    for (long p = p0; p < p1; ++p) {
      for (long k = 0; k < B.K; k += kStepDepth) {
        const long depth = std::min(kStepDepth, B.K - k);
        for (long s = from; s < to; ++s) {
          multiply_panel<P>(n, depth, a(s) + k, a_stride, B.panel(p) + k * B.width(p) * L, static_cast<int>(B.width(p)),
                            c(s) + p * 2 * L, c_stride, add || k > 0);
        }
      }
    }
  }
}

// the elements of a block, for matrices of at most K columns
template <class P>
constexpr long block_elements(long K = 0) {
  const long depth = P::whole ? padded_k<P>(K) : kBlockDepth;
  return kBlockRows * (depth + pad<typename P::E>() + 2) + 64;
}

}  // namespace recur
