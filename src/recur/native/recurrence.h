// Recurrence over one batch: the parts that forward and backward pass share.
#pragma once

#include <limits>
#include <memory>
#include <vector>

#include "batched_products.h"
#include "elementwise.h"
#include "memory_pool.h"
#include "padded_inputs.h"
#include "row_products.h"
#include "tape.h"

namespace recur {

constexpr long kPanelRows = 56;        // rows per product of a panel
constexpr int64_t kRowsTogether = 16;  // rows that go through several stages one after the other
constexpr int64_t kLongRow = 1024;     // units of a stage without products from which a pass takes one row

template <class P>
class Recurrence : public PaddedInputs<P> {
  using Base = PaddedInputs<P>;

 public:
  using T = typename P::T;
  using E = typename P::E;
  static constexpr int64_t L = Lane<T>::count;

  Recurrence(const RecurCell& cell, RecurCall& call, const RecurProgram& program, bool training)
      : Base(cell, call, program), training_(training) {
    tape_ = columns_of<T>(training ? cell.tape_sizes : cell.forward_tape_sizes,
                          training ? cell.tape_count : cell.forward_tape_count, sizes_);
    scratch_ = columns_of<T>(program.scratch_sizes, program.scratch_count, sizes_);
  }

 protected:
  using Base::by_rows_, Base::call_, Base::cell_, Base::copies_, Base::copy_, Base::groups_, Base::loop_threads_,
      Base::packed_elements_, Base::program_, Base::rounded_row_, Base::rows_, Base::sizes_, Base::threads_;
  using Base::chunk_products, Base::copy_column, Base::own_rows, Base::padded, Base::size, Base::units_of;
  using Base::input_, Base::input_base_, Base::noise_, Base::noise_base_, Base::state_;
  using typename Base::PackedGroup;

  TapeHead head_of(const void* self) const {
    uint64_t hash = 1469598103934665603u;  // FNV-1a
    for (int32_t n = 0; n < cell_.size_count; ++n) hash = (hash ^ static_cast<uint64_t>(sizes_[n])) * 1099511628211u;
    return {&cell_, self, call_.type, rows_.count(), rows_.total(), call_.precision, call_.reverse, hash};
  }

  // ---- the state of a thread

  struct Thread {
    int thread, threads;
    RecurFrame frame;
    std::vector<void*> state, fresh, carry, handed, noise, accumulated;
    std::vector<int64_t> noise_stride;
    T* product;                                                   // one block of a panel
    T* partial;                                                   // [row][total][lanes] of this thread, two parities
    T* total;                                                     // [row][total]
    E* block;                                                     // for batched products
    E* rounded;                                                   // operands of one stage as whole numbers: int8.h
    int64_t tape_offset = 0, state_offset = 0, carry_offset = 0;  // of a thread's own memory, where it has such
    double last_check = 0;
  };

  int32_t most_slots() const {
    int32_t most = 1;
    for (int32_t k = 0; k < program_.stage_count; ++k) {
      most = std::max(most, program_.stages[k].slots * program_.stages[k].panel_vectors);
    }
    return most;
  }

  int64_t partial_elements() const { return 2 * rows_.count() * program_.totals * L; }

  // the columns of the widest matrix that multiplies the input
  int64_t widest_input() const {
    int64_t widest = 0;
    for (int32_t h = 0; h < cell_.hoisted_count; ++h) {
      int64_t K = 0;
      for (int32_t m = 0; m < cell_.hoisted[h].operand_count; ++m) {
        K += padded_k<P>(size(cell_.hoisted[h].operands[m].columns_size));
      }
      widest = std::max(widest, K);
    }
    return widest;
  }

  // memory of every thread
  void allocate_threads(Arena& arena, std::vector<Thread>& threads, int64_t accumulated) {
    threads.resize(static_cast<size_t>(threads_));
    product_stride_ = most_slots() * L;
    for (Thread& one : threads) {
      one.product = arena.take<T>(kPanelRows * product_stride_ + L);
      one.partial = arena.take<T>(partial_elements() + L);
      one.total = arena.take<T>(rows_.count() * program_.totals + L);
      one.block = arena.take<E>(block_elements<P>(widest_input()));
      one.rounded = P::whole ? arena.take<E>(rows_.count() * rounded_row_) : nullptr;
      accumulated_of_.push_back(arena.take<T>(accumulated + L));
      reserve_pieces(one);
    }
    if (packs_) packed_ = arena.take<E>(packed_elements_);
    scratch_base_ = arena.take<T>(2 * rows_.count() * scratch_.stride + L);
    if (P::copies) copy_base_ = arena.take<E>(2 * rows_.count() * copy_.stride + 2 * L);
    int64_t vectors = 0;
    for (int32_t k = 0; k < cell_.vector_part_count; ++k) vectors += padded(cell_.vector_parts[k].size);
    parameters_ = arena.take<T>(vectors + L);
  }

