// Backward pass (BPTT): from the last step to the first, then the gradients of all steps at once.
#pragma once

#include "backward_scan.h"

namespace recur {

template <class P>
class Backward : public BackwardScan<P> {
  using Base = BackwardScan<P>;
  using Base::carry_, Base::norm_of_, Base::sum_at_, Base::sums_, Base::team_;
  using Base::corner_, Base::derivative_, Base::derivative_base_, Base::inputs_, Base::operands_, Base::own_,
      Base::packed_derivative_;
  using Base::kAcross, Base::kDeep, Base::L;
  using typename Base::E;
  using typename Base::Operand;
  using typename Base::T;
  using typename Base::Thread;

 public:
  Backward(const RecurCell& cell, RecurCall& call) : Base(cell, call) {
    for (int32_t k = 0; k < cell.state_count; ++k) needs_d_initial_ = needs_d_initial_ || call.d_initial[k] != nullptr;
    for (int32_t k = 0; k < cell.state_part_count; ++k) single_ = single_ || this->size(cell.state_parts[k].size) == 1;
  }

  int64_t run() {
    const int64_t status = allocate();
    if (status != RECUR_OK) return status;
    this->copy_parameters();
    this->load_states(carry_[0], this->call_.d_final, false);
    std::memcpy(carry_[1], carry_[0], sizeof(T) * static_cast<size_t>(this->rows_.count() * this->state_.stride));
    if (this->by_time_) this->guess();
    run_parallel(this->threads_, [&](int thread, int threads) { work(thread, threads); });
    if (this->stop_at_.load() != INT64_MAX) return RECUR_INTERRUPTED;
    initials();
    vectors();
    add_norms();
    return RECUR_OK;
  }

 private:
  int64_t allocate() {
    const int64_t total = this->rows_.total(), count = this->rows_.count();
    char* tape = static_cast<char*>(this->call_.tape);
    const TapeHead* head = reinterpret_cast<const TapeHead*>(tape);
    if (!(*head == this->head_of(head))) return RECUR_BAD_CALL;
    Arena kept(tape);
    kept.take<TapeHead>(1);
    this->tape_base_ = kept.template take<T>(total * this->tape_.stride + L);
    this->state_base_ = kept.template take<T>((count + total) * this->state_.stride + L);
    this->allocate_inputs(kept);
    for (int pass = 0; pass < 2; ++pass) {
      Arena own(static_cast<char*>(pass == 0 ? nullptr : lease_->get()));
      derivative_base_ = own.template take<T>((own_ ? this->own_rows_ : total) * derivative_.stride + L);
      if (this->call_.ids != nullptr)
        this->table_derivative_ = own.template take<T>(this->call_.table_rows * derivative_.stride + L);
      if (own_) this->allocate_shares(own);
      const int64_t shares = this->by_time_ ? this->threads_ : 1;
      for (T*& carry : carry_) carry = own.template take<T>(shares * this->state_elements() + L);
      this->accumulated_of_.clear();
      this->allocate_threads(own, team_, sums_);
      this->allocate_scan(own);
      if (this->by_time_) this->allocate_spans(own);
      packed_derivative_.clear();
      for (int n = 0; n < this->threads_; ++n)
        packed_derivative_.push_back(own.template take<E>(kDeep * (kAcross + 16) + 1024));
      corner_.clear();
      for (int n = 0; n < this->threads_; ++n)
        corner_.push_back(own.template take<T>(kBlockRows * this->corner_columns()));
      norm_of_.clear();
      const int64_t norms = this->call_.norms == nullptr ? 0 : this->cell_.state_count * this->call_.T;
      for (int n = 0; n < this->threads_; ++n) norm_of_.push_back(own.template take<double>(norms));
      for (Panels<P>& panels : inputs_) panels.data = own.template take<E>(panels.elements());
      for (Operand& operand : operands_) {
        operand.panels.data = own.template take<E>((own_ ? this->threads_ : 2) * operand.panels.elements());
      }
      if (pass == 0) {
        lease_.reset(new Lease(own.used()));
        if (lease_->get() == nullptr) return RECUR_NO_MEMORY;
        if (this->call_.fill_nan) fill_with_nan<T>(lease_->get(), own.used());
      } else {
        for (double* one : norm_of_) std::memset(one, 0, sizeof(double) * static_cast<size_t>(norms));
        for (T* one : this->accumulated_of_) std::memset(one, 0, sizeof(T) * static_cast<size_t>(sums_));
      }
    }
    return RECUR_OK;
  }

