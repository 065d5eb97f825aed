// Backward scan: many steps of an element-wise step in one call of its kernel, from the last to the first.
#pragma once

#include "own_gradients.h"

namespace recur {

template <class P>
class BackwardScan : public OwnGradients<P> {
  using Base = OwnGradients<P>;

 public:
  using typename Base::T;
  using typename Base::Thread;
  static constexpr int64_t L = Base::L;

 protected:
  using Base::derivative_, Base::derivative_base_;

  BackwardScan(const RecurCell& cell, RecurCall& call) : Base(cell, call) {
    for (int32_t k = 0; k < cell.sum_part_count; ++k) {
      sum_at_.push_back(sums_);
      sums_ += this->padded(cell.sum_parts[k].size);
    }
  }

  // the loop of an element-wise step, many steps at a time. The rows of the kernel are those of memory from the last to
  // the first. dE/dstate of the run is in the thread's own memory: the last step of time in its last rows.
  void scan(Thread& one) {
    int64_t steps = 1, below = this->rows_.steps();
    const int64_t room = this->own_ ? this->own_capacity(one.threads) : 0;
    T* const own = this->own_ ? this->own_derivatives(one.thread, one.threads) : nullptr;
    int64_t free = room;  // dE/dz of the last steps comes first, at the end of the thread's memory
    for (int64_t s = below - 1; s >= 0; s -= steps) {
      if (this->stop_at_.load(std::memory_order_relaxed) != INT64_MAX) return;
      if (this->interrupt_requested(one)) this->stop_at_.store(0);
      steps = this->steps_together(s, -1, -1, one.threads, true);
      const int64_t n = this->own_rows(this->rows_.live(s), one.thread, one.threads);
      if (n == 0) continue;
      if (this->own_ && free < steps * n) {
        this->own_gradients(one, below, 1, room - free, own + free * derivative_.stride);
        free = room;
      }
      free -= steps * n, below = s - steps + 1;
      run(one, s, n, steps, this->own_ ? own + free * derivative_.stride : nullptr);
    }
    if (this->own_ && free < room) this->own_gradients(one, below, 1, room - free, own + free * derivative_.stride);
  }

  // `steps` steps from s down, n rows of each; dE/dz is written to `derivative` where it is not kept for all steps
  void run(Thread& one, int64_t s, int64_t n, int64_t steps, T* derivative) {
    this->set_step(one, s, 0, true);
    descend(one, s, n, steps, derivative);
    seed_run(one, s, n, steps);
    if (one.thread == 0) ++this->call_.scanned;
    this->run_stage(one, team_, 0, s, 0, n * steps);
    if (this->call_.norms != nullptr) add_squares(one, s, n, steps);
    const int64_t first = this->by_rows_ ? one.thread : 0, apart = this->by_rows_ ? one.threads : 1;
    this->copy_units(one, carry_after(one, s - steps) + first * this->state_.stride, apart,
                     this->scan_[static_cast<size_t>(one.thread)], 1, n);
  }

  // make the frame's rows run backwards from the last row of step s
  void descend(Thread& one, int64_t s, int64_t n, int64_t steps, T* derivative) {
    RecurFrame& f = one.frame;
    const int64_t first = this->by_rows_ ? one.thread : 0, apart = this->by_rows_ ? one.threads : 1;
    const int64_t stride = this->state_.stride;
    const bool kept = derivative == nullptr;
    f.derivative = kept ? derivative_base_ + (this->rows_.off(s) + first) * derivative_.stride
                        : derivative + (steps - 1) * n * derivative_.stride;
    auto turn = [&](void*& memory, int64_t& down, int64_t up) {
      down = -up;
      if (memory != nullptr) memory = static_cast<T*>(memory) + (n - 1) * up;
    };
    turn(f.tape, f.tape_stride, this->tape_.stride * apart);
    turn(f.derivative, f.derivative_stride, derivative_.stride * (kept ? apart : 1));
    turn(f.input, f.input_stride, this->input_.stride * apart);
    for (size_t k = 0; k < one.noise.size(); ++k) turn(one.noise[k], one.noise_stride[k], one.noise_stride[k]);
    T* last = this->scan_[static_cast<size_t>(one.thread)] + (steps * n + n - 1) * stride;
    for (size_t k = 0; k < one.state.size(); ++k) {
      turn(one.state[k], f.state_stride, stride * apart);
      turn(one.fresh[k], f.state_stride, stride * apart);
      one.carry[k] = last + this->state_.at[k];
      one.handed[k] = last - n * stride + this->state_.at[k];
    }
    f.carry_stride = -stride;
  }

