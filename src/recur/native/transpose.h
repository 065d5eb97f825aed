// Transposed copies of blocks of numbers.
#pragma once

#include <algorithm>

#include "gemm.h"

namespace recur {

// to[k * to_stride + j] = from[j * from_stride + k] for J rows of K columns
template <class T>
void transpose(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t J, int64_t K) {
  for (int64_t j = 0; j < J; j += 16) {
    for (int64_t k = 0; k < K; k += 16) {
#if defined(__AVX512F__)
      if constexpr (sizeof(T) == 4) {
        if (j + 16 <= J && k + 16 <= K) {
          transpose16(from + j * from_stride + k, from_stride, to + k * to_stride + j, to_stride);
          continue;
        }
      }
#endif
      for (int64_t b = k; b < std::min(k + 16, K); ++b) {
        for (int64_t a = j; a < std::min(j + 16, J); ++a) to[b * to_stride + a] = from[a * from_stride + b];
      }
    }
  }
}

}  // namespace recur
