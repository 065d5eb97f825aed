// One recurrence over one batch: what forward and backward pass share.
#pragma once

#include <time.h>

#include <cstring>
#include <memory>
#include <vector>

#include "gemm.h"
#include "pool.h"
#include "recur.h"
#include "rows.h"
#include "sweep.h"
#include "team.h"

namespace recur {

constexpr long kPanelRows = 56;                // rows of a panel that are multiplied before they are used
constexpr int64_t kRowsEach = 8;               // a thread takes rows of its own if there are so many for each
constexpr int64_t kWorthSharing = 32 * 1024;   // multiplications of a step below which a second thread only waits

inline double seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// A memory of all rows of a step, or of all steps: columns side by side, each of whole vectors
template <class T>
struct Columns {
  std::vector<int64_t> at;
  int64_t stride = 0;

  void add(int64_t size) {
    at.push_back(stride);
    stride += rounded_up(size, Lane<T>::count);
  }
  void close() { stride += at.empty() ? 0 : pad<T>(); }
};

template <class T>
Columns<T> columns_of(const int32_t* which, int32_t count, const int64_t* sizes) {
  Columns<T> columns;
  for (int32_t k = 0; k < count; ++k) columns.add(sizes[which[k]]);
  columns.close();
  return columns;
}

// Cuts one piece of memory into arrays; run once to count and once to hand out
class Carver {
 public:
  explicit Carver(char* base = nullptr) : base_(base) {}
  template <class X>
  X* take(int64_t count) {
    X* p = base_ == nullptr ? nullptr : reinterpret_cast<X*>(base_ + used_);
    used_ += (static_cast<size_t>(count) * sizeof(X) + 127) / 128 * 128;
    return p;
  }
  size_t used() const { return used_; }

 private:
  char* base_;
  size_t used_ = 0;
};

template <class T>
void fill_with_nan(void* memory, size_t bytes) {
  T* p = static_cast<T*>(memory);
  const T nan = static_cast<T>(__builtin_nan(""));
  for (size_t n = 0; n < bytes / sizeof(T); ++n) p[n] = nan;
}

// What stands in front of a tape, so that a backward pass with another shape or cell is refused
struct alignas(128) TapeHead {
  const RecurCell* cell;
  const void* self;  // a copy of the head is not the tape
  int64_t type, rows, total, precision, reverse;
  uint64_t sizes;  // a hash of them

  bool operator==(const TapeHead& o) const {
    return cell == o.cell && self == o.self && type == o.type && rows == o.rows && total == o.total &&
           precision == o.precision && reverse == o.reverse && sizes == o.sizes;
  }
};

// The units of a piece that a thread takes when threads share rows: whole panels, the same in every stage
struct Units {
  int64_t first, last;
};

template <class P>
class Recurrence {
 public:
  using T = typename P::T;
  using E = typename P::E;
  static constexpr int64_t L = Lane<T>::count;

  Recurrence(const RecurCell& cell, RecurCall& call, const RecurProgram& program, bool training)
      : cell_(cell), call_(call), program_(program), sizes_(call.sizes), rows_(call), training_(training) {
    tape_ = columns_of<T>(training ? cell.tape_sizes : cell.forward_tape_sizes,
                          training ? cell.tape_count : cell.forward_tape_count, sizes_);
    scratch_ = columns_of<T>(program.scratch_sizes, program.scratch_count, sizes_);
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
    plan_threads();
    plan_groups();
  }

 protected:
  int64_t size(int32_t index) const { return sizes_[index]; }
  int64_t padded(int32_t index) const { return rounded_up(sizes_[index], L); }

  TapeHead head_of(const void* self) const {
    uint64_t hash = 1469598103934665603u;  // FNV-1a
    for (int32_t n = 0; n < cell_.size_count; ++n) hash = (hash ^ static_cast<uint64_t>(sizes_[n])) * 1099511628211u;
    return {&cell_, self, call_.type, rows_.count(), rows_.total(), call_.precision, call_.reverse, hash};
  }

  // ---- threads

