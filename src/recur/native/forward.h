// Forward pass: products with the input for many steps at once, then one step after another.
#pragma once

#include "frozen_weights.h"
#include "scan.h"

namespace recur {

template <class P>
class Forward : public Scan<P> {
  using Base = Scan<P>;
  using typename Base::E;
  using typename Base::T;
  using typename Base::Thread;
  static constexpr int64_t L = Base::L;

 public:
  Forward(const RecurCell& cell, RecurCall& call)
      : Base(cell, call, call.training ? cell.training : cell.forward, call.training != 0) {
    plan_hoisted();
    plan_chunks();
    const auto* frozen = static_cast<const FrozenWeights*>(call.frozen);
    // the training program has other groups of products
    if (frozen != nullptr && !this->training_) use_frozen(*frozen);
  }

  int64_t run() {
    if (frozen_ != nullptr && !frozen_->fits(this->cell_, this->call_)) return RECUR_STALE;
    const int64_t status = start();
    if (status != RECUR_OK) return status;
    this->copy_inputs();
    run_parallel(this->threads_, [&](int thread, int threads) { work(thread, threads); });
    if (stale_.load()) return RECUR_STALE;
    if (frozen_ != nullptr) frozen_->use();
    if (this->stop_at_.load() != INT64_MAX) {
      MemoryPool::instance().release(this->call_.tape);
      this->call_.tape = nullptr;
      return RECUR_INTERRUPTED;
    }
    finals();
    return RECUR_OK;
  }

  // pack everything into memory of its own
  int64_t freeze(FrozenWeights& into) {
    Arena counted;
    place_packed(counted);
    void* memory = into.allocate(counted.used());
    if (memory == nullptr) return RECUR_NO_MEMORY;
    Arena arena(static_cast<char*>(memory));
    place_packed(arena);
    own_units_ = false;
    this->pack_groups(this->packed_, 0, 1, true);
    pack_hoisted(0, 1);
    into.protect();
    return RECUR_OK;
  }

 protected:
  // prepare a stream: pack everything
  int64_t open() {
    chunk_ = 1;
    if (frozen_ != nullptr && !(frozen_->fits(this->cell_, this->call_) && frozen_->unchanged(*pieces_, 0, 1))) {
      this->packs_ = true;
      frozen_ = nullptr;
    }
    const int64_t status = start();
    if (status != RECUR_OK) return status;
    own_units_ = false;  // the number of threads may change from step to step
    if (frozen_ != nullptr) {
      frozen_->use();
      return RECUR_OK;
    }
    this->pack_groups(this->packed_, 0, 1, true);
    pack_hoisted(0, 1);
    return RECUR_OK;
  }

  // run step 0 or 1; the number of threads may change from step to step
  void one_step(int64_t s, int threads) {
    this->copy_inputs();
    const bool rows = this->by_rows_;
    this->loop_threads_ = std::min(threads, this->most_loop_threads_);
    run_parallel(std::min(threads, this->threads_), [&](int thread, int count) {
      Thread& one = team_[static_cast<size_t>(thread)];
      this->start_frame(one, thread, rows ? count : std::min(count, this->loop_threads_));
      hoist(one, thread, count, s, s + 1);
      this->all_.wait(thread, count);
      if (rows || thread < this->loop_threads_) step(one, s, s);
    });
  }

  // round and copy the states in slot `parity`
  void renew_copies(int64_t parity) {
    if constexpr (P::copies) {
      for (size_t n = 0; n < this->copies_.size(); ++n) {
        const RecurOperand& c = this->copies_[n];
        if (c.place != RECUR_STATE) continue;
        for (int64_t i = 0; i < this->rows_.count(); ++i) {
          const int64_t row = parity * this->rows_.count() + i;
          convert_row<P>(this->copy_base_ + row * this->copy_.stride + this->copy_.at[n],
                         this->state_base_ + row * this->state_.stride + this->state_.at[static_cast<size_t>(c.index)],
                         this->size(c.columns_size));
        }
      }
    } else {
      (void)parity;
    }
  }

 private:
  // products with the input are used while they are in the second-level cache; at least this many rows are computed at
  // a time, since the matrix is read once for all of them
  static constexpr int64_t kChunkBytes = 384 * 1024, kChunkRows = 112;
  static constexpr int64_t kFewPanels = 4;  // with more, copying the rows once is worth taller tiles

  struct Run {
    int32_t from, to;  // hoisted products with the same operands
    Panels<P> panels;
    int64_t column;
  };

