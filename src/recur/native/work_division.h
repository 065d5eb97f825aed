// Work division: how many threads a recurrence takes, and which rows or units each of them works on.
#pragma once

#include <unistd.h>

#include <algorithm>

#include "ragged_batch.h"
#include "recur.h"
#include "team.h"
#include "vec.h"

namespace recur {

constexpr int64_t kRowsEach = 8;                // rows per thread from which the threads divide the rows
constexpr int64_t kFewRowsEach = 4;             // and that from which they do where the matrices are small
constexpr int64_t kLargeMatrices = 512 * 1024;  // elements from which matrices exceed the cache of one core
constexpr int64_t kWorthSharing = 32 * 1024;  // multiplications of a step below which a second thread does not pay off
constexpr int64_t kLeastSpan = 256;           // steps of a thread from which the threads divide time
constexpr int64_t kRunsOfSpan = 16;  // the parts of a thread's steps that are compared when they are computed twice
constexpr int64_t kWorthRows = 768 * 1024;  // of all steps below which dividing the rows does not
constexpr int64_t kWorthMoving = 256;  // inputs of a product from which another thread computes it for a loop of one
constexpr int64_t kScanWork = 16;      // multiplications that take as long as a unit of an element-wise step

constexpr double kFewRowsRate = 20e9, kRowsRate = 60e9;  // multiplications per second of one thread

// Bytes of the second-level cache of a core; the least of common processors where the system does not say
inline int64_t second_level_cache() {
#ifdef _SC_LEVEL2_CACHE_SIZE
  static const int64_t bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
#else
  constexpr int64_t bytes = 0;
#endif
  return bytes > 0 ? bytes : int64_t{1} << 20;
}

// The units of a thread where threads divide the units: whole panels, the same in every stage
struct Units {
  int64_t first, last;
};

template <class T>
class WorkDivision {
 public:
  static constexpr int64_t L = Lane<T>::count;

  WorkDivision(const RecurCell& cell, RecurCall& call, const RecurProgram& program)
      : cell_(cell), call_(call), program_(program), sizes_(call.sizes), rows_(call) {
    plan_threads();
  }

 protected:
  // The steps of a thread where threads divide time
  struct Span {
    int64_t first, last;
  };
  Span span_of(int part) const { return {rows_.steps() * part / threads_, rows_.steps() * (part + 1) / threads_}; }
  // steps that run together at most, so that what is computed twice is a small part of a span
  int64_t most_together() const { return std::max<int64_t>(1, rows_.steps() / threads_ / kRunsOfSpan); }

  int64_t size(int32_t index) const { return sizes_[index]; }
  int64_t padded(int32_t index) const { return rounded_up(sizes_[index], L); }

  // where in its matrix the rows of a block begin that unit u of the product reads
  const T* first_of(const RecurBlock& b, int64_t u) const {
    const int64_t row = size(b.row) + u, column = size(b.column), stride = size(cell_.matrix_columns[b.matrix]);
    return static_cast<const T*>(call_.matrices[b.matrix]) +
           (b.transposed != 0 ? column * stride + row : row * stride + column);
  }

  void plan_threads() {
    int64_t work = 0, own_work = 0, widest = 1;  // own: with matrices of the rows, which no other row reads
    for (int32_t k = 0; k < program_.stage_count; ++k) {
      const RecurStage& stage = program_.stages[k];
      widest = std::max(widest, size(stage.units_size));
      // what is packed for one call and used in others: streams and frozen weights, which have this program
      whole_panels_ = whole_panels_ || (stage.panel_vectors > 1 && &program_ == &cell_.forward);
      for (int32_t g = 0; g < stage.group_count; ++g) {
        for (int32_t m = 0; m < stage.groups[g].operand_count; ++m) {
          work +=
              stage.groups[g].product_count * size(stage.units_size) * size(stage.groups[g].operands[m].columns_size);
        }
      }
      for (int32_t m = 0; m < stage.contraction_count; ++m) {
        const RecurContraction& c = stage.contractions[m];
        const int64_t heads = c.heads_size < 0 ? 1 : size(c.heads_size);
        own_work += size(stage.units_size) * size(c.vector.columns_size) / heads;
      }
    }
    int64_t whole = 0;
    for (int32_t m = 0; m < cell_.matrix_count; ++m) {
      whole += size(cell_.matrix_rows[m]) * size(cell_.matrix_columns[m]) * rows_.total();
    }
    multiplications_ = whole + own_work * rows_.total();
    const int64_t most = std::max<int64_t>(1, std::min<int64_t>(call_.threads, kMostThreads));
    divide(most, work, own_work, widest);
    // what one thread computes alone it computes as if there were no other
    if (threads_ == 1 && most > 1) divide(1, work, own_work, widest);
  }

