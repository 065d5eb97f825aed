// Vectors spread over the elements of a matrix, row after row: element `row` of the vector for each, or `column`.
#pragma once

#include "vec.h"

namespace recur {

// the columns of the elements from (row, column) on
template <class T>
RECUR_INLINE Vec<T> spread_of_columns(const T* v, int64_t column, int64_t columns) {
  constexpr int64_t L = Lane<T>::count;
  if (column + L <= columns) return load<T>(v + column);
  T elements[2 * L];
  if (columns >= L) {
    store<T>(elements, load<T>(v + column));
    store<T>(elements + columns - column, load<T>(v));
  } else {
    for (int64_t i = 0; i < L; ++i) {
      elements[i] = v[column];
      if (++column == columns) column = 0;
    }
  }
  return load<T>(elements);
}

// the columns of the elements from (row, column) on, of several matrices of `rows` rows one after the other, each of
// which has its own part of the vector; what is past the last row is padding
template <class T>
RECUR_INLINE Vec<T> spread_of_parts(const T* v, int64_t row, int64_t rows, int64_t all_rows, int64_t column,
                                    int64_t columns) {
  constexpr int64_t L = Lane<T>::count;
  int64_t part = static_cast<uint32_t>(row) / static_cast<uint32_t>(rows);
  if (column + L <= columns) return load<T>(v + part * columns + column);
  T elements[L];
  for (int64_t i = 0; i < L; ++i) {
    elements[i] = v[part * columns + column];
    if (++column == columns) {
      column = 0;
      if (row + 1 < all_rows) part = static_cast<uint32_t>(++row) / static_cast<uint32_t>(rows);
    }
  }
  return load<T>(elements);
}

// the rows of the elements from (row, column) on; what is past the last row is padding
template <class T>
RECUR_INLINE Vec<T> spread_of_rows(const T* v, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  constexpr int64_t L = Lane<T>::count;
  if (column + L <= columns) return splat<T>(v[row]);
  if (columns >= L) {
    T elements[2 * L];
    store<T>(elements, splat<T>(v[row]));
    store<T>(elements + columns - column, splat<T>(v[row + 1 < rows ? row + 1 : row]));
    return load<T>(elements);
  }
  T elements[L];
  for (int64_t i = 0; i < L; ++i) {
    elements[i] = v[row < rows ? row : rows - 1];
    if (++column == columns) column = 0, ++row;
  }
  return load<T>(elements);
}

}  // namespace recur
