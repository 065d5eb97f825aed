// Memory layout: columns of whole vectors side by side, and an arena that divides one allocation into arrays.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vec.h"

namespace recur {

constexpr long kPad = 64;  // bytes between rows: without them rows of 4096 bytes map to the same cache sets

template <class T>
constexpr long pad() {
  return kPad / static_cast<long>(sizeof(T));
}

// The columns of a memory, side by side, each of whole vectors; rows are those of one step or of all steps
template <class T>
struct Columns {
  std::vector<int64_t> at;
  int64_t stride = 0;

  void add(int64_t size) {
    at.push_back(stride);
    stride += rounded_up(size, Lane<T>::count);
  }
  void close() { stride += at.empty() ? 0 : pad<T>(); }
};

template <class T>
Columns<T> columns_of(const int32_t* which, int32_t count, const int64_t* sizes) {
  Columns<T> columns;
  for (int32_t k = 0; k < count; ++k) columns.add(sizes[which[k]]);
  columns.close();
  return columns;
}

// Divides one allocation into arrays; run once to count bytes and once to assign addresses
class Arena {
 public:
  explicit Arena(char* base = nullptr) : base_(base) {}
  template <class X>
  X* take(int64_t count) {
    X* p = base_ == nullptr ? nullptr : reinterpret_cast<X*>(base_ + used_);
    used_ += (static_cast<size_t>(count) * sizeof(X) + 127) / 128 * 128;
    return p;
  }
  size_t used() const { return used_; }

 private:
  char* base_;
  size_t used_ = 0;
};

template <class T>
void fill_with_nan(void* memory, size_t bytes) {
  T* p = static_cast<T*>(memory);
  const T nan = static_cast<T>(__builtin_nan(""));
  for (size_t n = 0; n < bytes / sizeof(T); ++n) p[n] = nan;
}

}  // namespace recur