  // reserved here, so that no thread allocates: an exception within a parallel region ends the process
  void reserve_pieces(Thread& one) {
    for (auto* pieces : {&one.state, &one.fresh, &one.carry, &one.handed}) {
      pieces->reserve(static_cast<size_t>(cell_.state_part_count));
    }
    one.noise.reserve(static_cast<size_t>(cell_.noise_part_count));
    one.noise_stride.reserve(static_cast<size_t>(cell_.noise_part_count));
    one.accumulated.reserve(static_cast<size_t>(cell_.sum_part_count));
  }

  void copy_parameters() {
    T* to = parameters_;
    for (int32_t k = 0; k < cell_.vector_part_count; ++k) {
      const RecurPart& part = cell_.vector_parts[k];
      const int64_t n = size(part.size), whole = padded(part.size);
      const T* from = static_cast<const T*>(call_.vectors[part.owner]);
      if (from != nullptr) std::memcpy(to, from + size(part.start), sizeof(T) * static_cast<size_t>(n));
      const void* more = call_.added == nullptr || from == nullptr ? nullptr : call_.added[part.owner];
      for (int64_t u = 0; more != nullptr && u < n; ++u) to[u] += static_cast<const T*>(more)[size(part.start) + u];
      const int64_t given = from != nullptr ? n : 0;
      std::memset(to + given, 0, sizeof(T) * static_cast<size_t>(whole - given));
      parameter_.push_back(to);
      to += whole;
    }
  }

  void start_frame(Thread& one, int thread, int threads) {
    one.thread = thread, one.threads = threads;
    one.state.assign(static_cast<size_t>(cell_.state_part_count), nullptr);
    one.fresh = one.carry = one.handed = one.state;
    one.noise.assign(static_cast<size_t>(cell_.noise_part_count), nullptr);
    one.noise_stride.assign(static_cast<size_t>(cell_.noise_part_count), 0);
    RecurFrame& f = one.frame;
    std::memset(&f, 0, sizeof f);
    const int64_t apart = by_rows_ ? threads : 1;
    f.tape_stride = tape_.stride * apart;
    f.tape_columns = tape_.at.data();
    f.scratch_stride = scratch_.stride * apart;
    f.scratch_columns = scratch_.at.data();
    f.state_stride = state_.stride * apart;
    f.carry_stride = state_.stride * apart;
    f.state = one.state.data(), f.fresh = one.fresh.data();
    f.carry = one.carry.data(), f.handed = one.handed.data();
    f.noise = one.noise.data(), f.noise_stride = one.noise_stride.data();
    f.input_stride = input_.stride * apart;
    f.input_columns = input_.at.data();
    f.parameter = const_cast<const void* const*>(reinterpret_cast<void* const*>(parameter_.data()));
    f.total = one.total;
    f.totals = program_.totals;
    f.product = one.product;
    f.product_stride = product_stride_;
    f.sizes = sizes_;
  }

