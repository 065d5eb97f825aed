// Scan: many steps of a recurrence without products and totals in one call of its kernel.
//
// Such a kernel works on each unit by itself and on its rows in order. The rows of consecutive steps follow each other
// in memory, so the rows of many steps are one call: row r reads the state that row r - B has written. No thread waits
// for another, since each has its own units, or rows, of all steps.
//
// Where there are few rows and units, threads divide time. Each runs its steps from a guess of the state before them,
// zeros. Then, one thread after another, the first of these steps are run again from the true state, until both runs
// have come to the same states, bit for bit: from there on all values are those of one loop over all steps. A step that
// forgets its state comes there after a small part of its steps; one that does not runs them twice, which takes as long
// as the loop. The backward pass does the same with dE/dstate, from the last step to the first.
#pragma once

#include "recurrence.h"

namespace recur {

template <class P>
class Scan : public Recurrence<P> {
  using Base = Recurrence<P>;

 public:
  using typename Base::T;
  using typename Base::Thread;
  static constexpr int64_t L = Base::L;

 protected:
  Scan(const RecurCell& cell, RecurCall& call, const RecurProgram& program, bool training)
      : Base(cell, call, program, training) {
    for (int32_t n = 0; n < cell.noise_count; ++n) {
      repeated_noise_ = repeated_noise_ || (call.noise_time[n] == 0 && call.noise_row[n] != 0);
    }
    int64_t columns = this->tape_.stride + 2 * this->state_.stride + this->input_.stride;
    for (int32_t k = 0; k < cell.derivative_count; ++k) columns += this->padded(cell.derivative_sizes[k]);
    const int64_t fit = kScanBytes / static_cast<int64_t>(sizeof(T)) / std::max<int64_t>(1, columns);
    rows_together_ = std::max(this->rows_.count(), std::min(fit, this->rows_.total()));
    if (this->by_time_) rows_together_ = std::min(rows_together_, this->most_together() * this->rows_.count());
  }

  // memory of each thread for the states of one run of steps and of the step before it
  void allocate_scan(Arena& arena) {
    scan_.clear();
    const int64_t rows = this->cell_.scanned != 0 ? rows_together_ + this->rows_.count() : 0;
    for (int n = 0; n < this->threads_; ++n) scan_.push_back(arena.take<T>(rows * this->state_.stride + L));
  }

  // the number of steps from s on that one call runs, forward (way 1) or back (way -1), before `end`: steps with the
  // same rows, all evenly spaced in each memory; with `slots`, in that of the states of all steps, too
  int64_t steps_together(int64_t s, int64_t end, int64_t way, int threads, bool slots) const {
    const int64_t n = this->rows_.live(s);
    if (repeated_noise_ || (this->by_rows_ && n % threads != 0)) return 1;
    int64_t steps = 1;
    for (int64_t next = s + way; next != end && (steps + 1) * n <= rows_together_; next += way, ++steps) {
      const int64_t later = std::max(next, next - way);
      if (this->rows_.live(next) != n) break;
      if (slots && this->rows_.slot(later) - this->rows_.slot(later - 1) != n) break;
    }
    return steps;
  }

  // copy the thread's units of state pieces: n rows, `apart` rows from each other
  void copy_units(const Thread& one, T* to, int64_t to_apart, const T* from, int64_t from_apart, int64_t n) const {
    const int64_t stride = this->state_.stride;
    for (int32_t k = 0; k < this->cell_.state_part_count; ++k) {
      const auto units = this->units_of(this->cell_.state_parts[k].size, one.thread, one.threads);
      if (units.first >= units.last) continue;
      const int64_t at = this->state_.at[static_cast<size_t>(k)] + units.first;
      for (int64_t i = 0; i < n; ++i) {
        std::memcpy(to + i * to_apart * stride + at, from + i * from_apart * stride + at,
                    sizeof(T) * static_cast<size_t>(units.last - units.first));
      }
    }
  }

  // whether two memories hold the same states of all rows, bit for bit
  bool same_states(const T* a, const T* b) const {
    for (int64_t i = 0; i < this->rows_.count(); ++i) {
      for (int32_t k = 0; k < this->cell_.state_part_count; ++k) {
        const int64_t at = i * this->state_.stride + this->state_.at[static_cast<size_t>(k)];
        const size_t bytes = sizeof(T) * static_cast<size_t>(this->size(this->cell_.state_parts[k].size));
        if (std::memcmp(a + at, b + at, bytes) != 0) return false;
      }
    }
    return true;
  }

  int64_t state_elements() const { return this->rows_.count() * this->state_.stride; }
  void copy_states(T* to, const T* from) const {
    std::memcpy(to, from, sizeof(T) * static_cast<size_t>(state_elements()));
  }

  // the memory of one thread for the values of a run of steps
  static constexpr int64_t kScanBytes = 384 * 1024;

  int64_t rows_together_ = 1;
  bool repeated_noise_ = false;  // whether a noise has a row for each row of the batch, the same at all steps
  std::vector<T*> scan_;
};

}  // namespace recur
