// Forward pass: products with the input for many steps at once, then one step after another.
#pragma once

#include "forward_scan.h"
#include "frozen_weights.h"
#include "waking.h"

namespace recur {

template <class P>
class Forward : public ForwardScan<P> {
  using Base = ForwardScan<P>;
  using Base::chunk_, Base::own_rows_, Base::own_units_, Base::runs_, Base::team_;
  using typename Base::E;
  using typename Base::Run;
  using typename Base::T;
  using typename Base::Thread;
  static constexpr int64_t L = Base::L;

 public:
  Forward(const RecurCell& cell, RecurCall& call)
      : Base(cell, call, call.training ? cell.training : cell.forward, call.training != 0) {
    const auto* frozen = static_cast<const FrozenWeights*>(call.frozen);
    // the training program has other groups of products
    if (frozen != nullptr && !this->training_) use_frozen(*frozen);
  }

  int64_t run() {
    if (frozen_ != nullptr && !frozen_->fits(this->cell_, this->call_)) return RECUR_STALE;
    plan_direct();
    if (frozen_ != nullptr && !this->direct_) pieces_ = std::make_unique<MatrixPieces>(this->cell_, this->call_);
    const int64_t status = start();
    if (status != RECUR_OK) return status;
    this->copy_inputs();
    run_team();
    if (stale_.load()) return RECUR_STALE;
    if (frozen_ != nullptr && !this->direct_) frozen_->use();
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
    this->pack_hoisted(0, 1);
    into.protect();
    return RECUR_OK;
  }

