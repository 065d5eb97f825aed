// Backpropagation through time: from the last step to the first, then the gradients of all steps at once.
#pragma once

#include "forward.h"

namespace recur {

template <class P>
class Backward : public Recurrence<P> {
  using Base = Recurrence<P>;
  using typename Base::E;
  using typename Base::T;
  using typename Base::Thread;
  static constexpr int64_t L = Base::L;
  static constexpr int64_t kDeep = 1024;    // steps of rows that a pass over a matrix's gradient takes
  static constexpr int64_t kAcross = 56;    // rows of the gradient that are taken together

 public:
  Backward(const RecurCell& cell, RecurCall& call) : Base(cell, call, cell.backward, true) {
    derivative_ = columns_of<T>(cell.derivative_sizes, cell.derivative_count, this->sizes_);
    for (int32_t k = 0; k < cell.sum_part_count; ++k) {
      sum_at_.push_back(sums_);
      sums_ += this->padded(cell.sum_parts[k].size);
    }
    plan_operands();
    for (int32_t m = 0; m < cell.input_gradient_count; ++m) {
      int64_t K = 0;
      for (int32_t b = 0; b < cell.input_gradients[m].block_count; ++b) {
        K += padded_k<P>(this->size(cell.input_gradients[m].blocks[b].columns_size));
      }
      inputs_.push_back(Panels<P>(K, this->size(cell.input_gradients[m].size)));
    }
    for (int32_t k = 0; k < cell.state_count; ++k) hands_initial_ = hands_initial_ || call.d_initial[k] != nullptr;
    for (int32_t k = 0; k < cell.state_part_count; ++k) single_ = single_ || this->size(cell.state_parts[k].size) == 1;
  }

  int64_t run() {
    const int64_t status = allocate();
    if (status != RECUR_OK) return status;
    this->copy_parameters();
    this->load_states(carry_[0], this->call_.d_final, false);
    std::memcpy(carry_[1], carry_[0], sizeof(T) * static_cast<size_t>(this->rows_.count() * this->state_.stride));
    together(this->threads_, [&](int thread, int threads) { work(thread, threads); });
    if (this->stop_at_.load() != INT64_MAX) return RECUR_INTERRUPTED;
    initials();
    vectors();
    add_norms();
    return RECUR_OK;
  }

 private:
  struct Operand {
    RecurOperand where;
    Panels<P> panels;  // its depth is one block of steps
    int64_t width;
  };

  void plan_operands() {
    for (int32_t n = 0; n < this->cell_.share_count; ++n) {
      const RecurOperand& o = this->cell_.shares[n].operand;
      int64_t found = -1;
      for (size_t m = 0; m < operands_.size(); ++m) {
        const RecurOperand& w = operands_[m].where;
        if (w.place == o.place && w.index == o.index && w.start == o.start && w.columns_size == o.columns_size) found = static_cast<int64_t>(m);
      }
      if (found < 0) {
        found = static_cast<int64_t>(operands_.size());
        operands_.push_back({o, Panels<P>(kDeep, this->size(o.columns_size)), this->size(o.columns_size)});
      }
      share_operand_.push_back(static_cast<size_t>(found));
    }
  }