  void work(int thread, int threads) {
    Thread& one = team_[static_cast<size_t>(thread)];
    const bool in_loop = this->by_rows_ || thread < this->loop_threads_;
    begin(one, thread, this->by_rows_ ? threads : std::min(threads, this->loop_threads_));
    for (int part = thread; this->by_time_ && part < this->threads_; part += threads)
      begin(team_[static_cast<size_t>(part)], part, 1);
    if (in_loop) this->pack_groups(this->packed_, thread, one.threads, this->by_rows_);
    if (this->call_.d_x != nullptr) this->pack_inputs(thread, threads);
    clear(thread, threads);
    if (own_) this->clear_shares(thread);
    this->all_.wait(thread, threads);
    if (this->by_time_) {
      this->spans(thread, threads);
    } else if (in_loop && this->cell_.scanned != 0) {
      this->scan(one);
    } else if (in_loop) {
      steps(one);
    }
    this->all_.wait(thread, threads);
    if (this->stop_at_.load() != INT64_MAX) return;
    if (own_) {
      this->add_shares(thread, threads);
      return;
    }
    if (this->call_.ids != nullptr && (this->call_.d_x != nullptr || this->any_matrix())) {
      this->add_up_table(thread, threads);
      this->all_.wait(thread, threads);
    }
    if (this->call_.d_x != nullptr) this->input_gradient(one, thread, threads);
    this->matrices(thread, threads);
  }

  void begin(Thread& one, int thread, int threads) {
    this->start_frame(one, thread, threads);
    one.accumulated.resize(sum_at_.size());
    this->sum_into(one, this->accumulated_of_[static_cast<size_t>(thread)]);
    one.frame.accumulated = one.accumulated.data();
    one.frame.derivative_stride = derivative_.stride * (this->by_rows_ && !own_ ? threads : 1);
    one.frame.derivative_columns = derivative_.at.data();
  }

  // ---- the loop

  void steps(Thread& one) {
    const int64_t last = this->rows_.steps() - 1;
    T* own = own_ ? this->own_derivatives(one.thread, one.threads) : nullptr;
    int64_t top = last, rows = 0;  // of the steps whose gradients are computed next
    for (int64_t s = last; s >= 0; --s) {
      if (last - s >= this->stop_at_.load(std::memory_order_relaxed)) return;
      const int64_t n = this->own_rows(this->rows_.live(s), one.thread, one.threads);
      if (own_ && rows > 0 && rows + n > this->own_fit_) {
        this->own_gradients(one, top, -1, rows, own);
        top = s, rows = 0;
      }
      step(one, s, own_ ? own + rows * derivative_.stride : nullptr);
      rows += n;
    }
    if (own_ && rows > 0) this->own_gradients(one, top, -1, rows, own);
  }

  // step s; dE/dz is written to `derivative` where it is not kept for all steps
  void step(Thread& one, int64_t s, T* derivative) {
    this->set_step(one, s, 0, true);
    RecurFrame& f = one.frame;
    const int64_t first = this->by_rows_ ? one.thread : 0;
    const int64_t n = this->own_rows(this->rows_.live(s), one.thread, one.threads);
    f.derivative =
        derivative != nullptr ? derivative : derivative_base_ + (this->rows_.off(s) + first) * derivative_.stride;
    for (size_t k = 0; k < one.carry.size(); ++k) {
      // dE/dstate that step s writes is what step s - 1 reads
      one.carry[k] = carry_[s & 1] + first * this->state_.stride + this->state_.at[k];
      one.handed[k] = carry_[(s + 1) & 1] + first * this->state_.stride + this->state_.at[k];
    }
    if ((s & 31) == 0 && this->interrupt_requested(one)) this->stop_at_.store(this->rows_.steps() - 1 - s + 2);
    seed(one, s, n);
    // all units read a state of one number, and only the thread of its unit has added to it
    if (single_ && !this->by_rows_) this->loop_.wait(one.thread, one.threads);
    for (int32_t k = 0; k < this->program_.stage_count;) {
      int32_t end = this->together(one, k);
      // stages that only pass dE/dstate to the step before, of which there is none
      while (s == 0 && !needs_d_initial_ && end > k && this->program_.stages[end - 1].passes_carry_only) --end;
      this->run_stages(one, team_, k, end, s, n);
      for (end = std::max(end, k + 1); k < end; ++k) {
        const RecurStage& stage = this->program_.stages[k];
        this->copy_operands(one, stage, s, n);
        if (stage.waits && !this->by_rows_) this->loop_.wait(one.thread, one.threads);
      }
    }
  }

