// Ragged batch: which steps each row has, and where they are, without padding and without copies.
//
// A reset splits a row into independent sequences, which are computed as separate rows. Rows are sorted by length,
// longest first, so that the rows with a step s are the first n(s), and every memory of all steps is dense: step s of
// row i is at off(s) + i. In reverse time, step 0 is a row's last real step.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "recur.h"

namespace recur {

class RaggedBatch {
 public:
  explicit RaggedBatch(const RecurCall& call) : call_(call), T_(call.T), B_(call.B), reverse_(call.reverse != 0) {
    dense_ = call.lengths == nullptr && call.offsets == nullptr && call.resets == nullptr;
    if (dense_) {
      count_ = B_;
      steps_ = B_ > 0 ? T_ : 0;
      total_ = steps_ * B_;
      return;
    }
    for (int64_t b = 0; b < B_; ++b) split(b);
    std::stable_sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& c) { return a.length > c.length; });
    count_ = static_cast<int64_t>(rows_.size());
    steps_ = count_ > 0 ? rows_[0].length : 0;
    live_.resize(static_cast<size_t>(steps_));
    before_.resize(static_cast<size_t>(steps_) + 1);
    int64_t n = count_, sum = 0;
    for (int64_t s = 0; s < steps_; ++s) {
      while (n > 0 && rows_[static_cast<size_t>(n - 1)].length <= s) --n;
      live_[static_cast<size_t>(s)] = n;
      before_[static_cast<size_t>(s)] = sum;
      sum += n;
    }
    before_[static_cast<size_t>(steps_)] = sum;
    total_ = sum;
  }

  bool dense() const { return dense_; }
  int64_t count() const { return count_; }  // rows, after resets have split them
  int64_t steps() const { return steps_; }  // of the longest
  int64_t total() const { return total_; }  // steps of all rows
  int64_t live(int64_t s) const { return dense_ ? B_ : live_[static_cast<size_t>(s)]; }
  int64_t off(int64_t s) const { return dense_ ? s * B_ : before_[static_cast<size_t>(s)]; }
  // states have one slot more than there are steps: slot 0 holds the initial states of all rows
  int64_t slot(int64_t s) const { return s == 0 ? 0 : count_ + off(s - 1); }

  int64_t row(int64_t i) const { return dense_ ? i : rows_[static_cast<size_t>(i)].row; }
  int64_t length(int64_t i) const { return dense_ ? T_ : rows_[static_cast<size_t>(i)].length; }
  bool begins(int64_t i) const { return dense_ || rows_[static_cast<size_t>(i)].begins; }
  bool ends(int64_t i) const { return dense_ || rows_[static_cast<size_t>(i)].ends; }
  int64_t time(int64_t s, int64_t i) const {
    if (dense_) return reverse_ ? T_ - 1 - s : s;
    const Row& r = rows_[static_cast<size_t>(i)];
    return reverse_ ? r.start + r.length - 1 - s : r.start + s;
  }
  // where step s of row i of one of the caller's arrays begins
  int64_t at(int64_t s, int64_t i, int64_t time_stride, int64_t row_stride) const {
    const int64_t t = time(s, i), b = row(i);
    return call_.offsets != nullptr ? (call_.offsets[t] + b) * row_stride : t * time_stride + b * row_stride;
  }
  // the caller's row b has no step at or after this time
  int64_t real(int64_t b) const {
    if (call_.lengths != nullptr) return call_.lengths[b];
    if (call_.offsets == nullptr) return T_;
    int64_t t = T_;
    while (t > 0 && call_.offsets[t] - call_.offsets[t - 1] <= b) --t;
    return t;
  }

  // each(r, s, i) for the positions from <= r < to, in order
  template <class Each>
  void walk(int64_t from, int64_t to, const Each& each) const {
    if (from >= to) return;
    int64_t s, i;
    if (dense_) {
      s = from / B_, i = from % B_;
    } else {
      s = std::upper_bound(before_.begin(), before_.end(), from) - before_.begin() - 1;
      i = from - before_[static_cast<size_t>(s)];
    }
    for (int64_t r = from; r < to; ++r) {
      each(r, s, i);
      if (++i == live(s)) i = 0, ++s;
    }
  }

 private:
  struct Row {
    int64_t row, start, length;
    bool begins, ends;  // it starts from the caller's initial state; its last state is the caller's final state
  };

  void split(int64_t b) {
    const int64_t length = real(b);
    int64_t start = 0;
    if (call_.resets != nullptr) {
      for (int64_t t = 1; t < length; ++t) {
        if (call_.resets[t * call_.resets_time + b * call_.resets_row] != 0) {
          add(b, start, t - start, length);
          start = t;
        }
      }
    }
    add(b, start, length - start, length);
  }
  void add(int64_t b, int64_t start, int64_t length, int64_t whole) {
    const bool first = start == 0, last = start + length == whole;
    // a boundary before the first step: forward in time it zeroes the initial state, in reverse it has no effect
    const bool cut = call_.resets != nullptr && whole > 0 && call_.resets[b * call_.resets_row] != 0;
    rows_.push_back({b, start, length, reverse_ ? last : first && !cut, reverse_ ? first : last});
  }

  const RecurCall& call_;
  int64_t T_, B_, count_ = 0, steps_ = 0, total_ = 0;
  bool reverse_, dense_;
  std::vector<Row> rows_;
  std::vector<int64_t> live_, before_;
};

}  // namespace recur
