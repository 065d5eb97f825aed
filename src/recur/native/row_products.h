// Products of a matrix that one row of the batch has of its own with a vector of that row.
#pragma once

#include "vec.h"

namespace recur {

// the sum of the lanes, by halves
template <class T>
RECUR_INLINE T sum_by_halves(Vec<T> v) {
  T parts[Lane<T>::count];
  store<T>(parts, v);
  for (int width = Lane<T>::count / 2; width > 0; width /= 2) {
    for (int i = 0; i < width; ++i) parts[i] += parts[i + width];
  }
  return parts[0];
}

// to[u] = sum over j of C[u, j] v[j], for the units first..last
template <class T>
void multiply_row(const T* C, int64_t stride, const T* v, int64_t depth, int64_t first, int64_t last, T* to) {
  constexpr int64_t L = Lane<T>::count;
  const int64_t whole = depth / L * L;
  int64_t u = first;
  for (; u + 4 <= last; u += 4) {
    const T *a = C + u * stride, *b = a + stride, *c = b + stride, *d = c + stride;
    Vec<T> s0{}, s1{}, s2{}, s3{};
    for (int64_t j = 0; j < whole; j += L) {
      const Vec<T> x = load<T>(v + j);
      s0 += load<T>(a + j) * x;
      s1 += load<T>(b + j) * x;
      s2 += load<T>(c + j) * x;
      s3 += load<T>(d + j) * x;
    }
    T t0 = 0, t1 = 0, t2 = 0, t3 = 0;
    for (int64_t j = whole; j < depth; ++j) {
      t0 += a[j] * v[j];
      t1 += b[j] * v[j];
      t2 += c[j] * v[j];
      t3 += d[j] * v[j];
    }
    to[u] = sum_by_halves<T>(s0) + t0;
    to[u + 1] = sum_by_halves<T>(s1) + t1;
    to[u + 2] = sum_by_halves<T>(s2) + t2;
    to[u + 3] = sum_by_halves<T>(s3) + t3;
  }
  for (; u < last; ++u) {
    const T* a = C + u * stride;
    Vec<T> sum{};
    for (int64_t j = 0; j < whole; j += L) sum += load<T>(a + j) * load<T>(v + j);
    T rest = 0;
    for (int64_t j = whole; j < depth; ++j) rest += a[j] * v[j];
    to[u] = sum_by_halves<T>(sum) + rest;
  }
}

// to[u] = sum over j of C[j, u] v[j], for the units first..last
template <class T>
void multiply_row_transposed(const T* C, int64_t stride, const T* v, int64_t depth, int64_t first, int64_t last,
                             T* to) {
  constexpr int64_t L = Lane<T>::count;
  int64_t u = first;
  for (; u + 4 * L <= last; u += 4 * L) {
    Vec<T> s0{}, s1{}, s2{}, s3{};
    for (int64_t j = 0; j < depth; ++j) {
      const T* row = C + j * stride + u;
      const Vec<T> x = splat<T>(v[j]);
      s0 += load<T>(row) * x;
      s1 += load<T>(row + L) * x;
      s2 += load<T>(row + 2 * L) * x;
      s3 += load<T>(row + 3 * L) * x;
    }
    store<T>(to + u, s0);
    store<T>(to + u + L, s1);
    store<T>(to + u + 2 * L, s2);
    store<T>(to + u + 3 * L, s3);
  }
  for (; u < last; u += L) {
    if (last - u < L && last - first >= L) u = last - L;  // some units twice, in place of single ones
    const int64_t n = last - u < L ? last - u : L;
    Vec<T> sum{};
    if (n == L) {
      for (int64_t j = 0; j < depth; ++j) sum += load<T>(C + j * stride + u) * splat<T>(v[j]);
    } else {
      for (int64_t j = 0; j < depth; ++j) sum += load_first<T>(C + j * stride + u, n) * splat<T>(v[j]);
    }
    store_first<T>(to + u, sum, n);
  }
}

// The products of several rows of the batch
template <class T>
struct RowProduct {
  int64_t columns, depth, first, last;  // of the matrix, of the vector; the units
  const T *matrix = nullptr, *vector = nullptr;
  T* to = nullptr;
  int64_t matrix_stride = 0, vector_stride = 0, to_stride = 0;  // from row to row of the batch

  // with C[row :, column :], or with that of C^T
  void multiply(int64_t rows, bool transposed, int64_t row, int64_t column) const {
    const T* from = matrix + (transposed ? column * columns + row : row * columns + column);
    for (int64_t i = 0; i < rows; ++i) {
      const T *C = from + i * matrix_stride, *v = vector + i * vector_stride;
      if (transposed) {
        multiply_row_transposed<T>(C, columns, v, depth, first, last, to + i * to_stride);
      } else {
        multiply_row<T>(C, columns, v, depth, first, last, to + i * to_stride);
      }
    }
  }

  // with one matrix for each head, one after the other, each of which multiplies its part of the vector
  void multiply_heads(int64_t rows, bool transposed, int64_t heads, int64_t units) const {
    const int64_t own = units / heads;
    RowProduct<T> part = *this;
    part.depth = depth / heads;
    for (int64_t h = first / own; h * own < last; ++h) {
      part.first = first > h * own ? first - h * own : 0;
      part.last = last - h * own < own ? last - h * own : own;
      part.matrix = matrix + h * own * part.depth;
      part.vector = vector + h * part.depth;
      part.to = to + h * own;
      part.multiply(rows, transposed, 0, 0);
    }
  }
};

}  // namespace recur