  // set the frame to step s; the tape begins at step `tape_from`, and states have a slot per step or two alternating
  // ones
  void set_step(Thread& one, int64_t s, int64_t tape_from, bool all_slots) {
    RecurFrame& f = one.frame;
    const int64_t first = by_rows_ ? one.thread : 0, apart = by_rows_ ? one.threads : 1;
    f.tape = tape_base_ + one.tape_offset + (rows_.off(s) - rows_.off(tape_from) + first) * tape_.stride;
    f.scratch = scratch_base_ + ((s & 1) * rows_.count() + first) * scratch_.stride;
    const int64_t before = all_slots ? rows_.slot(s) : (s & 1) * rows_.count();
    const int64_t after = all_slots ? rows_.slot(s + 1) : ((s + 1) & 1) * rows_.count();
    for (size_t k = 0; k < one.state.size(); ++k) {
      one.state[k] = state_base_ + one.state_offset + (before + first) * state_.stride + state_.at[k];
      one.fresh[k] = state_base_ + one.state_offset + (after + first) * state_.stride + state_.at[k];
    }
    if (cell_.reads_input) f.input = input_base_ + (rows_.off(s) + first) * input_.stride;
    for (int32_t n = 0, k = 0; n < cell_.noise_count; ++n) {
      const Columns<T>& columns = noise_[static_cast<size_t>(n)];
      const bool timed = call_.noise_time[n] != 0, by_row = timed || call_.noise_row[n] != 0;
      T* base = noise_base_[static_cast<size_t>(n)];
      if (by_row) base += ((timed ? rows_.off(s) : 0) + first) * columns.stride;
      for (size_t c = 0; c < columns.at.size(); ++c, ++k) {
        one.noise[static_cast<size_t>(k)] = base + columns.at[c];
        one.noise_stride[static_cast<size_t>(k)] = by_row ? columns.stride * apart : 0;
      }
    }
    f.partial = one.partial + (s & 1) * rows_.count() * program_.totals * L;
  }

  // an operand in the memory of its column
  const T* column_of(const Thread& one, const RecurOperand& operand, int64_t& stride) const {
    const RecurFrame& f = one.frame;
    const size_t k = static_cast<size_t>(operand.index);
    switch (operand.place) {
      case RECUR_TAPE:
        stride = f.tape_stride;
        return static_cast<const T*>(f.tape) + tape_.at[k];
      case RECUR_SCRATCH:
        stride = f.scratch_stride;
        return static_cast<const T*>(f.scratch) + scratch_.at[k];
      case RECUR_DERIVATIVE:
        stride = f.derivative_stride;
        return static_cast<const T*>(f.derivative) + f.derivative_columns[k];
      case RECUR_FRESH:
        stride = f.state_stride;
        return static_cast<const T*>(one.fresh[k]);
      default:
        stride = f.state_stride;
        return static_cast<const T*>(one.state[k]);
    }
  }

  const E* operand(const Thread& one, const RecurOperand& operand, int64_t column, int64_t s, int64_t& stride) const {
    if constexpr (P::copies) {
      const int64_t first = by_rows_ ? one.thread : 0;
      stride = copy_.stride * (by_rows_ ? one.threads : 1);
      return copy_base_ + ((s & 1) * rows_.count() + first) * copy_.stride + copy_.at[static_cast<size_t>(column)];
    } else {
      return column_of(one, operand, stride);
    }
  }

  // round the operands of a stage to whole numbers, for the n rows of this thread: the scale of a row is known when all
  // of its units are, so that every thread rounds all of them for itself
  void round_operands(Thread& one, const RecurStage& stage, const std::vector<PackedGroup>& plans, int64_t n) const {
    for (int32_t g = 0; g < stage.group_count; ++g) {
      const RecurGroup& group = stage.groups[g];
      for (int64_t i = 0; i < n; ++i) {
        quantize_row(one.rounded + i * rounded_row_ + plans[static_cast<size_t>(g)].row, group.operand_count,
                     [&](long m) -> WholePart {
                       int64_t stride = 0;
                       const T* from = column_of(one, group.operands[m], stride);
                       return {from + i * stride, size(group.operands[m].columns_size), 1};
                     });
      }
    }
  }

  // round and copy the operands of products that this stage has written, for the units of this thread
  void copy_operands(const Thread& one, const RecurStage& stage, int64_t s, int64_t n) {
    if constexpr (P::copies) {
      for (int32_t m = 0; m < stage.operand_count; ++m) {
        const RecurOperand& w = stage.written[m];
        const Units units = units_of(stage.units_size, one.thread, one.threads);
        const int64_t last = std::min(units.last, size(w.columns_size));
        if (units.first >= last) continue;
        int64_t stride = 0;
        const T* from = column_of(one, w, stride);
        const int64_t parity = w.place == RECUR_FRESH ? (s + 1) & 1 : s & 1;
        const int64_t first = by_rows_ ? one.thread : 0, apart = by_rows_ ? one.threads : 1;
        E* to = copy_base_ + (parity * rows_.count() + first) * copy_.stride +
                copy_.at[static_cast<size_t>(copy_column(w))];
        for (int64_t i = 0; i < n; ++i) {
          convert_row<P>(to + i * apart * copy_.stride + units.first, from + i * stride + units.first,
                         last - units.first);
        }
      }
    }
  }