  int64_t allocate() {
    const int64_t total = this->rows_.total(), count = this->rows_.count();
    char* tape = static_cast<char*>(this->call_.tape);
    const TapeHead* head = reinterpret_cast<const TapeHead*>(tape);
    if (!(*head == this->head_of(head))) return RECUR_BAD_CALL;
    Carver kept(tape);
    kept.take<TapeHead>(1);
    this->tape_base_ = kept.template take<T>(total * this->tape_.stride + L);
    this->state_base_ = kept.template take<T>((count + total) * this->state_.stride + L);
    this->carve_inputs(kept);
    for (int pass = 0; pass < 2; ++pass) {
      Carver own(static_cast<char*>(pass == 0 ? nullptr : lease_->get()));
      derivative_base_ = own.template take<T>(total * derivative_.stride + L);
      for (T*& carry : carry_) carry = own.template take<T>(count * this->state_.stride + L);
      this->accumulated_of_.clear();
      this->carve_threads(own, team_, sums_);
      packed_derivative_.clear();
      for (int n = 0; n < this->threads_; ++n) packed_derivative_.push_back(own.template take<E>(kDeep * (kAcross + 16) + 1024));
      corner_.clear();
      for (int n = 0; n < this->threads_; ++n) corner_.push_back(own.template take<T>(kBlockRows * corner_columns()));
      norm_of_.clear();
      const int64_t norms = this->call_.norms == nullptr ? 0 : this->cell_.state_count * this->call_.T;
      for (int n = 0; n < this->threads_; ++n) norm_of_.push_back(own.template take<double>(norms));
      for (Panels<P>& panels : inputs_) panels.data = own.template take<E>(panels.elements());
      for (Operand& operand : operands_) {
        operand.panels.data = own.template take<E>(2 * operand.panels.elements());
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

  // columns of a block of dE/dx, which is computed apart from the caller's memory
  int64_t corner_columns() const {
    int64_t most = 2 * L;
    for (const Panels<P>& panels : inputs_) most = std::max(most, panels.vectors * L + pad<T>());
    return most;
  }

  void work(int thread, int threads) {
    Thread& one = team_[static_cast<size_t>(thread)];
    const bool in_loop = this->by_rows_ || thread < this->loop_threads_;
    this->start_frame(one, thread, this->by_rows_ ? threads : std::min(threads, this->loop_threads_));
    for (size_t k = 0; k < sum_at_.size(); ++k) one.accumulated.push_back(this->accumulated_of_[static_cast<size_t>(thread)] + sum_at_[k]);
    one.frame.accumulated = one.accumulated.data();
    one.frame.derivative_stride = derivative_.stride * (this->by_rows_ ? threads : 1);
    one.frame.derivative_columns = derivative_.at.data();
    if (in_loop) this->pack_groups(this->packed_, thread, one.threads, this->by_rows_);
    if (this->call_.d_x != nullptr) pack_inputs(thread, threads);
    clear(thread, threads);
    this->all_.wait(thread, threads);
    if (in_loop) {
      for (int64_t s = this->rows_.steps() - 1; s >= 0; --s) {
        if (this->rows_.steps() - 1 - s >= this->stop_at_.load(std::memory_order_relaxed)) break;
        step(one, s);
      }
    }
    this->all_.wait(thread, threads);
    if (this->stop_at_.load() != INT64_MAX) return;
    if (this->call_.d_x != nullptr) input_gradient(thread, threads);
    matrices(thread, threads);
  }

  // ---- the loop

  void step(Thread& one, int64_t s) {
    this->set_step(one, s, 0, true);
    RecurFrame& f = one.frame;
    const int64_t first = this->by_rows_ ? one.thread : 0;
    const int64_t n = this->own_rows(this->rows_.live(s), one.thread, one.threads);
    f.derivative = derivative_base_ + (this->rows_.off(s) + first) * derivative_.stride;
    for (size_t k = 0; k < one.carry.size(); ++k) {
      // what step s hands down is what step s - 1 carries
      one.carry[k] = carry_[s & 1] + first * this->state_.stride + this->state_.at[k];
      one.handed[k] = carry_[(s + 1) & 1] + first * this->state_.stride + this->state_.at[k];
    }
    if ((s & 31) == 0 && this->asked_to_stop(one)) this->stop_at_.store(this->rows_.steps() - 1 - s + 2);
    seed(one, s, n);
    // a state of one number is read by all units, and only the thread of its unit has added to it
    if (single_ && !this->by_rows_) this->loop_.wait(one.thread, one.threads);
    for (int32_t k = 0; k < this->program_.stage_count; ++k) {
      const RecurStage& stage = this->program_.stages[k];
      if (s == 0 && stage.hands_down_only && !hands_initial_) continue;
      this->run_stage(one, team_, k, s, n);
      this->copy_operands(one, stage, s, n);
      if (stage.waits && !this->by_rows_) this->loop_.wait(one.thread, one.threads);
    }
  }

  // dE/dstate_t = what later steps handed down + what the layer's outputs are given
  void seed(Thread& one, int64_t s, int64_t n) {
    const int64_t first = this->by_rows_ ? one.thread : 0, apart = this->by_rows_ ? one.threads : 1;
    for (int32_t k = 0; k < this->cell_.state_part_count; ++k) {
      const RecurPart& part = this->cell_.state_parts[k];
      const T* given = this->call_.d_series == nullptr ? nullptr : static_cast<const T*>(this->call_.d_series[part.owner]);
      if (given == nullptr && this->call_.norms == nullptr) continue;
      const auto units = this->units_of(part.size, one.thread, one.threads);
      const int64_t last = std::min(units.last, this->size(part.size)), start = this->size(part.start);
      if (units.first >= last) continue;
      T* carry = static_cast<T*>(one.carry[static_cast<size_t>(k)]);
      for (int64_t i = 0; i < n; ++i) {
        T* row = carry + i * one.frame.carry_stride;
        if (given != nullptr) {
          const T* from = given + start + this->rows_.at(s, first + i * apart, this->call_.d_series_time[part.owner], this->call_.d_series_row[part.owner]);
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
          norm_of_[static_cast<size_t>(one.thread)][part.owner * this->call_.T + this->rows_.time(s, first + i * apart)] +=
              static_cast<double>(lane_sum<T>(squares));
        }
      }
    }
  }

  // ---- behind the loop

  void pack_inputs(int thread, int threads) {
    for (size_t m = 0; m < inputs_.size(); ++m) {
      const RecurInputPart& part = this->cell_.input_gradients[m];
      const int64_t count = inputs_[m].count(), width = this->size(part.size);
      const int64_t first = count * thread / threads * 2, last = std::min<int64_t>(inputs_[m].vectors, count * (thread + 1) / threads * 2);
      for (int64_t v = first; v < last; ++v) {
        int64_t k = 0;
        for (int32_t b = 0; b < part.block_count; ++b) {
          const RecurBlock& block = part.blocks[b];
          const int64_t stride = this->size(this->cell_.matrix_columns[block.matrix]);
          const T* W = static_cast<const T*>(this->call_.matrices[block.matrix]) + this->size(block.column) * stride + this->size(block.row) + v * L;
          pack_vector<P>(inputs_[m].at(v, k), inputs_[m].stride(v), W, stride, true, this->size(block.columns_size), std::min(L, width - v * L));
          k += padded_k<P>(this->size(block.columns_size));
        }
      }
    }
  }

  void input_gradient(int thread, int threads) {
    Thread& one = team_[static_cast<size_t>(thread)];
    for (size_t m = 0; m < inputs_.size(); ++m) {
      const RecurInputPart& part = this->cell_.input_gradients[m];
      const Panels<P>& panels = inputs_[m];
      const Share2D mine = share_of(this->rows_.total(), panels.count(), thread, threads);
      const int64_t first = mine.panel0 * 2 * L, last = std::min(mine.panel1 * 2 * L, this->size(part.size));
      if (first >= last) continue;
      T* block = corner_[static_cast<size_t>(thread)];
      const int64_t stride = panels.vectors * L + pad<T>();
      auto copy = [&](E* to, int64_t to_stride, int64_t r, int64_t n, int64_t k0, int64_t depth) {
        for (int64_t i = 0; i < n; ++i) {
          const T* row = derivative_base_ + (r + i) * derivative_.stride;
          int64_t k = 0;
          for (int32_t b = 0; b < part.block_count; ++b) {
            const int64_t n_k = this->size(part.blocks[b].columns_size);
            const int64_t a = std::max(k, k0), e = std::min(k + n_k, k0 + depth);
            if (a < e) convert_row<P>(to + i * to_stride + a - k0, row + derivative_.at[static_cast<size_t>(part.derivatives[b])] + a - k, e - a);
            k += padded_k<P>(n_k);
          }
        }
      };
      auto finished = [&](int64_t r, int64_t n) {
        this->rows_.walk(r, r + n, [&](int64_t at, int64_t s, int64_t i) {
          T* to = static_cast<T*>(this->call_.d_x) + this->rows_.at(s, i, this->call_.d_x_time, this->call_.d_x_row) + this->size(part.start);
          const T* from = block + (at - r) * stride;
          if (part.rest < 0) {
            std::memcpy(to + first, from + first, sizeof(T) * static_cast<size_t>(last - first));
            return;
          }
          const T* rest = derivative_base_ + at * derivative_.stride + derivative_.at[static_cast<size_t>(part.rest)];
          for (int64_t u = first; u < last; ++u) to[u] = part.block_count > 0 ? from[u] + rest[u] : rest[u];
        });
      };
      sweep<P>(mine.row0, mine.row1, panels, mine.panel0, mine.panel1, one.block, block, stride, true, false, copy, finished);
    }
  }

  // Zeros in dE/dx where a row has no step, and in gradients of matrices to which shares are added
  void clear(int thread, int threads) {
    if (this->call_.d_x != nullptr && this->call_.lengths != nullptr && this->call_.offsets == nullptr) {
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

  // dE/dW = sum over steps and rows of dE/dz v^T, for all products z = W v
  void matrices(int thread, int threads) {
    bool any = false;
    for (int32_t m = 0; m < this->cell_.matrix_count; ++m) any = any || this->call_.d_matrices[m] != nullptr;
    if (!any) return;
    const int64_t total = this->rows_.total();
    int64_t turn = 0;
    for (int64_t from = 0; from < total; from += kDeep, ++turn) {
      const int64_t depth = std::min(kDeep, total - from);
      pack_operands(thread, threads, from, depth, turn & 1);
      this->all_.wait(thread, threads);
      for (int32_t d = 0; d < this->cell_.derivative_count; ++d) {
        const int64_t units = this->size(this->cell_.derivative_sizes[d]);
        const int64_t grain = units >= 16 * threads ? 16 : 1;
        const int64_t grains = (units + grain - 1) / grain;
        const int64_t u0 = std::min(units, grains * thread / threads * grain), u1 = std::min(units, grains * (thread + 1) / threads * grain);
        for (int64_t u = u0; u < u1; u += kAcross) derivative_rows(thread, d, u, std::min(kAcross, u1 - u), from, depth, turn & 1);
      }
    }
  }

  void pack_operands(int thread, int threads, int64_t from, int64_t depth, int64_t parity) {
    for (Operand& operand : operands_) {
      Panels<P> panels = operand.panels;
      panels.data += parity * panels.elements();
      const int64_t count = panels.count();
      const int64_t p0 = count * thread / threads, p1 = count * (thread + 1) / threads;
      if (p0 == p1) continue;
      const T* before = nullptr;
      this->rows_.walk(from, from + depth, [&](int64_t r, int64_t s, int64_t i) {
        const T* row = row_of(operand.where, r, s, i);
        if constexpr (P::pair == 2) {
          const bool odd = (r - from) % 2 != 0;
          if (!odd && r + 1 < from + depth) {
            before = row;
            return;
          }
          for (int64_t p = p0; p < p1; ++p) {
            for (int64_t v = 0; v < panels.width(p); ++v) {
              const int64_t u = p * 2 * L + v * L;
              E* to = panels.panel(p) + (r - from) / 2 * panels.width(p) * L * 2 + v * L * 2;
              store_pairs(to, (odd ? before : row) + u, odd ? row + u : nullptr, operand.width - u);
            }
          }
          return;
        }
        for (int64_t p = p0; p < p1; ++p) {
          for (int64_t v = 0; v < panels.width(p); ++v) {
            const int64_t u = p * 2 * L + v * L, n = operand.width - u;
            const Vec<T> value = n >= L ? load<T>(row + u) : load_first<T>(row + u, n);
            E* to = panels.panel(p) + (r - from) / P::pair * panels.width(p) * L * P::pair + v * L * P::pair + (r - from) % P::pair;
            if constexpr (!P::copies) {
              store<T>(to, value);
            } else {
              for (int64_t j = 0; j < L; ++j) {
                to[j * P::pair] = P::convert(value[j]);
              }
            }
          }
        }
      });
    }
  }

  const T* row_of(const RecurOperand& o, int64_t r, int64_t s, int64_t i) const {
    const size_t k = static_cast<size_t>(o.index);
    if (o.place == RECUR_INPUT) return this->x_at(s, i) + this->size(o.start);
    if (o.place == RECUR_TAPE) return this->tape_base_ + r * this->tape_.stride + this->tape_.at[k];
    return this->state_base_ + (this->rows_.slot(s) + i) * this->state_.stride + this->state_.at[k];
  }

  // rows u .. u + n of all gradients of matrices that derivative d has a share in
  void derivative_rows(int thread, int32_t d, int64_t u, int64_t n, int64_t from, int64_t depth, int64_t parity) {
    E* packed = packed_derivative_[static_cast<size_t>(thread)];
    const int64_t most = kMostRows[2], tiles = (n + most - 1) / most;
    int64_t start[kAcross], rows[kAcross], place[kAcross];
    for (int64_t t = 0, r = 0, p = 0; t < tiles; ++t) {
      rows[t] = (n - r + (tiles - t) - 1) / (tiles - t);
      start[t] = r;
      place[t] = p;
      r += rows[t];
      p += rounded_up(padded_k<P>(depth) * rows[t] + 2 * L, 2 * L);
    }
    const T* D = derivative_base_ + from * derivative_.stride + derivative_.at[static_cast<size_t>(d)] + u;
    for (int64_t k = 0; k < depth; ++k) {
      const T* row = D + k * derivative_.stride;
      if constexpr (P::pair == 2) {
        // a whole vector of pairs at a time: what it writes beyond the tile's rows is written again by the next pair
        for (int64_t t = 0; t < tiles; ++t) {
          const T* next = k + 1 < depth ? row + derivative_.stride + start[t] : nullptr;
          store_pairs(packed + place[t] + k * rows[t], row + start[t], next, L);
        }
        ++k;
        continue;
      }
      for (int64_t t = 0; t < tiles; ++t) {
        E* to = packed + place[t] + k / P::pair * rows[t] * P::pair + k % P::pair;
        if constexpr (!P::copies) {
          // a whole vector where it fits: what it writes beyond the tile's rows is written again by the next k
          if (rows[t] <= L) {
            store<T>(to, load<T>(row + start[t]));
          } else {
            for (int64_t i = 0; i < rows[t]; i += L) store<T>(to + i, load<T>(row + start[t] + i));
          }
        } else {
          for (int64_t i = 0; i < rows[t]; ++i) to[i * P::pair] = P::convert(row[start[t] + i]);
        }
      }
    }
    for (int32_t m = 0; m < this->cell_.share_count; ++m) {
      const RecurShare& share = this->cell_.shares[m];
      T* W = static_cast<T*>(this->call_.d_matrices[share.block.matrix]);
      if (share.derivative != d || W == nullptr) continue;
      const Operand& operand = operands_[share_operand_[static_cast<size_t>(m)]];
      Panels<P> panels = operand.panels;
      panels.data += parity * panels.elements();
      const int64_t stride = this->size(this->cell_.matrix_columns[share.block.matrix]);
      const bool add = from > 0 || this->call_.accumulate || this->cell_.matrix_shared[share.block.matrix];
      T* C = W + (this->size(share.block.row) + u) * stride + this->size(share.block.column);
      for (int64_t p = 0; p < panels.count(); ++p) {
        const int64_t wide = std::min(panels.width(p) * L, operand.width - p * 2 * L);
        const bool whole = panels.width(p) == 2 && wide == 2 * L;
        for (int64_t t = 0; t < tiles; ++t) {
          T* to = C + start[t] * stride + p * 2 * L;
          if (whole) {
            kTiles<P>.packed[rows[t]](depth, packed + place[t], 0, panels.panel(p), to, stride, add);
            continue;
          }
          T* corner = corner_[static_cast<size_t>(thread)];
          narrow(panels, p, depth, packed + place[t], rows[t], corner);
          for (int64_t i = 0; i < rows[t]; ++i) {
            for (int64_t j = 0; j < wide; ++j) to[i * stride + j] = corner[i * 2 * L + j] + (add ? to[i * stride + j] : T(0));
          }
        }
      }
    }
  }

  // the last panel, of one vector or of two that are not full, into a block apart
  void narrow(const Panels<P>& panels, int64_t p, int64_t depth, const E* A, int64_t rows, T* corner) const {
    if (panels.width(p) == 2) {
      kTiles<P>.packed[rows](depth, A, 0, panels.panel(p), corner, 2 * L, false);
    } else {
      kTiles<P>.packed_narrow[rows](depth, A, 0, panels.panel(p), corner, 2 * L, false);
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
    // step 0 has handed down into the second buffer; a row without steps has its final state's derivative in both
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
      if (!this->call_.accumulate) std::memset(d, 0, sizeof(T) * static_cast<size_t>(this->size(this->cell_.vector_sizes[v])));
      for (int32_t k = 0; k < this->cell_.sum_part_count; ++k) {
        const RecurPart& part = this->cell_.sum_parts[k];
        if (part.owner != v) continue;
        for (const T* one : this->accumulated_of_) {
          for (int64_t u = 0; u < this->size(part.size); ++u) d[this->size(part.start) + u] += one[sum_at_[static_cast<size_t>(k)] + u];
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

  Columns<T> derivative_;
  std::vector<int64_t> sum_at_;
  int64_t sums_ = 0;
  std::vector<Operand> operands_;
  std::vector<size_t> share_operand_;
  std::vector<Panels<P>> inputs_;
  std::vector<Thread> team_;
  std::unique_ptr<Lease> lease_;
  std::vector<E*> packed_derivative_;
  std::vector<T*> corner_;
  std::vector<double*> norm_of_;
  T *derivative_base_ = nullptr, *carry_[2] = {nullptr, nullptr};
  bool hands_initial_ = false;
  bool single_ = false;  // whether a state has a piece of one number
};

}  // namespace recur
