// Padded inputs: the caller's inputs, noises and initial states, copied into padded rows in our order.
#pragma once

#include <cstring>
#include <vector>

#include "products.h"

namespace recur {

template <class P>
class PaddedInputs : public Products<P> {
  using Base = Products<P>;

 public:
  using T = typename P::T;
  using E = typename P::E;
  static constexpr int64_t L = Lane<T>::count;

  PaddedInputs(const RecurCell& cell, RecurCall& call, const RecurProgram& program) : Base(cell, call, program) {
    for (int32_t k = 0; k < cell.state_part_count; ++k) state_.add(sizes_[cell.state_parts[k].size]);
    state_.close();
    if (cell.reads_input) {
      for (int32_t k = 0; k < cell.input_part_count; ++k) input_.add(sizes_[cell.input_parts[k].size]);
      input_.close();
    }
    for (int32_t n = 0; n < cell.noise_count; ++n) {
      Columns<T> columns;
      for (int32_t k = 0; k < cell.noise_part_count; ++k) {
        if (cell.noise_parts[k].owner == n) columns.add(sizes_[cell.noise_parts[k].size]);
      }
      columns.close();
      noise_.push_back(columns);
    }
  }

 protected:
  using Base::call_, Base::cell_, Base::rows_, Base::sizes_;
  using Base::padded, Base::size;

  // memory for noises and, where the step uses x element by element, x, in padded rows in our order
  void allocate_inputs(Arena& arena) {
    noise_base_.clear();
    for (int32_t n = 0; n < cell_.noise_count; ++n) {
      const bool timed = call_.noise_time[n] != 0, by_row = timed || call_.noise_row[n] != 0;
      const int64_t count = timed ? rows_.total() : by_row ? rows_.count() : 1;
      noise_base_.push_back(arena.take<T>(count * noise_[static_cast<size_t>(n)].stride + L));
    }
    if (cell_.reads_input) input_base_ = arena.take<T>(rows_.total() * input_.stride + L);
  }

  void copy_inputs() {
    for (int32_t n = 0; n < cell_.noise_count; ++n) {
      const bool timed = call_.noise_time[n] != 0, by_row = timed || call_.noise_row[n] != 0;
      const int64_t count = timed ? rows_.total() : by_row ? rows_.count() : 1;
      const T* from = static_cast<const T*>(call_.noises[n]);
      auto copy = [&](int64_t r, int64_t at) {
        int64_t c = 0;
        for (int32_t k = 0; k < cell_.noise_part_count; ++k) {
          const RecurPart& part = cell_.noise_parts[k];
          if (part.owner != n) continue;
          pad_row(noise_base_[static_cast<size_t>(n)] + r * noise_[static_cast<size_t>(n)].stride +
                      noise_[static_cast<size_t>(n)].at[static_cast<size_t>(c++)],
                  from + at + size(part.start), size(part.size));
        }
      };
      if (timed) {
        rows_.walk(0, count, [&](int64_t r, int64_t s, int64_t i) {
          copy(r, rows_.time(s, i) * call_.noise_time[n] + rows_.row(i) * call_.noise_row[n]);
        });
      } else {
        for (int64_t i = 0; i < count; ++i) copy(i, by_row ? rows_.row(i) * call_.noise_row[n] : 0);
      }
    }
    if (cell_.reads_input) {
      rows_.walk(0, rows_.total(), [&](int64_t r, int64_t s, int64_t i) {
        const T* from = x_at(s, i);
        for (int32_t k = 0; k < cell_.input_part_count; ++k) {
          pad_row(input_base_ + r * input_.stride + input_.at[static_cast<size_t>(k)],
                  from + size(cell_.input_parts[k].start), size(cell_.input_parts[k].size));
        }
      });
    }
  }

  static void pad_row(T* to, const T* from, int64_t n) {
    std::memcpy(to, from, sizeof(T) * static_cast<size_t>(n));
    std::memset(to + n, 0, sizeof(T) * static_cast<size_t>(rounded_up(n, L) - n));
  }

  const T* x_at(int64_t s, int64_t i) const {
    if (call_.ids != nullptr) return table_row(id_at(s, i));
    return static_cast<const T*>(call_.x) + rows_.at(s, i, call_.x_time, call_.x_row);
  }

  // the row of the caller's table that step s of row i reads
  int64_t id_at(int64_t s, int64_t i) const { return call_.ids[rows_.at(s, i, call_.ids_time, call_.ids_row)]; }
  const T* table_row(int64_t id) const { return static_cast<const T*>(call_.x) + id * call_.x_row; }

  // copy the states of the caller's rows, or zeros, to our rows: `of` by state (B, S)
  void load_states(T* to, const void* const* of, bool initial) const {
    for (int64_t i = 0; i < rows_.count(); ++i) {
      const bool taken = initial ? rows_.begins(i) : rows_.ends(i);
      for (int32_t k = 0; k < cell_.state_part_count; ++k) {
        const RecurPart& part = cell_.state_parts[k];
        T* row = to + i * state_.stride + state_.at[static_cast<size_t>(k)];
        const T* from = of == nullptr ? nullptr : static_cast<const T*>(of[part.owner]);
        if (from == nullptr || !taken) {
          std::memset(row, 0, sizeof(T) * static_cast<size_t>(padded(part.size)));
        } else {
          pad_row(row, from + rows_.row(i) * size(cell_.state_sizes[part.owner]) + size(part.start), size(part.size));
        }
      }
    }
  }

  Columns<T> state_, input_;
  std::vector<Columns<T>> noise_;
  std::vector<T*> noise_base_;
  T* input_base_ = nullptr;
};

}  // namespace recur