  // dE/dstate of a run's steps before the kernel adds the parts from later steps: the gradients of the layer's outputs
  void seed_run(Thread& one, int64_t s, int64_t n, int64_t steps) {
    T* run = this->scan_[static_cast<size_t>(one.thread)];
    const int64_t first = this->by_rows_ ? one.thread : 0, apart = this->by_rows_ ? one.threads : 1;
    const int64_t stride = this->state_.stride;
    this->copy_units(one, run + steps * n * stride, 1, carry_after(one, s) + first * stride, apart, n);
    for (int32_t k = 0; k < this->cell_.state_part_count; ++k) {
      const RecurPart& part = this->cell_.state_parts[k];
      const auto units = this->units_of(part.size, one.thread, one.threads);
      if (units.first >= units.last) continue;
      const T* given =
          this->call_.d_series == nullptr ? nullptr : static_cast<const T*>(this->call_.d_series[part.owner]);
      const int64_t last = std::min(units.last, this->size(part.size));
      for (int64_t j = 0; j <= steps; ++j) {
        T* rows = run + (steps - j) * n * stride + this->state_.at[static_cast<size_t>(k)];
        for (int64_t i = 0; i < n; ++i) {
          T* row = rows + i * stride;
          if (given == nullptr || j == steps) {
            if (j > 0) std::memset(row + units.first, 0, sizeof(T) * static_cast<size_t>(units.last - units.first));
            continue;
          }
          const T* from = given + this->size(part.start) +
                          this->rows_.at(s - j, first + i * apart, this->call_.d_series_time[part.owner],
                                         this->call_.d_series_row[part.owner]);
          if (j > 0) {
            std::memcpy(row + units.first, from + units.first, sizeof(T) * static_cast<size_t>(last - units.first));
            std::memset(row + last, 0, sizeof(T) * static_cast<size_t>(units.last - last));
            continue;
          }
          for (int64_t u = units.first; u < last; ++u) row[u] += from[u];
        }
      }
    }
  }

  void add_squares(Thread& one, int64_t s, int64_t n, int64_t steps) {
    const T* run = this->scan_[static_cast<size_t>(one.thread)];
    const int64_t first = this->by_rows_ ? one.thread : 0, apart = this->by_rows_ ? one.threads : 1;
    for (int32_t k = 0; k < this->cell_.state_part_count; ++k) {
      const RecurPart& part = this->cell_.state_parts[k];
      const auto units = this->units_of(part.size, one.thread, one.threads);
      const int64_t last = std::min(units.last, this->size(part.size));
      for (int64_t j = 0; j < steps; ++j) {
        for (int64_t i = 0; i < n; ++i) {
          const T* row = run + ((steps - j) * n + i) * this->state_.stride + this->state_.at[static_cast<size_t>(k)];
          T squares = 0;
          for (int64_t u = units.first; u < last; ++u) squares += row[u] * row[u];
          norm_of_[static_cast<size_t>(one.thread)]
                  [part.owner * this->call_.T + this->rows_.time(s - j, first + i * apart)] +=
              static_cast<double>(squares);
        }
      }
    }
  }

  // ---- time divided between threads: see scan.h

  // memory of every thread: dE/dstate after each run of its steps, and the sums of vectors' gradients of each run
  void allocate_spans(Arena& arena) {
    zeros_ = arena.take<T>(this->state_elements() + L);
    ends_.clear(), run_sums_.clear();
    for (int part = 0; part < this->threads_; ++part) {
      const int64_t runs = runs_of(part);
      ends_.push_back(arena.take<T>(runs * this->state_elements()));
      run_sums_.push_back(arena.take<T>(runs * sums_));
      team_[static_cast<size_t>(part)].carry_offset = part * this->state_elements();
    }
  }