  // dE/dstate_t = the part from later steps + the gradient of the layer's output at t
  void seed(Thread& one, int64_t s, int64_t n) {
    const int64_t first = this->by_rows_ ? one.thread : 0, apart = this->by_rows_ ? one.threads : 1;
    for (int32_t k = 0; k < this->cell_.state_part_count; ++k) {
      const RecurPart& part = this->cell_.state_parts[k];
      const T* given =
          this->call_.d_series == nullptr ? nullptr : static_cast<const T*>(this->call_.d_series[part.owner]);
      if (given == nullptr && this->call_.norms == nullptr) continue;
      const auto units = this->units_of(part.size, one.thread, one.threads);
      const int64_t last = std::min(units.last, this->size(part.size)), start = this->size(part.start);
      if (units.first >= last) continue;
      T* carry = static_cast<T*>(one.carry[static_cast<size_t>(k)]);
      for (int64_t i = 0; i < n; ++i) {
        T* row = carry + i * one.frame.carry_stride;
        if (given != nullptr) {
          const T* from = given + start +
                          this->rows_.at(s, first + i * apart, this->call_.d_series_time[part.owner],
                                         this->call_.d_series_row[part.owner]);
          int64_t u = units.first;
          for (; u + L <= last; u += L) store<T>(row + u, load<T>(row + u) + load<T>(from + u));
          for (; u < last; ++u) row[u] += from[u];
        }
        if (this->call_.norms != nullptr) {
          Vec<T> squares{};
          int64_t u = units.first;
          for (; u + L <= last; u += L) squares += load<T>(row + u) * load<T>(row + u);
          const Vec<T> rest = load_first<T>(row + u, last - u);
          squares += rest * rest;
          norm_of_[static_cast<size_t>(one.thread)]
                  [part.owner * this->call_.T + this->rows_.time(s, first + i * apart)] +=
              static_cast<double>(lane_sum<T>(squares));
        }
      }
    }
  }

  // ---- after the loop

  // Zeros in dE/dx at padded steps, and in gradients of matrices to which shares are added
  void clear(int thread, int threads) {
    if (this->call_.d_x != nullptr && !this->call_.add_input && this->call_.ids == nullptr &&
        this->call_.lengths != nullptr && this->call_.offsets == nullptr) {
      for (int64_t b = thread; b < this->call_.B; b += threads) {
        for (int64_t t = this->call_.lengths[b]; t < this->call_.T; ++t) {
          std::memset(static_cast<T*>(this->call_.d_x) + t * this->call_.d_x_time + b * this->call_.d_x_row, 0,
                      sizeof(T) * static_cast<size_t>(this->size(this->cell_.input_size)));
        }
      }
    }
    if (this->call_.accumulate) return;
    for (int32_t m = 0; m < this->cell_.matrix_count; ++m) {
      T* d = static_cast<T*>(this->call_.d_matrices[m]);
      if (d == nullptr || (!this->cell_.matrix_shared[m] && this->rows_.total() > 0)) continue;
      const int64_t rows = this->size(this->cell_.matrix_rows[m]), columns = this->size(this->cell_.matrix_columns[m]);
      const int64_t from = rows * thread / threads, to = rows * (thread + 1) / threads;
      std::memset(d + from * columns, 0, sizeof(T) * static_cast<size_t>((to - from) * columns));
    }
  }

  void initials() {
    for (int64_t b = 0; b < this->call_.B; ++b) {
      for (int32_t k = 0; k < this->cell_.state_count; ++k) {
        T* d = static_cast<T*>(this->call_.d_initial[k]);
        const int64_t n = this->size(this->cell_.state_sizes[k]);
        if (d != nullptr) std::memset(d + b * n, 0, sizeof(T) * static_cast<size_t>(n));
      }
    }
    // step 0 has written to the second buffer; a row without steps has the derivative of its final state in both
    for (int64_t i = 0; i < this->rows_.count(); ++i) {
      if (!this->rows_.begins(i)) continue;
      for (int32_t k = 0; k < this->cell_.state_part_count; ++k) {
        const RecurPart& part = this->cell_.state_parts[k];
        T* d = static_cast<T*>(this->call_.d_initial[part.owner]);
        if (d == nullptr) continue;
        std::memcpy(d + this->rows_.row(i) * this->size(this->cell_.state_sizes[part.owner]) + this->size(part.start),
                    carry_[1] + i * this->state_.stride + this->state_.at[static_cast<size_t>(k)],
                    sizeof(T) * static_cast<size_t>(this->size(part.size)));
      }
    }
  }

  void vectors() {
    for (int32_t v = 0; v < this->cell_.vector_count; ++v) {
      T* d = static_cast<T*>(this->call_.d_vectors[v]);
      if (d == nullptr) continue;
      if (!this->call_.accumulate)
        std::memset(d, 0, sizeof(T) * static_cast<size_t>(this->size(this->cell_.vector_sizes[v])));
      for (int32_t k = 0; k < this->cell_.sum_part_count; ++k) {
        const RecurPart& part = this->cell_.sum_parts[k];
        if (part.owner != v) continue;
        for (const T* one : this->accumulated_of_) {
          for (int64_t u = 0; u < this->size(part.size); ++u)
            d[this->size(part.start) + u] += one[sum_at_[static_cast<size_t>(k)] + u];
        }
      }
    }
  }

  void add_norms() {
    if (this->call_.norms == nullptr) return;
    for (int64_t n = 0; n < this->cell_.state_count * this->call_.T; ++n) {
      for (const double* one : norm_of_) this->call_.norms[n] += one[n];
    }
  }

  std::unique_ptr<Lease> lease_;
  bool needs_d_initial_ = false;
  bool single_ = false;  // whether a state has a piece of one number
};

}  // namespace recur