  void plan_threads() {
    int64_t work = 0;
    for (int32_t k = 0; k < program_.stage_count; ++k) {
      const RecurStage& stage = program_.stages[k];
      for (int32_t g = 0; g < stage.group_count; ++g) {
        for (int32_t m = 0; m < stage.groups[g].operand_count; ++m) {
          work += stage.groups[g].product_count * size(stage.units_size) * size(stage.groups[g].operands[m].columns_size);
        }
      }
    }
    const int64_t most = std::max<int64_t>(1, std::min<int64_t>(call_.threads, kMostThreads));
    const int64_t count = std::max<int64_t>(1, rows_.count());
    by_rows_ = count >= kRowsEach * most;
    int64_t sharing = most, whole = 0;
    if (!by_rows_) {
      if (work * count < kWorthSharing) sharing = 1;
      // a thread without units would only be waited for
      int64_t widest = 1;
      for (int32_t k = 0; k < program_.stage_count; ++k) widest = std::max(widest, size(program_.stages[k].units_size));
      sharing = std::min(sharing, (widest + L - 1) / L);
    }
    for (int32_t m = 0; m < cell_.matrix_count; ++m) {
      whole += size(cell_.matrix_rows[m]) * size(cell_.matrix_columns[m]) * rows_.total();
    }
    loop_threads_ = most_loop_threads_ = static_cast<int>(sharing);
    threads_ = whole < 8 * kWorthSharing ? loop_threads_ : static_cast<int>(most);
  }

  Units units_of(int32_t units_size, int thread, int threads) const {
    const int64_t whole = padded(units_size);
    if (by_rows_ || threads == 1) return {0, whole};
    const int64_t grain = whole >= 2 * L * threads ? 2 * L : L;
    const int64_t grains = (whole + grain - 1) / grain;
    return {std::min(whole, grains * thread / threads * grain), std::min(whole, grains * (thread + 1) / threads * grain)};
  }

  // rows of a step that a thread takes: all, or every threads-th, so that long and short rows are shared out evenly
  int64_t own_rows(int64_t n, int thread, int threads) const {
    if (!by_rows_) return n;
    return n > thread ? (n - thread + threads - 1) / threads : 0;
  }

  // ---- products inside the loop

  struct PackedGroup {
    int64_t K = 0;                   // elements of all operands, each rounded up to whole pairs
    std::vector<int64_t> operand_k;  // where each operand begins
    std::vector<int64_t> operand_copy;
    int64_t offset = 0;              // in the packed memory
  };

  void plan_groups() {
    int64_t offset = 0;
    for (int32_t k = 0; k < program_.stage_count; ++k) {
      const RecurStage& stage = program_.stages[k];
      std::vector<PackedGroup> groups;
      for (int32_t g = 0; g < stage.group_count; ++g) {
        const RecurGroup& group = stage.groups[g];
        PackedGroup packed;
        for (int32_t m = 0; m < group.operand_count; ++m) {
          packed.operand_k.push_back(packed.K);
          packed.operand_copy.push_back(copy_column(group.operands[m]));
          packed.K += padded_k<P>(size(group.operands[m].columns_size));
        }
        packed.offset = offset;
        offset += packed.K * padded(stage.units_size) * group.product_count;
        groups.push_back(packed);
      }
      groups_.push_back(groups);
    }
    packed_elements_ = offset + 256;
    copy_.close();
  }

  // the column of the converted copies in which an operand stands; states are one operand before and after the step
  int64_t copy_column(const RecurOperand& operand) {
    if (!P::copies) return 0;
    const int32_t place = operand.place == RECUR_FRESH ? int32_t{RECUR_STATE} : operand.place;
    for (size_t n = 0; n < copies_.size(); ++n) {
      if (copies_[n].place == place && copies_[n].index == operand.index) return static_cast<int64_t>(n);
    }
    copies_.push_back({place, operand.index, operand.columns_size, 0});
    copy_.add(size(operand.columns_size) + 1);
    return static_cast<int64_t>(copies_.size()) - 1;
  }

  // the products that one chunk of a panel takes: as many vectors as a tile is wide
  static int chunk_products(int32_t products, int32_t panel_vectors) {
    if (panel_vectors > 1) return 1;
    return products == 3 ? 3 : std::min<int32_t>(2, products);
  }

  // shared: everyone reads everything, so the packing is shared out; else each packs its own units
  void pack_groups(E* packed, int thread, int threads, bool shared) const {
    for (int32_t k = 0; k < program_.stage_count; ++k) {
      const RecurStage& stage = program_.stages[k];
      const int64_t whole = padded(stage.units_size), width = stage.panel_vectors * L;
      Units units = units_of(stage.units_size, thread, threads);
      if (shared) {
        const int64_t panels = (whole + width - 1) / width;
        units = {std::min(whole, panels * thread / threads * width),
                 std::min(whole, panels * (thread + 1) / threads * width)};
      }
      for (int32_t g = 0; g < stage.group_count; ++g) {
        for (int64_t u = units.first; u < units.last; u += width) {
          pack_panel(packed, stage, k, g, u, std::min(width, units.last - u));
        }
      }
    }
  }