  // runs of a thread's steps: all have the same number of steps but for the last
  int64_t runs_of(int part) const {
    const auto mine = this->span_of(part);
    const int64_t together = this->rows_together_ / this->rows_.count();
    return (mine.last - mine.first + together - 1) / together;
  }

  // only the last thread knows dE/dstate after its steps
  void guess() {
    std::memset(zeros_, 0, sizeof(T) * static_cast<size_t>(this->state_elements()));
    const int64_t last = this->threads_ - 1;
    for (T* carry : carry_) {
      this->copy_states(carry + last * this->state_elements(), carry);
      std::memset(carry, 0, sizeof(T) * static_cast<size_t>(last * this->state_elements()));
    }
  }

  // all steps, those of a smaller team's threads that are missing, too
  void spans(int thread, int threads) {
    for (int part = thread; part < this->threads_; part += threads) span(team_[static_cast<size_t>(part)], false);
    for (int part = this->threads_ - 2; part >= 0; --part) {
      this->all_.wait(thread, threads);
      if (thread == part % threads) correct(part);
    }
    for (int part = thread; part < this->threads_; part += threads) add_run_sums(part);
  }

  // the steps of one thread; `again` until dE/dstate is that of the first time
  void span(Thread& one, bool again) {
    const auto mine = this->span_of(one.thread);
    const size_t part = static_cast<size_t>(one.thread);
    T *end = ends_[part], *sums = run_sums_[part];
    int64_t steps = 1;
    for (int64_t s = mine.last - 1; s >= mine.first; s -= steps, end += this->state_elements(), sums += sums_) {
      if (this->stop_at_.load(std::memory_order_relaxed) != INT64_MAX) return;
      if (this->interrupt_requested(one)) this->stop_at_.store(0);
      steps = this->steps_together(s, mine.first - 1, -1, 1, true);
      sum_into(one, sums);
      std::memset(sums, 0, sizeof(T) * static_cast<size_t>(sums_));
      if (again && this->call_.norms != nullptr) clear_squares(one, s, steps);
      run(one, s, this->rows_.count(), steps, nullptr);
      const T* found = carry_after(one, s - steps);
      if (again && this->same_states(found, end)) {
        const T* last = ends_[part] + (runs_of(one.thread) - 1) * this->state_elements();
        this->copy_states(carry_after(one, mine.first - 1), last);
        return;
      }
      this->copy_states(end, found);
    }
  }

  void correct(int part) {
    if (this->stop_at_.load() != INT64_MAX) return;
    Thread& one = team_[static_cast<size_t>(part)];
    const auto mine = this->span_of(part);
    const T* after = carry_after(team_[static_cast<size_t>(part + 1)], mine.last - 1);
    if (this->same_states(after, zeros_)) return;
    this->copy_states(carry_after(one, mine.last - 1), after);
    span(one, true);
  }

  // dE/dstate of a thread after step s
  T* carry_after(const Thread& one, int64_t s) const { return carry_[s & 1] + one.carry_offset; }

  // where the kernel adds to the sums of vectors' gradients
  void sum_into(Thread& one, T* sums) const {
    for (size_t k = 0; k < sum_at_.size(); ++k) one.accumulated[k] = sums + sum_at_[k];
  }

  void add_run_sums(int part) {
    T* to = this->accumulated_of_[static_cast<size_t>(part)];
    const T* sums = run_sums_[static_cast<size_t>(part)];
    for (int64_t run = 0; run < runs_of(part); ++run, sums += sums_) {
      for (int64_t u = 0; u < sums_; ++u) to[u] += sums[u];
    }
  }

  void clear_squares(const Thread& one, int64_t s, int64_t steps) {
    for (int32_t k = 0; k < this->cell_.state_count; ++k) {
      for (int64_t j = 0; j < steps; ++j)
        norm_of_[static_cast<size_t>(one.thread)][k * this->call_.T + this->rows_.time(s - j, 0)] = 0;
    }
  }

  std::vector<int64_t> sum_at_;
  int64_t sums_ = 0;
  std::vector<Thread> team_;
  std::vector<double*> norm_of_;
  T* carry_[2] = {nullptr, nullptr};
  T* zeros_ = nullptr;               // a guess of dE/dstate after a thread's last step
  std::vector<T*> ends_, run_sums_;  // by thread
};

}  // namespace recur