  // the initial value of a total
  Vec<T> nothing(int64_t k) const {
    return program_.largest[k] != 0 ? splat<T>(-std::numeric_limits<T>::infinity()) : Vec<T>{};
  }

  // the totals that a stage reads, from the partial totals of all threads, always combined in the same order
  void sum_totals(Thread& one, std::vector<Thread>& team, const RecurStage& stage, int64_t s, int64_t first,
                  int64_t n) {
    const int64_t totals = program_.totals, from = (s & 1) * rows_.count() * totals * L;
    const bool alone = by_rows_ || one.threads == 1;
    for (int32_t m = 0; m < stage.total_count; ++m) {
      const int64_t k = stage.totals[m];
      const bool largest = program_.largest[k] != 0;
      if (alone && !largest) {
        const T* part = one.partial + from + k * L;
        for (int64_t i = first; i < n; ++i) one.total[i * totals + k] = lane_sum<T>(load<T>(part + i * totals * L));
        continue;
      }
      for (int64_t i = first; i < n; ++i) {
        Vec<T> all = nothing(k);
        for (int other = 0; other < one.threads; ++other) {
          if (by_rows_ && other != one.thread) continue;
          const Vec<T> part = load<T>(team[static_cast<size_t>(other)].partial + from + (i * totals + k) * L);
          all = largest ? v_maximum(all, part) : all + part;
        }
        one.total[i * totals + k] = largest ? lane_largest<T>(all) : lane_sum<T>(all);
      }
    }
  }

  // The end of the stages from k on that run_stages may run together: those that only read their own row, where no
  // other thread computes units of it
  int32_t together(const Thread& one, int32_t k) const {
    auto joins = [&](int32_t n) {
      return program_.stages[n].group_count == 0 && program_.stages[n].contraction_count == 0;
    };
    int32_t end = k + 1;
    if ((!by_rows_ && one.threads > 1) || cell_.scanned != 0 || !joins(k)) return end;
    while (end < program_.stage_count && joins(end)) ++end;
    return end;
  }

  // run the stages k..end of step s for n rows: a few rows through all of them, so that what one stage writes is still
  // in the first-level cache when the next reads it
  void run_stages(Thread& one, std::vector<Thread>& team, int32_t k, int32_t end, int64_t s, int64_t n) {
    const int64_t together = end - k > 1 ? kRowsTogether : n;
    for (int64_t i = 0; i < n; i += together) {
      for (int32_t m = k; m < end; ++m) run_stage(one, team, m, s, i, std::min(n, i + together));
    }
  }