 protected:
  // prepare a stream: pack everything
  int64_t open() {
    chunk_ = 1;
    if (frozen_ != nullptr && !current(*frozen_)) {
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
    this->pack_hoisted(0, 1);
    return RECUR_OK;
  }

  // run step 0 or 1; the number of threads may change from step to step, and no bit depends on it
  void one_step(int64_t s, int threads) {
    this->copy_inputs();
    run_parallel(std::min(threads, this->threads_), [&](int thread, int count) {
      if (count == this->threads_) {
        Thread& one = team_[static_cast<size_t>(thread)];
        begin_step(one, thread, s);
        this->all_.wait(thread, count);
        if (thread < loop_parts()) step(one, s, s);
      } else if (thread == 0) {
        alone(s);
      }
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
  void use_frozen(const FrozenWeights& frozen) {
    frozen_ = &frozen;
    this->packs_ = false;
    Arena arena(static_cast<char*>(frozen.memory()));
    place_packed(arena);
  }

  // Multiply the matrices of a pass of few rows as they are: none is packed, and there is nothing to compare. Packed
  // matrices are as fast only where they and the caller's together fit the cache of a core, for several steps, or for
  // frozen matrices and several rows.
  void plan_direct() {
    if (!this->direct_possible()) return;
    int64_t numbers = 0;
    for (int32_t m = 0; m < this->cell_.matrix_count; ++m)
      numbers += this->size(this->cell_.matrix_rows[m]) * this->size(this->cell_.matrix_columns[m]);
    const bool cached = 2 * numbers * int64_t{sizeof(T)} <= second_level_cache();
    const bool several = this->rows_.steps() > 1 || (frozen_ != nullptr && this->rows_.count() > kDirectRows);
    if (cached && several) return;
    this->direct_ = true;
    this->packs_ = false;
    own_units_ = own_rows_ = false;
  }

  // whether packed matrices are those of this call
  bool current(const FrozenWeights& frozen) const {
    const MatrixPieces pieces(this->cell_, this->call_);
    return frozen.fits(this->cell_, this->call_) && frozen.unchanged(pieces, 0, 1);
  }

  // where the packed matrices are in memory of their own
  void place_packed(Arena& arena) {
    this->packed_ = arena.template take<E>(this->packed_elements_);
    for (Run& run : runs_) run.panels.data = arena.template take<E>(run.panels.elements());
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
      // of inference each thread has its own where they divide time
      const int64_t shares = this->by_time_ ? this->threads_ : 1;
      const int64_t rows = std::min(total, this->rows_.off(std::min(chunk_, this->rows_.steps())));
      this->tape_base_ =
          long_lived.template take<T>((this->training_ ? total : shares * rows) * this->tape_.stride + L);
      this->state_base_ =
          long_lived.template take<T>((this->training_ ? count + total : shares * 2 * count) * this->state_.stride + L);
      this->allocate_inputs(long_lived);
      this->accumulated_of_.clear();
      this->allocate_threads(own, team_, 0);
      if (!this->training_) this->allocate_scan(own);
      if (this->by_time_) this->allocate_spans(own, rows);
      this->allocate_table(own);
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
    if (this->by_time_) this->clear_guess();
    return RECUR_OK;
  }

  void run_team() {
    const auto body = [&](int thread, int threads) { work(thread, threads); };
    if (this->threads_ == 1 || !same_on_one_thread()) return run_parallel(this->threads_, body);
    Waking::instance().run(
        this->expected_seconds(), [&] { body(0, 1); },
        [&] {
          const double began = seconds();
          std::atomic<double> arrived{began};
          run_parallel(this->threads_, [&](int thread, int threads) {
            if (thread == threads - 1) arrived.store(seconds(), std::memory_order_relaxed);
            work(thread, threads);
          });
          // a thread that has arrived may still wait for its core
          const double lost = this->all_.lost(0) + this->loop_.lost(0);
          return std::max(arrived.load(std::memory_order_relaxed) - began, lost);
        });
  }

  // Whether one thread computes the same bits. Where several divide the units, each multiplies all rows by whole
  // panels. Where they divide the rows, each has shorter tiles, and sums are the same only if tiles of both heights add
  // up along k one after another. No totals, which each thread adds up for its units.
  bool same_on_one_thread() const {
    if (this->training_ || this->by_time_ || this->program_.totals > 0) return false;
    for (int32_t k = 0; k < this->program_.stage_count; ++k) {
      if (this->program_.stages[k].contraction_count > 0) return false;
    }
    if (this->by_rows_) return own_rows_ && same_sums(this->rows_.count() / this->threads_);
    for (const Run& run : runs_) {
      if (tile_of_thread(this->threads_, run.panels.count(), 0, this->threads_).row1 < this->threads_) return false;
    }
    return true;
  }

  bool same_sums(int64_t rows) const {
    constexpr int64_t kDepth = 256;  // multiply_panel divides deeper products, by the number of tiles
    if (P::whole || this->rows_.count() > kPanelRows) return false;
    for (const Run& run : runs_) {
      if (run.panels.K > kDepth || run.panels.vectors % 2 != 0 || !sums_in_order(rows, 2)) return false;
    }
    for (int32_t k = 0; k < this->program_.stage_count; ++k) {
      const RecurStage& stage = this->program_.stages[k];
      const int64_t width = stage.panel_vectors * L;
      if (this->padded(stage.units_size) % width != 0) return false;
      for (int32_t g = 0; g < stage.group_count; ++g) {
        if (this->groups_[static_cast<size_t>(k)][static_cast<size_t>(g)].K > kDepth) return false;
        const int32_t count = stage.groups[g].product_count;
        for (int32_t n = 0, chunk = 0; n < count; n += chunk) {
          chunk = std::min<int32_t>(this->chunk_products(count - n, stage.panel_vectors), count - n);
          const int vectors = chunk * stage.panel_vectors;
          if (!sums_in_order(rows, vectors) || !sums_in_order(this->rows_.count(), vectors)) return false;
        }
      }
    }
    return true;
  }

  void work(int thread, int threads) {
    Thread& one = team_[static_cast<size_t>(thread)];
    this->start_frame(one, thread, this->by_rows_ ? threads : std::min(threads, this->loop_threads_));
    const bool in_loop = this->by_rows_ || thread < this->loop_threads_;
    if (this->packs_) {
      if (in_loop) this->pack_groups(this->packed_, thread, one.threads, this->by_rows_);
      this->pack_hoisted(thread, threads);
      if (!own_units_ || threads != this->threads_) this->all_.wait(thread, threads);
    } else if (!this->direct_) {
      if (!frozen_->unchanged(*pieces_, thread, threads)) stale_.store(true);
      this->all_.wait(thread, threads);
      if (stale_.load()) return;
    }
    if (this->call_.ids != nullptr) {
      this->multiply_table(one, thread, threads);
      this->all_.wait(thread, threads);
    }
    if (this->by_time_) {
      this->spans(thread, threads);
      return;
    }
    const int64_t steps = this->rows_.steps();
    // a team smaller than requested divides rows and units differently
    const bool apart = (own_rows_ || own_units_) && threads == this->threads_;
    for (int64_t from = 0; from < steps; from += chunk_) {
      const int64_t to = std::min(steps, from + chunk_);
      if (apart) {
        this->hoist_own(one, from, to);
      } else {
        this->hoist(one, thread, threads, from, to);
        this->all_.wait(thread, threads);
      }
      if (in_loop && this->cell_.scanned != 0) {
        this->scan(one, from, to);
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

  // the threads of the loop over time
  int loop_parts() const { return this->by_rows_ ? this->threads_ : this->loop_threads_; }

  void begin_step(Thread& one, int thread, int64_t s) {
    this->start_frame(one, thread, loop_parts());
    this->hoist(one, thread, this->threads_, s, s + 1);
  }

  // the step of a stream with the parts of all threads, one after another: the same sums in the same order
  void alone(int64_t s) {
    for (int part = 0; part < this->threads_; ++part) begin_step(team_[static_cast<size_t>(part)], part, s);
    for (int part = 0; part < loop_parts(); ++part)
      this->set_step(team_[static_cast<size_t>(part)], s, s, this->training_);
    for (int32_t k = 0, end = 0; k < this->program_.stage_count; k = end) {
      for (int part = 0; part < loop_parts(); ++part) {
        Thread& one = team_[static_cast<size_t>(part)];
        end = this->together(one, k);
        stages(one, k, end, s);
      }
    }
  }

  // the stages k..end of step s for the rows and units of one thread
  void stages(Thread& one, int32_t k, int32_t end, int64_t s) {
    const int64_t n = this->own_rows(this->rows_.live(s), one.thread, one.threads);
    this->run_stages(one, team_, k, end, s, n);
    for (; k < end; ++k) {
      const RecurStage& stage = this->program_.stages[k];
      for (int32_t m = 0; m < stage.fresh_count; ++m) this->copy_to_series(one, stage, stage.fresh[m], s, n);
      this->copy_operands(one, stage, s, n);
    }
  }

  void step(Thread& one, int64_t s, int64_t tape_from) {
    this->set_step(one, s, this->training_ ? 0 : tape_from, this->training_);
    if ((s & 31) == 0 && this->interrupt_requested(one)) this->stop_at_.store(s + 2);
    for (int32_t k = 0; k < this->program_.stage_count;) {
      const int32_t end = this->together(one, k);
      stages(one, k, end, s);
      for (; k < end; ++k) {
        if (this->program_.stages[k].waits && !this->by_rows_) this->loop_.wait(one.thread, one.threads);
      }
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

  static constexpr int64_t kDirectRows = 3;  // that are multiplied directly as fast as by packed matrices in the cache

  const FrozenWeights* frozen_ = nullptr;  // whose packed matrices are used
  std::unique_ptr<MatrixPieces> pieces_;
  std::atomic<bool> stale_{false};  // whether a matrix has changed since it was frozen
  std::unique_ptr<Lease> lease_;
};

}  // namespace recur
