// SIMD vectors of numbers, as wide as the instruction set that this file is compiled for.
//
// Written in the vector extensions that g++ and clang++ share, so that one text serves AVX2, AVX-512, NEON and plain
// C++; only operations that the extensions lack are written per instruction set.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#define RECUR_VECTOR_BYTES 64
#elif defined(__AVX__)
#define RECUR_VECTOR_BYTES 32
#else
#define RECUR_VECTOR_BYTES 16
#endif

#define RECUR_INLINE inline __attribute__((always_inline))

namespace recur {

typedef float F32 __attribute__((vector_size(RECUR_VECTOR_BYTES)));
typedef double F64 __attribute__((vector_size(RECUR_VECTOR_BYTES)));
typedef int32_t I32 __attribute__((vector_size(RECUR_VECTOR_BYTES)));
typedef int64_t I64 __attribute__((vector_size(RECUR_VECTOR_BYTES)));

// the vector type of a number type, the integers of its width, and the number of lanes
template <class T>
struct Lane;
template <>
struct Lane<float> {
  using V = F32;
  using I = I32;
  using Int = int32_t;
  static constexpr int count = RECUR_VECTOR_BYTES / 4;
};
template <>
struct Lane<double> {
  using V = F64;
  using I = I64;
  using Int = int64_t;
  static constexpr int count = RECUR_VECTOR_BYTES / 8;
};
template <class T>
using Vec = typename Lane<T>::V;

template <class T>
RECUR_INLINE Vec<T> load(const T* p) {
  Vec<T> v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <class T>
RECUR_INLINE void store(T* p, Vec<T> v) {
  std::memcpy(p, &v, sizeof v);
}

// a - 0 is a for every a, -0 included, so compilers reduce it to a copy
template <class T>
RECUR_INLINE Vec<T> splat(T a) {
  return a - Vec<T>{};
}

// the first n numbers at p, zeros after them
template <class T>
RECUR_INLINE Vec<T> load_first(const T* p, long n) {
  Vec<T> v{};
  std::memcpy(&v, p, sizeof(T) * static_cast<size_t>(n));
  return v;
}
template <class T>
RECUR_INLINE void store_first(T* p, Vec<T> v, long n) {
  std::memcpy(p, &v, sizeof(T) * static_cast<size_t>(n));
}

// lanes 0..n-1 of v, and `rest` after them
template <class T>
RECUR_INLINE Vec<T> first(Vec<T> v, long n, T rest = 0) {
  typename Lane<T>::I index;
  for (int i = 0; i < Lane<T>::count; ++i) index[i] = i;
  auto keep = index < static_cast<typename Lane<T>::Int>(n);
  return keep ? v : splat<T>(rest);
}

// by halves, so that few additions wait for each other
template <class T, class V>
RECUR_INLINE T sum_of_halves(V v) {
  constexpr size_t count = sizeof(V) / sizeof(T);
  if constexpr (count == 2) {
    return v[0] + v[1];
  } else {
    typedef T Half __attribute__((vector_size(sizeof(V) / 2)));
    Half low, high;
    std::memcpy(&low, &v, sizeof low);
    std::memcpy(&high, reinterpret_cast<const char*>(&v) + sizeof low, sizeof high);
    return sum_of_halves<T, Half>(low + high);
  }
}
template <class T>
RECUR_INLINE T lane_sum(Vec<T> v) {
  return sum_of_halves<T, Vec<T>>(v);
}

// the largest lane; NaN if one is
template <class T>
RECUR_INLINE T lane_largest(Vec<T> v) {
  T most = v[0];
  for (int i = 1; i < Lane<T>::count; ++i) most = v[i] > most || v[i] != v[i] ? v[i] : most;
  return most;
}

template <class T>
constexpr long rounded_up(T n, long to) {
  return (static_cast<long>(n) + to - 1) / to * to;
}

}  // namespace recur