  void pack_panel(E* packed, const RecurStage& stage, int32_t k, int32_t g, int64_t unit, int64_t width) const {
    const RecurGroup& group = stage.groups[g];
    const PackedGroup& plan = groups_[static_cast<size_t>(k)][static_cast<size_t>(g)];
    E* to = packed + plan.offset + unit * plan.K * group.product_count;
    const int64_t units = size(stage.units_size);
    for (int32_t n = 0; n < group.product_count;) {
      const int products = std::min<int>(chunk_products(group.product_count - n, stage.panel_vectors),
                                         group.product_count - n);
      const int64_t vectors = products * (width / L);
      for (int64_t v = 0; v < vectors; ++v) {
        const int32_t product = n + static_cast<int32_t>(v / (width / L));
        const int64_t u = unit + v % (width / L) * L;
        for (int32_t m = 0; m < group.operand_count; ++m) {
          const RecurBlock& b = group.blocks[product * group.operand_count + m];
          const T* W = static_cast<const T*>(call_.matrices[b.matrix]);
          const int64_t stride = size(cell_.matrix_columns[b.matrix]);
          const int64_t row = size(b.row) + u, column = size(b.column);
          pack_vector<P>(to + (plan.operand_k[static_cast<size_t>(m)] * vectors) * L + v * L * P::pair,
                         vectors * L * P::pair, b.transposed ? W + column * stride + row : W + row * stride + column,
                         stride, b.transposed != 0, size(b.columns_size),
                         std::max<int64_t>(0, std::min<int64_t>(L, units - u)));
        }
      }
      to += vectors * L * plan.K;
      n += products;
    }
  }

  // ---- what a thread works with

  struct Thread {
    int thread, threads;
    RecurFrame frame;
    std::vector<void*> state, fresh, carry, handed, noise, accumulated;
    std::vector<int64_t> noise_stride;
    T* product;   // one block of a panel
    T* partial;   // [row][total][lanes] of this thread, two parities
    T* total;     // [row][total]
    E* block;     // for sweeps
    double asked = 0;
  };

  int32_t most_slots() const {
    int32_t most = 1;
    for (int32_t k = 0; k < program_.stage_count; ++k) {
      most = std::max(most, program_.stages[k].slots * program_.stages[k].panel_vectors);
    }
    return most;
  }

  int64_t partial_elements() const { return 2 * rows_.count() * program_.totals * L; }

  // what every thread needs of its own
  void carve_threads(Carver& carver, std::vector<Thread>& threads, int64_t accumulated) {
    threads.resize(static_cast<size_t>(threads_));
    product_stride_ = most_slots() * L;
    for (Thread& one : threads) {
      one.product = carver.take<T>(kPanelRows * product_stride_ + L);
      one.partial = carver.take<T>(partial_elements() + L);
      one.total = carver.take<T>(rows_.count() * program_.totals + L);
      one.block = carver.take<E>(block_elements<P>());
      accumulated_of_.push_back(carver.take<T>(accumulated + L));
    }
    packed_ = carver.take<E>(packed_elements_);
    scratch_base_ = carver.take<T>(2 * rows_.count() * scratch_.stride + L);
    if (P::copies) copy_base_ = carver.take<E>(2 * rows_.count() * copy_.stride + 2 * L);
    int64_t vectors = 0;
    for (int32_t k = 0; k < cell_.vector_part_count; ++k) vectors += padded(cell_.vector_parts[k].size);
    parameters_ = carver.take<T>(vectors + L);
  }

