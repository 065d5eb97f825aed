// Hoisted products: those with the input, of many steps at once, before the loop over these steps.
#pragma once

#include "scan.h"

namespace recur {

template <class P>
class HoistedProducts : public Scan<P> {
  using Base = Scan<P>;

 public:
  using typename Base::E;
  using typename Base::T;
  using typename Base::Thread;
  static constexpr int64_t L = Base::L;

 protected:
  // products with the input are used while they are in the second-level cache; at least this many rows are computed at
  // a time, since the matrix is read once for all of them
  static constexpr int64_t kChunkBytes = 384 * 1024, kChunkRows = 112;
  static constexpr int64_t kFewPanels = 4;  // with more, copying the rows once is worth taller tiles

  struct Run {
    int32_t from, to;  // hoisted products with the same operands
    Panels<P> panels;
    int64_t column, table;  // in the tape, and in the products of a row of a table
  };

  HoistedProducts(const RecurCell& cell, RecurCall& call, const RecurProgram& program, bool training)
      : Base(cell, call, program, training) {
    plan_hoisted();
    plan_chunks();
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
    if (this->by_time_) chunk_ = std::min(chunk_, this->most_together());
    // the rows of one thread are evenly spaced only if all steps have the same number of rows
    const bool looked_up = this->call_.ids != nullptr;
    own_rows_ = !looked_up && this->by_rows_ && this->rows_.dense() && count % this->threads_ == 0;
    own_units_ = !looked_up && !this->by_rows_ && !this->by_time_ && this->loop_threads_ == this->threads_ &&
                 !this->cell_.hoisted_operands;
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
      runs_.push_back({h, end, Panels<P>(K, width), this->tape_.at[static_cast<size_t>(cell.hoisted[h].column)], 0});
      h = end;
    }
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

  // memory for the products with the rows of a table
  void allocate_table(Arena& arena) {
    table_stride_ = 0;
    if (this->call_.ids == nullptr) return;
    for (Run& run : runs_) {
      run.table = table_stride_;
      table_stride_ += run.panels.vectors * L;
    }
    table_ = arena.take<T>(this->call_.table_rows * table_stride_ + L);
  }

  // the products with the rows of a table, of which every step takes its own
  void multiply_table(Thread& one, int thread, int threads) {
    for (Run& run : runs_) {
      const RecurHoisted& hoisted = this->cell_.hoisted[run.from];
      auto copy = [&](E* block, int64_t stride, int64_t r, int64_t n, int64_t k0, int64_t depth) {
        for (int64_t j = 0; j < n; ++j) copy_row(block + j * stride, hoisted, this->table_row(r + j), k0, depth);
      };
      const ThreadTile mine = tile_of_thread(this->call_.table_rows, run.panels.count(), thread, threads);
      batched_product<P>(mine.row0, mine.row1, run.panels, mine.panel0, mine.panel1, one.block, table_ + run.table,
                         table_stride_, false, false, copy, [](int64_t, int64_t) {});
    }
  }

  // the products of the steps from..to, a part of their rows by each thread
  void copy_products(const Thread& one, int thread, int threads, int64_t from, int64_t to) {
    const int64_t first = this->rows_.off(from), total = this->rows_.off(to) - first;
    T* C = this->tape_base_ + one.tape_offset + (this->training_ ? first * this->tape_.stride : 0);
    this->rows_.walk(first + total * thread / threads, first + total * (thread + 1) / threads,
                     [&](int64_t at, int64_t s, int64_t i) {
                       const T* products = table_ + this->id_at(s, i) * table_stride_;
                       for (const Run& run : runs_) {
                         std::memcpy(C + (at - first) * this->tape_.stride + run.column, products + run.table,
                                     sizeof(T) * static_cast<size_t>(run.panels.vectors * L));
                       }
                     });
  }

  void hoist(Thread& one, int thread, int threads, int64_t from, int64_t to) {
    if (this->call_.ids != nullptr) return copy_products(one, thread, threads, from, to);
    const int64_t first = this->rows_.off(from), last = this->rows_.off(to);
    for (Run& run : runs_) {
      const RecurHoisted& hoisted = this->cell_.hoisted[run.from];
      auto copy = [&](E* block, int64_t stride, int64_t r, int64_t n, int64_t k0, int64_t depth) {
        this->rows_.walk(first + r, first + r + n, [&](int64_t at, int64_t s, int64_t i) {
          copy_row(block + (at - first - r) * stride, hoisted, this->x_at(s, i), k0, depth);
        });
      };
      const ThreadTile mine = tile_of_thread(last - first, run.panels.count(), thread, threads);
      T* C = this->tape_base_ + one.tape_offset + run.column + (this->training_ ? first * this->tape_.stride : 0);
      if (this->direct_) {
        hoist_directly(one, run, mine, C, copy);
        continue;
      }
      batched_product<P>(mine.row0, mine.row1, run.panels, mine.panel0, mine.panel1, one.block, C, this->tape_.stride,
                         false, false, copy, [](int64_t, int64_t) {});
    }
  }

  // the same for few rows, with matrices as they are
  template <class Copy>
  void hoist_directly(const Thread& one, const Run& run, const ThreadTile& mine, T* C, const Copy& copy) const {
    if constexpr (most_direct_rows<P>() > 0) {
      const int64_t rows = mine.row1 - mine.row0, stride = run.panels.K + pad<E>();
      if (rows == 0) return;
      copy(one.block, stride, mine.row0, rows, 0, run.panels.K);
      int64_t v = 0;
      for (int32_t h = run.from; h < run.to; ++h) {
        const RecurHoisted& hoisted = this->cell_.hoisted[h];
        const int64_t units = this->size(hoisted.size);
        for (int64_t u = 0; u < units; u += L, ++v) {
          if (v / 2 < mine.panel0 || v / 2 >= mine.panel1) continue;
          DirectPart<T> parts[Base::kMostDirectParts];
          for (int32_t m = 0; m < hoisted.operand_count; ++m) parts[m] = this->direct_part(hoisted.blocks[m], u);
          multiply_direct<P>(rows, parts, hoisted.operand_count, std::min(L, units - u), one.block, stride,
                             static_cast<int>(run.panels.width(v / 2)), C + mine.row0 * this->tape_.stride + v * L,
                             this->tape_.stride, false);
        }
      }
    }
  }

  // Whether this pass of few rows in all steps can multiply its matrices as they are, with the bits of packed ones
  bool direct_possible() const {
    const int64_t total = this->rows_.total();
    if (this->training_ || total < 1 || std::max(total, this->rows_.count()) > most_direct_rows<P>()) return false;
    if (this->by_time_ || (this->by_rows_ && this->threads_ > 1) || this->call_.ids != nullptr) return false;
    for (const Run& run : runs_) {
      const RecurHoisted& hoisted = this->cell_.hoisted[run.from];
      if (run.panels.K < 1 || run.panels.K > kBlockDepth) return false;
      if (!this->direct_operands(hoisted.operands, hoisted.operand_count)) return false;
    }
    for (int32_t k = 0; k < this->program_.stage_count; ++k) {
      const RecurStage& stage = this->program_.stages[k];
      for (int32_t g = 0; g < stage.group_count; ++g) {
        const RecurGroup& group = stage.groups[g];
        if (!this->direct_operands(group.operands, group.operand_count)) return false;
      }
    }
    return true;
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

  int64_t chunk_ = 1;
  bool own_rows_ = false, own_units_ = false;  // whether no other thread needs a thread's part of the products
  std::vector<Run> runs_;
  T* table_ = nullptr;
  int64_t table_stride_ = 0;
};

}  // namespace recur
