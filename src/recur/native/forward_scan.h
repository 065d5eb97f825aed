// Forward scan: many steps of an element-wise step in one call of its kernel.
#pragma once

#include "hoisted_products.h"

namespace recur {

template <class P>
class ForwardScan : public HoistedProducts<P> {
  using Base = HoistedProducts<P>;

 public:
  using typename Base::T;
  using typename Base::Thread;
  static constexpr int64_t L = Base::L;

 protected:
  using Base::Base, Base::chunk_;

  // the steps from..to, many at a time; the states before them are `before`, or where the last step has left them
  void scan(Thread& one, int64_t from, int64_t to, const T* before = nullptr) {
    const bool kept = this->training_;
    const RecurStage& stage = this->program_.stages[0];
    int64_t steps = 1;
    for (int64_t s = from; s < to && s < this->stop_at_.load(std::memory_order_relaxed); s += steps) {
      if (this->interrupt_requested(one)) this->stop_at_.store(s);
      if (one.thread == 0) ++this->call_.scanned;
      const T* given = s == from ? before : nullptr;
      // states of all steps follow each other, but for those that are given
      steps = kept && given != nullptr ? 1 : this->steps_together(s, to, 1, one.threads, kept);
      const int64_t n = this->own_rows(this->rows_.live(s), one.thread, one.threads);
      this->set_step(one, s, kept ? 0 : from, kept);
      // inference keeps the states of two steps: those of a run have memory of their own
      if (!kept) enter_run(one, s, n, given);
      for (size_t k = 0; kept && given != nullptr && k < one.state.size(); ++k)
        one.state[k] = const_cast<T*>(given) + this->state_.at[k];
      this->run_stage(one, team_, 0, s, 0, n * steps);
      for (int32_t m = 0; m < stage.fresh_count; ++m) {
        void*& fresh = one.fresh[static_cast<size_t>(stage.fresh[m])];
        for (int64_t j = 0; j < steps; ++j) {
          copy_to_series(one, stage, stage.fresh[m], s + j, n);
          fresh = static_cast<T*>(fresh) + n * one.frame.state_stride;
        }
      }
      if (!kept) leave_run(one, s, steps, n);
    }
  }

  void enter_run(Thread& one, int64_t s, int64_t n, const T* given) {
    T* run = this->scan_[static_cast<size_t>(one.thread)];
    const int64_t first = this->by_rows_ ? one.thread : 0, apart = this->by_rows_ ? one.threads : 1;
    const T* before = (given != nullptr ? given : states_of_two(one, s)) + first * this->state_.stride;
    this->copy_units(one, run, 1, before, apart, n);
    for (size_t k = 0; k < one.state.size(); ++k) {
      one.state[k] = run + this->state_.at[k];
      one.fresh[k] = run + n * this->state_.stride + this->state_.at[k];
    }
    one.frame.state_stride = this->state_.stride;
  }

  void leave_run(Thread& one, int64_t s, int64_t steps, int64_t n) {
    const T* last = this->scan_[static_cast<size_t>(one.thread)] + steps * n * this->state_.stride;
    const int64_t first = this->by_rows_ ? one.thread : 0, apart = this->by_rows_ ? one.threads : 1;
    T* after = states_of_two(one, s + steps) + first * this->state_.stride;
    this->copy_units(one, after, apart, last, 1, n);
  }

  // copy a new piece of a state to the caller's series
  void copy_to_series(Thread& one, const RecurStage& stage, int32_t k, int64_t s, int64_t n) {
    const RecurPart& part = this->cell_.state_parts[k];
    T* series = static_cast<T*>(this->call_.series[part.owner]);
    if (series == nullptr) return;
    const auto units = this->units_of(stage.units_size, one.thread, one.threads);
    const int64_t last = std::min(units.last, this->size(part.size)), start = this->size(part.start);
    if (units.first >= last) return;
    const int64_t first = this->by_rows_ ? one.thread : 0, apart = this->by_rows_ ? one.threads : 1;
    const T* fresh = static_cast<const T*>(one.fresh[static_cast<size_t>(k)]) + units.first;
    for (int64_t i = 0; i < n; ++i) {
      T* to = series + this->rows_.at(s, first + i * apart, this->call_.series_time[part.owner],
                                      this->call_.series_row[part.owner]);
      std::memcpy(to + start + units.first, fresh + i * one.frame.state_stride,
                  sizeof(T) * static_cast<size_t>(last - units.first));
    }
  }