  // run one stage of step s for the rows from..n
  void run_stage(Thread& one, std::vector<Thread>& team, int32_t k, int64_t s, int64_t from, int64_t n) {
    const RecurStage& stage = program_.stages[k];
    const RecurKernel kernel = stage.kernel[sizeof(T) == 8 ? 1 : 0];
    const Units units = units_of(stage.units_size, one.thread, one.threads);
    RecurFrame& f = one.frame;
    if (stage.total_count > 0) sum_totals(one, team, stage, s, from, n);
    for (int32_t m = 0; m < stage.partial_count; ++m) {
      const int64_t k = stage.partials[m], totals = program_.totals;
      const Vec<T> none = nothing(k);
      T* const partial = static_cast<T*>(f.partial) + k * L;
      for (int64_t i = from; i < n; ++i) store<T>(partial + i * totals * L, none);
    }
    if (stage.contraction_count > 0) contract(one, stage, units, n);
    if (stage.group_count == 0) {
      // one row after another where a row is long: a pass over the units of all rows would read other memory each time
      const int64_t together = units.last - units.first > kLongRow ? 1 : n - from;
      for (int64_t i = from; i < n && units.first < units.last; i += together) {
        kernel(&f, i, i + together, units.first, units.last);
      }
      return;
    }
    const int64_t width = stage.panel_vectors * L;
    const int64_t panels = (units.last - units.first + width - 1) / width;
    const std::vector<PackedGroup>& plans = groups_[static_cast<size_t>(k)];
    if constexpr (P::whole) round_operands(one, stage, plans, n);
    for (int64_t q = 0; q < panels; ++q) {
      // alternate the direction: the next step begins with the end of the matrix, which is still in the cache
      const int64_t u = units.first + ((s & 1) != 0 ? panels - 1 - q : q) * width;
      const int64_t wide = std::min(width, units.last - u);
      for (int64_t i = 0; i < n; i += kPanelRows) {
        const int64_t rows = std::min<int64_t>(kPanelRows, n - i);
        for (int32_t g = 0; g < stage.group_count; ++g) {
          const RecurGroup& group = stage.groups[g];
          const PackedGroup& plan = plans[static_cast<size_t>(g)];
          const E* B = packed_ + plan.offset + u * (plan.K + P::head) * group.product_count;
          for (int32_t p = 0; p < group.product_count;) {
            const int products =
                std::min<int>(chunk_products(group.product_count - p, stage.panel_vectors), group.product_count - p);
            const int vectors = products * static_cast<int>(wide / L);
            T* to = one.product + (group.slot + p) * width;
            if constexpr (P::whole) {
              multiply_panel<P>(rows, plan.K, one.rounded + i * rounded_row_ + plan.row, rounded_row_, B, vectors, to,
                                product_stride_, false);
            } else {
              for (int32_t m = 0; m < group.operand_count;) {
                int64_t stride = 0;
                const E* A = operand(one, group.operands[m], plan.operand_copy[static_cast<size_t>(m)], s, stride);
                // contiguous operands are multiplied as one
                int32_t end = m + 1;
                int64_t depth = size(group.operands[m].columns_size);
                while (end < group.operand_count) {
                  int64_t other = 0;
                  const E* next =
                      operand(one, group.operands[end], plan.operand_copy[static_cast<size_t>(end)], s, other);
                  if (next != A + depth || other != stride || depth % P::pair != 0) break;
                  depth += size(group.operands[end].columns_size);
                  ++end;
                }
                this->multiply({stage, group, p, products, u, wide}, m, end, rows, depth, A + i * stride, stride,
                               B + plan.operand_k[static_cast<size_t>(m)] * vectors * L, to, product_stride_);
                m = end;
              }
            }
            B += vectors * L * (plan.K + P::head);
            p += products;
          }
        }
        kernel(&f, i, i + rows, u, u + wide);
      }
    }
  }

  // products with matrices of the rows, for the units of this thread
  void contract(const Thread& one, const RecurStage& stage, const Units& units, int64_t n) const {
    const int64_t last = std::min(units.last, size(stage.units_size));
    for (int32_t m = 0; m < stage.contraction_count && units.first < last; ++m) {
      const RecurContraction& c = stage.contractions[m];
      RowProduct<T> p{size(c.matrix_columns_size), size(c.vector.columns_size), units.first, last};
      p.matrix = column_of(one, c.matrix, p.matrix_stride);
      p.vector = column_of(one, c.vector, p.vector_stride);
      p.to = static_cast<T*>(one.frame.scratch) + scratch_.at[static_cast<size_t>(c.to)];
      p.to_stride = one.frame.scratch_stride;
      if (c.heads_size >= 0) {
        p.multiply_heads(n, c.transposed != 0, size(c.heads_size), size(stage.units_size));
      } else {
        p.multiply(n, c.transposed != 0, size(c.row), size(c.column));
      }
    }
  }

  // ---- interrupts

  // whether the caller wants to stop; checked by the calling thread only
  bool interrupt_requested(Thread& one) {
    if (call_.interrupted == nullptr || one.thread != 0) return false;
    const double now = seconds();
    if (now - one.last_check < 0.05) return false;
    const bool first = one.last_check == 0;
    one.last_check = now;
    return !first && call_.interrupted() != 0;
  }

  bool training_;
  bool packs_ = true;  // whether matrices are packed in this call
  Columns<T> tape_, scratch_;
  int64_t product_stride_ = 0;
  std::vector<T*> parameter_, accumulated_of_;
  T *tape_base_ = nullptr, *scratch_base_ = nullptr, *state_base_ = nullptr, *parameters_ = nullptr;
  E *packed_ = nullptr, *copy_base_ = nullptr;
  std::atomic<int64_t> stop_at_{INT64_MAX};
  Barrier all_{threads_}, loop_{threads_};
};

}  // namespace recur