  void use_frozen(const FrozenWeights& frozen) {
    frozen_ = &frozen;
    pieces_ = std::make_unique<MatrixPieces>(this->cell_, this->call_);
    this->packs_ = false;
    Arena arena(static_cast<char*>(frozen.memory()));
    place_packed(arena);
  }

  // where the packed matrices are in memory of their own
  void place_packed(Arena& arena) {
    this->packed_ = arena.template take<E>(this->packed_elements_);
    for (Run& run : runs_) run.panels.data = arena.template take<E>(run.panels.elements());
  }

  void plan_chunks() {
    int64_t columns = 0;
    for (int32_t h = 0; h < this->cell_.hoisted_count; ++h) columns += this->padded(this->cell_.hoisted[h].size);
    const int64_t steps = std::max<int64_t>(1, this->rows_.steps()), count = std::max<int64_t>(1, this->rows_.count());
    chunk_ = steps;
    if (columns == 0) return;
    const int64_t sharing = this->by_rows_ ? this->threads_ : 1;
    const int64_t fit = kChunkBytes / static_cast<int64_t>(sizeof(T)) / columns;  // rows of one thread
    chunk_ = std::max<int64_t>(1, std::min(steps, (std::max(fit, kChunkRows) * sharing + count - 1) / count));
    // the rows of one thread are evenly spaced only if all steps have the same number of rows
    own_rows_ = this->by_rows_ && this->rows_.dense() && count % this->threads_ == 0;
    own_units_ = !this->by_rows_ && this->loop_threads_ == this->threads_ && !this->cell_.hoisted_operands;
    for (int32_t h = 0; h < this->cell_.hoisted_count; ++h) {
      own_units_ = own_units_ && this->padded(this->cell_.hoisted[h].size) % (2 * L * this->threads_) == 0;
    }
  }

  void plan_hoisted() {
    const RecurCell& cell = this->cell_;
    auto same = [](const RecurHoisted& a, const RecurHoisted& b) {
      if (a.operand_count != b.operand_count) return false;
      for (int32_t m = 0; m < a.operand_count; ++m) {
        if (a.operands[m].start != b.operands[m].start || a.operands[m].columns_size != b.operands[m].columns_size)
          return false;
      }
      return true;
    };
    for (int32_t h = 0; h < cell.hoisted_count;) {
      int32_t end = h;
      int64_t width = 0, K = 0;
      while (end < cell.hoisted_count && same(cell.hoisted[h], cell.hoisted[end]))
        width += this->padded(cell.hoisted[end++].size);
      for (int32_t m = 0; m < cell.hoisted[h].operand_count; ++m)
        K += padded_k<P>(this->size(cell.hoisted[h].operands[m].columns_size));
      runs_.push_back({h, end, Panels<P>(K, width), this->tape_.at[static_cast<size_t>(cell.hoisted[h].column)]});
      h = end;
    }
  }

  int64_t allocate() {
    const int64_t total = this->rows_.total(), count = this->rows_.count();
    void* tape = nullptr;
    for (int pass = 0; pass < 2; ++pass) {
      Arena kept(static_cast<char*>(pass == 0 ? nullptr : tape)),
          own(static_cast<char*>(pass == 0 ? nullptr : lease_->get()));
      Arena& long_lived = this->training_ ? kept : own;
      if (this->training_) {
        TapeHead* head = kept.take<TapeHead>(1);
        if (head != nullptr) *head = this->head_of(head);
      }
      const int64_t rows =
          this->training_ ? total : std::min(total, this->rows_.off(std::min(chunk_, this->rows_.steps())));
      this->tape_base_ = long_lived.template take<T>(rows * this->tape_.stride + L);
      this->state_base_ =
          long_lived.template take<T>((this->training_ ? count + total : 2 * count) * this->state_.stride + L);
      this->allocate_inputs(long_lived);
      this->accumulated_of_.clear();
      this->allocate_threads(own, team_, 0);
      if (!this->training_) this->allocate_scan(own);
      for (Run& run : runs_) {
        if (this->packs_) run.panels.data = own.template take<E>(run.panels.elements());
      }
      if (pass == 0) {
        lease_.reset(new Lease(own.used()));
        if (this->training_) tape = this->call_.tape = MemoryPool::instance().acquire(kept.used());
        if (lease_->get() == nullptr || (this->training_ && tape == nullptr)) return RECUR_NO_MEMORY;
        if (this->call_.fill_nan) {
          fill_with_nan<T>(lease_->get(), own.used());
          if (this->training_) fill_with_nan<T>(tape, kept.used());
        }
      }
    }
    return RECUR_OK;
  }

