// Gradients of a thread's own rows: dE/dx and the thread's share of every dE/dW, a few steps at a time, while dE/dz of
// these steps is in the thread's cache. Threads meet only when their shares are added.
#pragma once

#include "input_gradient.h"

namespace recur {

template <class P>
class OwnGradients : public InputGradient<P> {
  using Base = InputGradient<P>;

 public:
  using typename Base::Block;
  using typename Base::T;
  using typename Base::Thread;

 protected:
  using Base::derivative_, Base::derivative_base_, Base::own_depth_, Base::own_fit_, Base::own_rows_;

  OwnGradients(const RecurCell& cell, RecurCall& call) : Base(cell, call) {}

  // gradients of every thread by matrix: the caller's of the first thread, and memory for the shares of the others
  void allocate_shares(Arena& arena) {
    shares_.assign(static_cast<size_t>(this->threads_), {});
    started_.assign(static_cast<size_t>(this->threads_), {});
    for (int n = 0; n < this->threads_; ++n) {
      for (int32_t m = 0; m < this->cell_.matrix_count; ++m) {
        T* given = static_cast<T*>(this->call_.d_matrices[m]);
        shares_[static_cast<size_t>(n)].push_back(n == 0 || given == nullptr ? given : arena.take<T>(elements(m)));
      }
    }
  }

  int64_t elements(int32_t m) const {
    return this->size(this->cell_.matrix_rows[m]) * this->size(this->cell_.matrix_columns[m]);
  }

  // zeros in the shares that are added to from the beginning; those of the first thread are cleared with the caller's
  void clear_shares(int thread) {
    for (int32_t m = 0; m < this->cell_.matrix_count; ++m) {
      T* share = shares_[static_cast<size_t>(thread)][static_cast<size_t>(m)];
      if (thread > 0 && share != nullptr && this->cell_.matrix_shared[m] != 0)
        std::memset(share, 0, sizeof(T) * static_cast<size_t>(elements(m)));
    }
  }

  // rows of dE/dz of one thread of a team
  int64_t own_capacity(int threads) const { return own_rows_ / threads; }
  T* own_derivatives(int thread, int threads) const {
    return derivative_base_ + thread * own_capacity(threads) * derivative_.stride;
  }

  // the gradients of this thread's `rows` rows of the steps from `first` on, up (way 1) or down (way -1)
  void own_gradients(Thread& one, int64_t first, int64_t way, int64_t rows, const T* derivative) {
    auto walk = [&](int64_t from, int64_t to, const auto& each) { walk_own(one, first, way, from, to, each); };
    if (this->call_.d_x != nullptr) {
      for (size_t m = 0; m < this->inputs_.size(); ++m) {
        if (!input_steps(one, m, first, way, rows, derivative))
          this->input_rows(one, m, {0, rows, 0, this->inputs_[m].count()}, derivative, walk);
      }
    }
    if (!this->any_matrix()) return;
    bool& started = started_[static_cast<size_t>(one.thread)].value;
    for (int64_t from = 0; from < rows; from += own_depth_) {
      const int64_t depth = std::min(own_depth_, rows - from);
      const T* part = derivative + from * derivative_.stride;
      this->pack_operands(0, 1, one.thread, depth, part, [&](const auto& each) { walk(from, from + depth, each); });
      const bool add = started || (one.thread == 0 && this->call_.accumulate != 0);
      const Block block = {one.thread, depth, part, one.thread, shares_[static_cast<size_t>(one.thread)].data(), add};
      for (int32_t d = 0; d < this->cell_.derivative_count; ++d)
        this->derivative_units(block, d, 0, this->size(this->cell_.derivative_sizes[d]));
      started = true;
    }
  }

  // add the shares of the other threads to the caller's gradients
  void add_shares(int thread, int threads) {
    for (int32_t m = 0; m < this->cell_.matrix_count; ++m) {
      T* to = shares_[0][static_cast<size_t>(m)];
      if (to == nullptr) continue;
      const int64_t from = elements(m) * thread / threads, last = elements(m) * (thread + 1) / threads;
      for (int other = 1; other < threads; ++other) {
        if (!started_[static_cast<size_t>(other)].value) continue;
        const T* share = shares_[static_cast<size_t>(other)][static_cast<size_t>(m)];
        for (int64_t e = from; e < last; ++e) to[e] += share[e];
      }
    }
  }

 private:
  // part m of dE/dx, written to the caller's memory; false where its rows or the derivatives are not evenly spaced
  bool input_steps(const Thread& one, size_t m, int64_t from, int64_t way, int64_t rows, const T* derivative) {
    const RecurInputPart& part = this->cell_.input_gradients[m];
    const int64_t width = this->size(part.size);
    if (this->rows_.count() < kRowsEach * one.threads) return false;
    if (P::copies || !this->rows_.dense() || part.rest >= 0 || !this->adjacent(part) || width % Base::L != 0)
      return false;
    if constexpr (!P::copies) {
      const int64_t n = this->own_rows(this->rows_.count(), one.thread, one.threads);
      const T* first = derivative + derivative_.at[static_cast<size_t>(part.derivatives[0])];
      T* d_x = static_cast<T*>(this->call_.d_x) + this->size(part.start);
      product_of_steps<P>(
          rows / n, n, this->inputs_[m], 0, this->inputs_[m].count(),
          [&](int64_t s) { return first + s * n * derivative_.stride; }, derivative_.stride,
          [&](int64_t s) {
            return d_x + this->rows_.at(from + way * s, one.thread, this->call_.d_x_time, this->call_.d_x_row);
          },
          this->call_.d_x_row * one.threads, this->call_.add_input != 0);
    }
    return true;
  }

  // each(r, s, i) for the rows from .. to of this thread, counted from its first of step `first` on
  template <class Each>
  void walk_own(const Thread& one, int64_t first, int64_t way, int64_t from, int64_t to, const Each& each) const {
    int64_t r = 0, s = first;
    for (int64_t n; r < to; r += n, s += way) {
      n = this->own_rows(this->rows_.live(s), one.thread, one.threads);
      for (int64_t j = std::max<int64_t>(0, from - r); j < std::min(n, to - r); ++j)
        each(r + j, s, one.thread + j * one.threads);
    }
  }

  struct alignas(128) Started {
    bool value = false;
  };

  std::vector<std::vector<T*>> shares_;
  std::vector<Started> started_;
};

}  // namespace recur