  void divide(int64_t most, int64_t work, int64_t own_work, int64_t widest) {
    const int64_t whole = multiplications_, count = std::max<int64_t>(1, rows_.count());
    // where threads divide the rows, each reads all matrices at every step; matrices that are large and larger than the
    // states are better divided: each thread reads the part of its units for all rows
    const bool share_matrices = work >= kLargeMatrices && work > count * widest;
    const bool small =
        (work + own_work) * count >= kWorthSharing && work * int64_t{sizeof(T)} * 8 <= second_level_cache();
    by_rows_ = count >= (small ? kFewRowsEach : kRowsEach) * most && !share_matrices;
    if (most > 1 && cell_.scanned == 0 && whole < kWorthRows) by_rows_ = false;
    int64_t sharing = most;
    if (cell_.scanned != 0) {
      // no thread waits for another in the loop, so what counts is the work of all steps
      const bool worth = whole + kScanWork * widest * rows_.total() >= 8 * kWorthSharing;
      by_rows_ = worth && (by_rows_ || (widest < L * most && count >= most));
      if (!worth) sharing = 1;
      by_time_ = worth && !by_rows_ && most > 1 && rows_.dense() && rows_.steps() >= most * kLeastSpan;
      for (int32_t n = 0; n < cell_.noise_count; ++n) {
        // the rows of several steps are not evenly spaced in a noise that has one row for each row of the batch
        by_time_ = by_time_ && (call_.noise_time[n] != 0 || call_.noise_row[n] == 0);
      }
    }
    if (!by_rows_ && !by_time_) {
      if (cell_.scanned == 0 && (work + own_work) * count < kWorthSharing) sharing = 1;
      // a thread without units would only cost a wait
      const int64_t grain = whole_panels_ ? 2 * L : L;
      sharing = std::min(sharing, (widest + grain - 1) / grain);
    }
    loop_threads_ = static_cast<int>(sharing);
    const bool worth = whole >= 8 * kWorthSharing && (sharing > 1 || products_worth_moving());
    threads_ = worth ? static_cast<int>(most) : loop_threads_;
  }

  // Whether products with the input, of which each thread computes a part, are deep enough: the thread that runs the
  // loop reads every result, and those of another core take it as long as a product of so many inputs.
  bool products_worth_moving() const {
    if (&program_ == &cell_.backward) return true;  // its products are gradients, which no loop reads
    int64_t deepest = 0;
    for (int32_t h = 0; h < cell_.hoisted_count; ++h) {
      int64_t depth = 0;
      for (int32_t m = 0; m < cell_.hoisted[h].operand_count; ++m)
        depth += size(cell_.hoisted[h].operands[m].columns_size);
      deepest = std::max(deepest, depth);
    }
    return deepest >= kWorthMoving;
  }

  // of the products on one thread; those of few rows wait for the matrices
  double expected_seconds() const {
    return static_cast<double>(multiplications_) / (rows_.count() < kRowsEach ? kFewRowsRate : kRowsRate);
  }

  Units units_of(int32_t units_size, int thread, int threads) const {
    const int64_t whole = padded(units_size);
    if (by_rows_ || threads == 1) return {0, whole};
    const int64_t grain = whole_panels_ || whole >= 2 * L * threads ? 2 * L : L;
    const int64_t grains = (whole + grain - 1) / grain;
    return {std::min(whole, grains * thread / threads * grain),
            std::min(whole, grains * (thread + 1) / threads * grain)};
  }

  // the rows of a step of one thread: all, or every threads-th, so that long and short rows are distributed evenly
  int64_t own_rows(int64_t n, int thread, int threads) const {
    if (!by_rows_) return n;
    return n > thread ? (n - thread + threads - 1) / threads : 0;
  }

  const RecurCell& cell_;
  RecurCall& call_;
  const RecurProgram& program_;
  const int64_t* sizes_;
  RaggedBatch rows_;
  bool by_rows_ = false;
  bool by_time_ = false;         // whether each thread runs a part of the steps: see scan.h
  int threads_ = 1;              // of the call
  int loop_threads_ = 1;         // of the loop over time: a short step runs on one thread
  int64_t multiplications_ = 0;  // of all steps
  bool whole_panels_ = false;    // whether no panel may be divided, so that packed matrices fit any number of threads
};

}  // namespace recur