  int64_t start() {
    const int64_t status = allocate();
    if (status != RECUR_OK) return status;
    this->copy_parameters();
    this->load_states(this->state_base_, this->call_.initial, true);
    renew_copies(0);
    return RECUR_OK;
  }

  void work(int thread, int threads) {
    Thread& one = team_[static_cast<size_t>(thread)];
    this->start_frame(one, thread, this->by_rows_ ? threads : std::min(threads, this->loop_threads_));
    const bool in_loop = this->by_rows_ || thread < this->loop_threads_;
    if (this->packs_) {
      if (in_loop) this->pack_groups(this->packed_, thread, one.threads, this->by_rows_);
      pack_hoisted(thread, threads);
      if (!own_units_ || threads != this->threads_) this->all_.wait(thread, threads);
    } else {
      if (!frozen_->unchanged(*pieces_, thread, threads)) stale_.store(true);
      this->all_.wait(thread, threads);
      if (stale_.load()) return;
    }
    const int64_t steps = this->rows_.steps();
    // a team smaller than requested divides rows and units differently
    const bool apart = (own_rows_ || own_units_) && threads == this->threads_;
    for (int64_t from = 0; from < steps; from += chunk_) {
      const int64_t to = std::min(steps, from + chunk_);
      if (apart) {
        hoist_own(one, from, to);
      } else {
        hoist(one, thread, threads, from, to);
        this->all_.wait(thread, threads);
      }
      if (in_loop && this->cell_.scanned != 0) {
        scan(one, from, to);
      } else if (in_loop) {
        for (int64_t s = from; s < to && s < this->stop_at_.load(std::memory_order_relaxed); ++s) step(one, s, from);
      }
      if (!apart) this->all_.wait(thread, threads);
      if (this->stop_at_.load(std::memory_order_relaxed) != INT64_MAX) break;
    }
    this->all_.wait(thread, threads);
    if (this->stop_at_.load() != INT64_MAX) return;
    clear_padding(thread, threads);
  }

  void pack_hoisted(int thread, int threads) {
    const RecurCell& cell = this->cell_;
    for (Run& run : runs_) {
      // a thread that multiplies by panels packs its own panels; otherwise all threads meet
      const int64_t count = run.panels.count();
      const int64_t first = count * thread / threads * 2,
                    last = std::min<int64_t>(run.panels.vectors, count * (thread + 1) / threads * 2);
      int64_t v = 0;
      for (int32_t h = run.from; h < run.to; ++h) {
        const RecurHoisted& hoisted = cell.hoisted[h];
        const int64_t units = this->size(hoisted.size);
        const auto mine = this->units_of(hoisted.size, thread, threads);
        const bool by_unit = own_units_ && threads == this->threads_;
        for (int64_t u = 0; u < units; u += L, ++v) {
          if (by_unit ? u < mine.first || u >= mine.last : v < first || v >= last) continue;
          if constexpr (P::whole) {
            this->pack_columns(run.panels.panel(v / 2), run.panels.width(v / 2), v % 2, run.panels.K, hoisted.blocks,
                               hoisted.operand_count, u, units);
          } else {
            int64_t k = 0;
            for (int32_t m = 0; m < hoisted.operand_count; ++m) {
              const RecurBlock& b = hoisted.blocks[m];
              const int64_t stride = this->size(cell.matrix_columns[b.matrix]);
              pack_vector<P>(run.panels.at(v, k), run.panels.stride(v), this->first_of(b, u), stride, b.transposed != 0,
                             this->size(b.columns_size), std::min(L, units - u));
              k += padded_k<P>(this->size(b.columns_size));
            }
          }
        }
      }
    }
  }

  void hoist(Thread& one, int thread, int threads, int64_t from, int64_t to) {
    const int64_t first = this->rows_.off(from), last = this->rows_.off(to);
    for (Run& run : runs_) {
      const RecurHoisted& hoisted = this->cell_.hoisted[run.from];
      auto copy = [&](E* block, int64_t stride, int64_t r, int64_t n, int64_t k0, int64_t depth) {
        this->rows_.walk(first + r, first + r + n, [&](int64_t at, int64_t s, int64_t i) {
          copy_row(block + (at - first - r) * stride, hoisted, this->x_at(s, i), k0, depth);
        });
      };
      const ThreadTile mine = tile_of_thread(last - first, run.panels.count(), thread, threads);
      T* C = this->tape_base_ + run.column + (this->training_ ? first * this->tape_.stride : 0);
      batched_product<P>(mine.row0, mine.row1, run.panels, mine.panel0, mine.panel1, one.block, C, this->tape_.stride,
                         false, false, copy, [](int64_t, int64_t) {});
    }
  }