  void copy_parameters() {
    T* to = parameters_;
    for (int32_t k = 0; k < cell_.vector_part_count; ++k) {
      const RecurPart& part = cell_.vector_parts[k];
      const int64_t n = size(part.size), whole = padded(part.size);
      const T* from = static_cast<const T*>(call_.vectors[part.owner]);
      if (from != nullptr) std::memcpy(to, from + size(part.start), sizeof(T) * static_cast<size_t>(n));
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

  // point the frame at step s; the tape begins at step `tape_from`, states have all their slots or two in turn
  void set_step(Thread& one, int64_t s, int64_t tape_from, bool all_slots) {
    RecurFrame& f = one.frame;
    const int64_t first = by_rows_ ? one.thread : 0, apart = by_rows_ ? one.threads : 1;
    f.tape = tape_base_ + (rows_.off(s) - rows_.off(tape_from) + first) * tape_.stride;
    f.scratch = scratch_base_ + ((s & 1) * rows_.count() + first) * scratch_.stride;
    const int64_t before = all_slots ? rows_.slot(s) : (s & 1) * rows_.count();
    const int64_t after = all_slots ? rows_.slot(s + 1) : ((s + 1) & 1) * rows_.count();
    for (size_t k = 0; k < one.state.size(); ++k) {
      one.state[k] = state_base_ + (before + first) * state_.stride + state_.at[k];
      one.fresh[k] = state_base_ + (after + first) * state_.stride + state_.at[k];
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

  const E* operand(const Thread& one, const RecurOperand& operand, int64_t column, int64_t s, int64_t& stride) const {
    const RecurFrame& f = one.frame;
    const size_t k = static_cast<size_t>(operand.index);
    if constexpr (P::copies) {
      const int64_t first = by_rows_ ? one.thread : 0;
      stride = copy_.stride * (by_rows_ ? one.threads : 1);
      return copy_base_ + ((s & 1) * rows_.count() + first) * copy_.stride + copy_.at[static_cast<size_t>(column)];
    } else {
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
        default:
          stride = f.state_stride;
          return static_cast<const T*>(one.state[k]);
      }
    }
  }

  // keep rounded copies of what products will read: columns that this stage has written, for the units of this thread
  void copy_operands(const Thread& one, const RecurStage& stage, int64_t s, int64_t n) {
    if constexpr (P::copies) {
      for (int32_t m = 0; m < stage.operand_count; ++m) {
        const RecurOperand& w = stage.written[m];
        const Units units = units_of(stage.units_size, one.thread, one.threads);
        const int64_t last = std::min(units.last, size(w.columns_size));
        if (units.first >= last) continue;
        const RecurFrame& f = one.frame;
        const size_t k = static_cast<size_t>(w.index);
        const T* from = w.place == RECUR_TAPE      ? static_cast<const T*>(f.tape) + tape_.at[k]
                        : w.place == RECUR_SCRATCH ? static_cast<const T*>(f.scratch) + scratch_.at[k]
                        : w.place == RECUR_DERIVATIVE
                            ? static_cast<const T*>(f.derivative) + f.derivative_columns[k]
                            : static_cast<const T*>(one.fresh[k]);
        const int64_t stride = w.place == RECUR_TAPE         ? f.tape_stride
                               : w.place == RECUR_SCRATCH    ? f.scratch_stride
                               : w.place == RECUR_DERIVATIVE ? f.derivative_stride
                                                             : f.state_stride;
        const int64_t parity = w.place == RECUR_FRESH ? (s + 1) & 1 : s & 1;
        const int64_t first = by_rows_ ? one.thread : 0, apart = by_rows_ ? one.threads : 1;
        E* to = copy_base_ + (parity * rows_.count() + first) * copy_.stride + copy_.at[static_cast<size_t>(copy_column(w))];
        for (int64_t i = 0; i < n; ++i) {
          convert_row<P>(to + i * apart * copy_.stride + units.first, from + i * stride + units.first, last - units.first);
        }
      }
    }
  }

  // the totals that a stage reads, from everyone's partial sums, always added in the same order
  void add_up(Thread& one, std::vector<Thread>& team, const RecurStage& stage, int64_t s, int64_t n) {
    const int64_t totals = program_.totals, from = (s & 1) * rows_.count() * totals * L;
    for (int32_t m = 0; m < stage.total_count; ++m) {
      const int64_t k = stage.totals[m];
      for (int64_t i = 0; i < n; ++i) {
        Vec<T> sum{};
        for (int other = 0; other < one.threads; ++other) {
          if (by_rows_ && other != one.thread) continue;
          sum += load<T>(team[static_cast<size_t>(other)].partial + from + (i * totals + k) * L);
        }
        one.total[i * totals + k] = lane_sum<T>(sum);
      }
    }
  }

  // run one stage of step s for n rows
  void run_stage(Thread& one, std::vector<Thread>& team, int32_t k, int64_t s, int64_t n) {
    const RecurStage& stage = program_.stages[k];
    const RecurKernel kernel = stage.kernel[sizeof(T) == 8 ? 1 : 0];
    const Units units = units_of(stage.units_size, one.thread, one.threads);
    RecurFrame& f = one.frame;
    if (stage.total_count > 0) add_up(one, team, stage, s, n);
    for (int32_t m = 0; m < stage.partial_count; ++m) {
      for (int64_t i = 0; i < n; ++i) {
        store<T>(static_cast<T*>(f.partial) + (i * program_.totals + stage.partials[m]) * L, Vec<T>{});
      }
    }
    if (stage.group_count == 0) {
      if (units.first < units.last) kernel(&f, 0, n, units.first, units.last);
      return;
    }
    const int64_t width = stage.panel_vectors * L;
    const int64_t panels = (units.last - units.first + width - 1) / width;
    const std::vector<PackedGroup>& plans = groups_[static_cast<size_t>(k)];
    for (int64_t q = 0; q < panels; ++q) {
      // back and forth: the end of the matrix is still in the cache when the next step begins with it
      const int64_t u = units.first + ((s & 1) != 0 ? panels - 1 - q : q) * width;
      const int64_t wide = std::min(width, units.last - u);
      for (int64_t i = 0; i < n; i += kPanelRows) {
        const int64_t rows = std::min<int64_t>(kPanelRows, n - i);
        for (int32_t g = 0; g < stage.group_count; ++g) {
          const RecurGroup& group = stage.groups[g];
          const PackedGroup& plan = plans[static_cast<size_t>(g)];
          const E* B = packed_ + plan.offset + u * plan.K * group.product_count;
          for (int32_t p = 0; p < group.product_count;) {
            const int products = std::min<int>(chunk_products(group.product_count - p, stage.panel_vectors),
                                               group.product_count - p);
            const int vectors = products * static_cast<int>(wide / L);
            T* to = one.product + (group.slot + p) * width;
            for (int32_t m = 0; m < group.operand_count;) {
              int64_t stride = 0;
              const E* A = operand(one, group.operands[m], plan.operand_copy[static_cast<size_t>(m)], s, stride);
              // operands that stand side by side are one
              int32_t end = m + 1;
              int64_t depth = size(group.operands[m].columns_size);
              while (end < group.operand_count) {
                int64_t other = 0;
                const E* next = operand(one, group.operands[end], plan.operand_copy[static_cast<size_t>(end)], s, other);
                if (next != A + depth || other != stride || depth % P::pair != 0) break;
                depth += size(group.operands[end].columns_size);
                ++end;
              }
              multiply_panel<P>(rows, depth, A + i * stride, stride,
                                B + plan.operand_k[static_cast<size_t>(m)] * vectors * L, vectors, to, product_stride_,
                                m > 0);
              m = end;
            }
            B += vectors * L * plan.K;
            p += products;
          }
        }
        kernel(&f, i, i + rows, u, u + wide);
      }
    }
  }

  // ---- the caller's arrays

  // noises and, where the step uses it element by element, x: into padded rows in our order
  void carve_inputs(Carver& carver) {
    noise_base_.clear();
    for (int32_t n = 0; n < cell_.noise_count; ++n) {
      const bool timed = call_.noise_time[n] != 0, by_row = timed || call_.noise_row[n] != 0;
      const int64_t count = timed ? rows_.total() : by_row ? rows_.count() : 1;
      noise_base_.push_back(carver.take<T>(count * noise_[static_cast<size_t>(n)].stride + L));
    }
    if (cell_.reads_input) input_base_ = carver.take<T>(rows_.total() * input_.stride + L);
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
    return static_cast<const T*>(call_.x) + rows_.at(s, i, call_.x_time, call_.x_row);
  }

  // the state of the caller's row, or zeros, into our rows: `of` by state (B, S)
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

  // ---- stopping

  // asked by the thread that called us: whether the caller wants to stop
  bool asked_to_stop(Thread& one) {
    if (call_.interrupted == nullptr || one.thread != 0) return false;
    const double now = seconds();
    if (now - one.asked < 0.05) return false;
    const bool first = one.asked == 0;
    one.asked = now;
    return !first && call_.interrupted() != 0;
  }

  const RecurCell& cell_;
  RecurCall& call_;
  const RecurProgram& program_;
  const int64_t* sizes_;
  Rows rows_;
  bool training_, by_rows_ = false;
  int threads_ = 1;       // of the call
  int loop_threads_ = 1;  // of the loop over time: where a step is short, one does it alone
  int most_loop_threads_ = 1;
  Columns<T> tape_, scratch_, state_, input_, copy_;
  std::vector<RecurOperand> copies_;
  std::vector<Columns<T>> noise_;
  std::vector<std::vector<PackedGroup>> groups_;
  int64_t packed_elements_ = 0, product_stride_ = 0;
  std::vector<T*> parameter_, noise_base_, accumulated_of_;
  T *tape_base_ = nullptr, *scratch_base_ = nullptr, *state_base_ = nullptr, *input_base_ = nullptr,
    *parameters_ = nullptr;
  E *packed_ = nullptr, *copy_base_ = nullptr;
  std::atomic<int64_t> stop_at_{INT64_MAX};
  Barrier all_, loop_;
};

}  // namespace recur