  // ---- time divided between threads: see scan.h

  // memory of every thread: chunks of `rows` rows of the tape, and states
  void allocate_spans(Arena& arena, int64_t rows) {
    zeros_ = arena.take<T>(this->state_elements() + L);
    ends_.clear();
    for (int part = 0; part < this->threads_; ++part) {
      const auto span = this->span_of(part);
      ends_.push_back(arena.take<T>(((span.last - span.first) / chunk_ + 1) * this->state_elements()));
      if (this->training_) continue;
      team_[static_cast<size_t>(part)].tape_offset = part * rows * this->tape_.stride;
      team_[static_cast<size_t>(part)].state_offset = part * 2 * this->state_elements();
    }
  }

  void clear_guess() { std::memset(zeros_, 0, sizeof(T) * static_cast<size_t>(this->state_elements())); }

  // all steps, those of a smaller team's threads that are missing, too
  void spans(int thread, int threads) {
    for (int part = thread; part < this->threads_; part += threads) {
      Thread& one = team_[static_cast<size_t>(part)];
      this->start_frame(one, part, 1);
      span(one, part > 0 ? zeros_ : nullptr, false);
    }
    for (int part = 1; part < this->threads_; ++part) {
      this->all_.wait(thread, threads);
      if (thread == part % threads) correct(part);
    }
    this->all_.wait(thread, threads);
    // where the final states are looked for
    const int64_t steps = this->rows_.steps();
    if (!this->training_ && thread == 0)
      this->copy_states(states_of_two(team_[0], steps), states_of_two(team_.back(), steps));
  }

  // the steps of one thread from the states `before`; `again` until they are those of the first time
  void span(Thread& one, const T* before, bool again) {
    const auto mine = this->span_of(one.thread);
    T* end = ends_[static_cast<size_t>(one.thread)];
    for (int64_t from = mine.first; from < mine.last; from += chunk_, end += this->state_elements()) {
      const int64_t to = std::min(mine.last, from + chunk_);
      this->hoist(one, 0, 1, from, to);
      scan(one, from, to, from == mine.first ? before : nullptr);
      if (this->stop_at_.load(std::memory_order_relaxed) != INT64_MAX) return;
      T* found = state_after(one, to);
      if (again && this->same_states(found, end)) {
        this->copy_states(state_after(one, mine.last), last_end(one));
        return;
      }
      this->copy_states(end, found);
    }
  }

  void correct(int part) {
    if (this->stop_at_.load() != INT64_MAX) return;
    Thread& one = team_[static_cast<size_t>(part)];
    const auto mine = this->span_of(part);
    const T* before = state_after(team_[static_cast<size_t>(part - 1)], mine.first);
    if (!this->same_states(before, zeros_)) span(one, before, true);
  }

  // the states of a thread after its steps before `s`
  T* state_after(const Thread& one, int64_t s) const {
    return this->training_ ? this->state_base_ + this->rows_.slot(s) * this->state_.stride : states_of_two(one, s);
  }
  T* states_of_two(const Thread& one, int64_t s) const {
    return this->state_base_ + one.state_offset + (s & 1) * this->state_elements();
  }
  T* last_end(const Thread& one) const {
    const auto mine = this->span_of(one.thread);
    return ends_[static_cast<size_t>(one.thread)] + (mine.last - mine.first - 1) / chunk_ * this->state_elements();
  }

  std::vector<Thread> team_;
  T* zeros_ = nullptr;    // a guess of the states before a thread's first step
  std::vector<T*> ends_;  // by thread: the states after each chunk of its steps
};

}  // namespace recur