  // the products with the input that only this thread reads: those of its rows, or of its units
  void hoist_own(Thread& one, int64_t from, int64_t to) {
    const int64_t first = this->rows_.off(from), total = this->rows_.off(to) - first;
    const int64_t apart = own_rows_ ? one.threads : 1, start = own_rows_ ? one.thread : 0;
    for (Run& run : runs_) {
      const RecurHoisted& hoisted = this->cell_.hoisted[run.from];
      auto copy = [&](E* block, int64_t stride, int64_t r, int64_t n, int64_t k0, int64_t depth) {
        for (int64_t j = 0; j < n; ++j) {
          const int64_t at = first + start + (r + j) * apart;
          const int64_t count = this->rows_.count();
          const int64_t s = this->rows_.dense() ? at / count : 0;
          if (this->rows_.dense()) copy_row(block + j * stride, hoisted, this->x_at(s, at - s * count), k0, depth);
        }
        if (!this->rows_.dense()) {
          this->rows_.walk(first + r, first + r + n, [&](int64_t at, int64_t s, int64_t i) {
            copy_row(block + (at - first - r) * stride, hoisted, this->x_at(s, i), k0, depth);
          });
        }
      };
      T* C = this->tape_base_ + run.column + start * this->tape_.stride +
             (this->training_ ? first * this->tape_.stride : 0);
      if (own_rows_ && hoist_steps(one, run, from, to, C)) continue;
      if (own_rows_) {
        batched_product<P>(0, total / apart, run.panels, 0, run.panels.count(), one.block, C,
                           this->tape_.stride * apart, false, false, copy, [](int64_t, int64_t) {});
        continue;
      }
      // the same units of every product, which are contiguous panels
      int64_t column = 0;
      for (int32_t h = run.from; h < run.to; ++h) {
        const auto units = this->units_of(this->cell_.hoisted[h].size, one.thread, one.threads);
        batched_product<P>(
            0, total, run.panels, (column + units.first) / (2 * L), (column + units.last) / (2 * L), one.block, C,
            this->tape_.stride, false, false, copy, [](int64_t, int64_t) {}, h > run.from && total <= kFewRows);
        column += this->padded(this->cell_.hoisted[h].size);
      }
    }
  }

  // The same for this thread's rows of every step, read where the caller has them; false where they have to be copied
  bool hoist_steps(const Thread& one, const Run& run, int64_t from, int64_t to, T* C) {
    const RecurHoisted& hoisted = this->cell_.hoisted[run.from];
    if (P::copies || P::whole || hoisted.operand_count != 1 || run.panels.count() > kFewPanels) return false;
    if (this->rows_.count() < kRowsEach * one.threads) return false;  // tiles of few rows are slower than a copy
    if constexpr (!P::copies && !P::whole) {
      const int64_t n = this->rows_.count() / one.threads, start = this->size(hoisted.operands[0].start);
      product_of_steps<P>(
          to - from, n, run.panels, 0, run.panels.count(),
          [&](int64_t s) { return this->x_at(from + s, one.thread) + start; }, this->call_.x_row * one.threads,
          [&](int64_t s) { return C + s * this->rows_.count() * this->tape_.stride; },
          this->tape_.stride * one.threads);
    }
    return true;
  }

  void copy_row(E* row, const RecurHoisted& hoisted, const T* x, int64_t k0, int64_t depth) const {
    if constexpr (P::whole) {
      quantize_row(row, hoisted.operand_count, [&](long m) -> WholePart {
        return {x + this->size(hoisted.operands[m].start), this->size(hoisted.operands[m].columns_size), 1};
      });
    } else {
      int64_t k = 0;
      for (int32_t m = 0; m < hoisted.operand_count; ++m) {
        const int64_t n_k = this->size(hoisted.operands[m].columns_size);
        const int64_t a = std::max(k, k0), b = std::min(k + n_k, k0 + depth);
        if (a < b) convert_row<P>(row + a - k0, x + this->size(hoisted.operands[m].start) + a - k, b - a);
        k += padded_k<P>(n_k);
      }
    }
  }

  void step(Thread& one, int64_t s, int64_t tape_from) {
    this->set_step(one, s, this->training_ ? 0 : tape_from, this->training_);
    const int64_t n = this->own_rows(this->rows_.live(s), one.thread, one.threads);
    if ((s & 31) == 0 && this->interrupt_requested(one)) this->stop_at_.store(s + 2);
    for (int32_t k = 0; k < this->program_.stage_count; ++k) {
      const RecurStage& stage = this->program_.stages[k];
      this->run_stage(one, team_, k, s, n);
      for (int32_t m = 0; m < stage.fresh_count; ++m) copy_to_series(one, stage, stage.fresh[m], s, n);
      this->copy_operands(one, stage, s, n);
      if (stage.waits && !this->by_rows_) this->loop_.wait(one.thread, one.threads);
    }
  }

  // the steps from..to, many at a time
  void scan(Thread& one, int64_t from, int64_t to) {
    const bool kept = this->training_;
    const RecurStage& stage = this->program_.stages[0];
    int64_t steps = 1;
    for (int64_t s = from; s < to && s < this->stop_at_.load(std::memory_order_relaxed); s += steps) {
      if (this->interrupt_requested(one)) this->stop_at_.store(s);
      if (one.thread == 0) ++this->call_.scanned;
      steps = this->steps_together(s, to, 1, one.threads, kept);
      const int64_t n = this->own_rows(this->rows_.live(s), one.thread, one.threads);
      this->set_step(one, s, kept ? 0 : from, kept);
      // inference keeps the states of two steps: those of a run have memory of their own
      if (!kept) enter_run(one, s, n);
      this->run_stage(one, team_, 0, s, n * steps);
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

  void enter_run(Thread& one, int64_t s, int64_t n) {
    T* run = this->scan_[static_cast<size_t>(one.thread)];
    const int64_t first = this->by_rows_ ? one.thread : 0, apart = this->by_rows_ ? one.threads : 1;
    const T* before = this->state_base_ + ((s & 1) * this->rows_.count() + first) * this->state_.stride;
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
    T* after = this->state_base_ + (((s + steps) & 1) * this->rows_.count() + first) * this->state_.stride;
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

  // write zeros at padded steps
  void clear_padding(int thread, int threads) {
    if (this->rows_.dense() || this->call_.offsets != nullptr || this->call_.lengths == nullptr) return;
    for (int64_t b = thread; b < this->call_.B; b += threads) {
      for (int64_t t = this->call_.lengths[b]; t < this->call_.T; ++t) {
        for (int32_t k = 0; k < this->cell_.state_count; ++k) {
          T* series = static_cast<T*>(this->call_.series[k]);
          if (series == nullptr) continue;
          std::memset(series + t * this->call_.series_time[k] + b * this->call_.series_row[k], 0,
                      sizeof(T) * static_cast<size_t>(this->size(this->cell_.state_sizes[k])));
        }
      }
    }
  }

  void finals() {
    for (int64_t i = 0; i < this->rows_.count(); ++i) {
      if (!this->rows_.ends(i)) continue;
      const int64_t length = this->rows_.length(i);
      const T* row =
          this->state_base_ +
          ((this->training_ ? this->rows_.slot(length) : (length & 1) * this->rows_.count()) + i) * this->state_.stride;
      for (int32_t k = 0; k < this->cell_.state_part_count; ++k) {
        const RecurPart& part = this->cell_.state_parts[k];
        T* to = static_cast<T*>(this->call_.final[part.owner]);
        if (to == nullptr) continue;
        std::memcpy(to + this->rows_.row(i) * this->size(this->cell_.state_sizes[part.owner]) + this->size(part.start),
                    row + this->state_.at[static_cast<size_t>(k)],
                    sizeof(T) * static_cast<size_t>(this->size(part.size)));
      }
    }
  }

  int64_t chunk_ = 1;
  bool own_rows_ = false, own_units_ = false;  // whether no other thread needs a thread's part of the products
  std::vector<Run> runs_;
  const FrozenWeights* frozen_ = nullptr;  // whose packed matrices are used
  std::unique_ptr<MatrixPieces> pieces_;
  std::atomic<bool> stale_{false};  // whether a matrix has changed since it was frozen
  std::vector<Thread> team_;
  std::unique_ptr<Lease> lease_;
};

}  // namespace recur
