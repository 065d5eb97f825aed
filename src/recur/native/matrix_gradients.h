// Matrix gradients: dE/dW = sum over steps and rows of dE/dz v^T, a block of steps at a time.
#pragma once

#include "scan.h"

namespace recur {

template <class P>
class MatrixGradients : public Scan<P> {
  using Base = Scan<P>;

 public:
  using typename Base::E;
  using typename Base::T;
  using typename Base::Thread;
  static constexpr int64_t L = Base::L;

 protected:
  static constexpr int64_t kDeep = 1024;               // steps of rows per pass over the gradient of a matrix
  static constexpr int64_t kAcross = 56;               // rows of the gradient per block
  static constexpr int64_t kOwnMatrixBytes = 1 << 20;  // of all matrices: more are not summed up thread by thread
  static constexpr int64_t kOwnBytes = 384 * 1024;     // of dE/dz of a thread's own rows
  static constexpr int64_t kLeastOwnRows = 128;
  static constexpr int64_t kInPlaceBytes = 4096;  // of a row of derivatives: rows that are further apart are packed

  MatrixGradients(const RecurCell& cell, RecurCall& call) : Base(cell, call, cell.backward, true) {
    derivative_ = columns_of<T>(cell.derivative_sizes, cell.derivative_count, this->sizes_);
    const int64_t row = derivative_.stride * static_cast<int64_t>(sizeof(T));
    in_place_ = !P::copies && row <= kInPlaceBytes;
    plan_own(row);
    plan_operands(own_ ? own_depth_ : kDeep);
  }

  // Where the threads divide the rows and the matrices are small, a thread computes the gradients of its own rows, a
  // few steps at a time, while dE/dz of these is in its cache, and the sums of the threads are added at the end.
  void plan_own(int64_t row_bytes) {
    int64_t elements = 0;
    for (int32_t m = 0; m < this->cell_.matrix_count; ++m)
      elements += this->size(this->cell_.matrix_rows[m]) * this->size(this->cell_.matrix_columns[m]);
    own_ =
        this->call_.ids == nullptr && this->by_rows_ && elements * static_cast<int64_t>(sizeof(T)) <= kOwnMatrixBytes;
    if (!own_) return;
    const int64_t each = (this->rows_.count() + this->threads_ - 1) / this->threads_;  // rows of a step
    const int64_t fit =
        std::min(std::max(kOwnBytes / row_bytes, kLeastOwnRows), this->rows_.total() / this->threads_ + 1);
    own_fit_ = std::max(fit, each);
    own_depth_ = std::min(kDeep, own_fit_);
    own_rows_ = this->threads_ * (own_fit_ + 1);  // enough for each thread of a smaller team too
    this->rows_together_ = std::max(this->rows_.count(), std::min(this->rows_together_, own_fit_ * this->threads_));
  }

  struct Operand {
    RecurOperand where;
    Panels<P> panels;  // its depth is one block of steps
    int64_t width;
  };

  void plan_operands(int64_t depth) {
    for (int32_t n = 0; n < this->cell_.share_count; ++n) {
      const RecurOperand& o = this->cell_.shares[n].operand;
      int64_t found = -1;
      for (size_t m = 0; m < operands_.size(); ++m) {
        const RecurOperand& w = operands_[m].where;
        if (w.place == o.place && w.index == o.index && w.start == o.start && w.columns_size == o.columns_size)
          found = static_cast<int64_t>(m);
      }
      if (found < 0) {
        found = static_cast<int64_t>(operands_.size());
        operands_.push_back({o, Panels<P>(depth, this->size(o.columns_size)), this->size(o.columns_size)});
      }
      share_operand_.push_back(static_cast<size_t>(found));
    }
  }

  // Where the inputs are rows of a table, gradients with the other operands are sums over all steps, and those with the
  // inputs sums over the rows of the table, of whose dE/dz the steps' are added up first.
  enum class Operands { kAll, kOther, kTable };
  static bool counts(const RecurOperand& o, Operands which) {
    return which == Operands::kAll || (o.place == RECUR_INPUT) == (which == Operands::kTable);
  }

  // Steps of rows whose share of the gradients is computed at once
  struct Block {
    int thread;
    int64_t depth;        // the number of its rows
    const T* derivative;  // its rows
    int64_t buffer;       // of packed operands
    T* const* gradients;  // by matrix, null where there is none
    bool add;
    Operands operands = Operands::kAll;
  };

  bool any_matrix() const {
    bool any = false;
    for (int32_t m = 0; m < this->cell_.matrix_count; ++m) any = any || this->call_.d_matrices[m] != nullptr;
    return any;
  }

  // dE/dW = sum over steps and rows of dE/dz v^T, for all products z = W v
  void matrices(int thread, int threads) {
    if (!any_matrix()) return;
    int64_t turn = 0;
    auto steps = [&](int64_t from, int64_t to, const auto& each) { this->rows_.walk(from, to, each); };
    if (this->call_.ids == nullptr) {
      matrices_of(thread, threads, turn, Operands::kAll, this->rows_.total(), derivative_base_, steps);
      return;
    }
    matrices_of(thread, threads, turn, Operands::kOther, this->rows_.total(), derivative_base_, steps);
    matrices_of(thread, threads, turn, Operands::kTable, this->call_.table_rows, table_derivative_, walk_table);
  }

  // each(r, s, i) for rows of the table
  static constexpr int64_t kTableRow = -1;
  static constexpr auto walk_table = [](int64_t from, int64_t to, const auto& each) {
    for (int64_t r = from; r < to; ++r) each(r, kTableRow, r);
  };

  template <class Walk>
  void matrices_of(int thread, int threads, int64_t& turn, Operands operands, int64_t total, const T* derivatives,
                   const Walk& walk) {
    for (int64_t from = 0; from < total; from += kDeep, ++turn) {
      const int64_t depth = std::min(kDeep, total - from);
      const T* derivative = derivatives + from * derivative_.stride;
      pack_operands(
          thread, threads, turn & 1, depth, derivative, [&](const auto& each) { walk(from, from + depth, each); },
          operands);
      this->all_.wait(thread, threads);
      const Block block = {thread,
                           depth,
                           derivative,
                           turn & 1,
                           reinterpret_cast<T* const*>(this->call_.d_matrices),
                           from > 0 || this->call_.accumulate != 0,
                           operands};
      for (int32_t d = 0; d < this->cell_.derivative_count; ++d) {
        const int64_t units = this->size(this->cell_.derivative_sizes[d]);
        const int64_t grain = units >= 16 * threads ? 16 : 1;
        const int64_t grains = (units + grain - 1) / grain;
        derivative_units(block, d, std::min(units, grains * thread / threads * grain),
                         std::min(units, grains * (thread + 1) / threads * grain));
      }
    }
  }

  // dE/dz of every row of the table: the sum over the steps that read it, of a part of the units by each thread
  void add_up_table(int thread, int threads) {
    const int64_t stride = derivative_.stride, whole = stride / L;
    const int64_t first = whole * thread / threads * L,
                  last = thread + 1 == threads ? stride : whole * (thread + 1) / threads * L;
    for (int64_t r = 0; r < this->call_.table_rows; ++r)
      std::memset(table_derivative_ + r * stride + first, 0, sizeof(T) * static_cast<size_t>(last - first));
    this->rows_.walk(0, this->rows_.total(), [&](int64_t at, int64_t s, int64_t i) {
      const T* from = derivative_base_ + at * stride;
      T* to = table_derivative_ + this->id_at(s, i) * stride;
      int64_t u = first;
      for (; u + L <= last; u += L) store<T>(to + u, load<T>(to + u) + load<T>(from + u));
      for (; u < last; ++u) to[u] += from[u];
    });
  }

  // the units u0 .. u1 of derivative d, a few tiles at a time
  void derivative_units(const Block& block, int32_t d, int64_t u0, int64_t u1) {
    if (u0 >= u1) return;
    const int64_t count = (u1 - u0 + kAcross - 1) / kAcross, even = (u1 - u0 + count - 1) / count;
    for (int64_t u = u0; u < u1; u += even) derivative_rows(block, d, u, std::min(even, u1 - u));
  }

  // pack the right factors: `walk` calls each(r, s, i) for the rows of the block, whose derivatives follow each other
  template <class Walk>
  void pack_operands(int thread, int threads, int64_t buffer, int64_t depth, const T* derivative, const Walk& walk,
                     Operands which = Operands::kAll) {
    for (Operand& operand : operands_) {
      if (!counts(operand.where, which)) continue;
      Panels<P> panels = operand.panels;
      panels.data += buffer * panels.elements();
      const int64_t count = panels.count();
      const int64_t p0 = count * thread / threads, p1 = count * (thread + 1) / threads;
      if (p0 == p1) continue;
      const T* before = nullptr;
      int64_t k = -1;
      walk([&](int64_t, int64_t s, int64_t i) {
        ++k;
        const T* row = row_of(operand.where, s, i, derivative + k * derivative_.stride);
        if constexpr (P::pair == 2) {
          const bool odd = k % 2 != 0;
          if (!odd && k + 1 < depth) {
            before = row;
            return;
          }
          for (int64_t p = p0; p < p1; ++p) {
            for (int64_t v = 0; v < panels.width(p); ++v) {
              const int64_t u = p * 2 * L + v * L;
              E* to = panels.panel(p) + k / 2 * panels.width(p) * L * 2 + v * L * 2;
              store_pairs(to, (odd ? before : row) + u, odd ? row + u : nullptr, operand.width - u);
            }
          }
          return;
        }
        int64_t p = p0;
        if constexpr (!P::copies) {
          E* to = panels.panel(p) + k * 2 * L;
          for (const int64_t whole = std::min(p1, operand.width / (2 * L)); p < whole; ++p, to += 2 * L * panels.K) {
            store<T>(to, load<T>(row + p * 2 * L));
            store<T>(to + L, load<T>(row + p * 2 * L + L));
          }
        }
        for (; p < p1; ++p) {
          for (int64_t v = 0; v < panels.width(p); ++v) {
            const int64_t u = p * 2 * L + v * L, n = operand.width - u;
            const Vec<T> value = n >= L ? load<T>(row + u) : load_first<T>(row + u, n);
            E* to = panels.panel(p) + k / P::pair * panels.width(p) * L * P::pair + v * L * P::pair + k % P::pair;
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

  const T* row_of(const RecurOperand& o, int64_t s, int64_t i, const T* derivative) const {
    const size_t k = static_cast<size_t>(o.index);
    if (o.place == RECUR_INPUT) return (s == kTableRow ? this->table_row(i) : this->x_at(s, i)) + this->size(o.start);
    if (o.place == RECUR_TAPE)
      return this->tape_base_ + (this->rows_.off(s) + i) * this->tape_.stride + this->tape_.at[k];
    if (o.place == RECUR_DERIVATIVE) return derivative + derivative_.at[k];
    return this->state_base_ + (this->rows_.slot(s) + i) * this->state_.stride + this->state_.at[k];
  }

  // A tile of rows of the gradient: its first row in the block, and where its left factors begin and how far
  // consecutive steps are apart
  struct GradientTile {
    int64_t start, rows, place, apart;
  };
  struct GradientTiles {
    GradientTile tile[kAcross];
    int64_t count;
  };

  GradientTiles tiles_of(int64_t n, int64_t depth) const {
    const int64_t most = kMostRows[2];
    GradientTiles tiles;
    tiles.count = (n + most - 1) / most;
    for (int64_t t = 0, r = 0, p = 0; t < tiles.count; ++t) {
      const int64_t rows = (n - r + (tiles.count - t) - 1) / (tiles.count - t);
      tiles.tile[t] =
          in_place_ ? GradientTile{r, rows, r, derivative_.stride} : GradientTile{r, rows, p, rows * P::pair};
      r += rows;
      p += rounded_up(padded_k<P>(depth) * rows + 2 * L, 2 * L);
    }
    return tiles;
  }

  // rows u .. u + n of all gradients of matrices that derivative d has a share in
  void derivative_rows(const Block& block, int32_t d, int64_t u, int64_t n) {
    const GradientTiles tiles = tiles_of(n, block.depth);
    const T* D = block.derivative + derivative_.at[static_cast<size_t>(d)] + u;
    const E* factors = packed_derivative_[static_cast<size_t>(block.thread)];
    if constexpr (!P::copies) {
      if (in_place_) factors = D;
    }
    if (!in_place_) pack_derivative(packed_derivative_[static_cast<size_t>(block.thread)], D, tiles, block.depth);
    for (int32_t m = 0; m < this->cell_.share_count; ++m) {
      const RecurShare& share = this->cell_.shares[m];
      if (share.derivative == d && counts(share.operand, block.operands) &&
          block.gradients[share.block.matrix] != nullptr)
        add_share(block, m, factors, tiles, u);
    }
  }

  // pack the derivatives D of `depth` steps of rows as the left factors of the tiles
  void pack_derivative(E* packed, const T* D, const GradientTiles& tiles, int64_t depth) const {
    for (int64_t k = 0; k < depth; ++k) {
      const T* row = D + k * derivative_.stride;
      if constexpr (P::pair == 2) {
        // a whole vector of pairs at a time: the next pair overwrites what is beyond the rows of the tile
        for (int64_t t = 0; t < tiles.count; ++t) {
          const T* next = k + 1 < depth ? row + derivative_.stride + tiles.tile[t].start : nullptr;
          store_pairs(packed + tiles.tile[t].place + k * tiles.tile[t].rows, row + tiles.tile[t].start, next, L);
        }
        ++k;
        continue;
      }
      for (int64_t t = 0; t < tiles.count; ++t) {
        E* to = packed + tiles.tile[t].place + k / P::pair * tiles.tile[t].rows * P::pair + k % P::pair;
        if constexpr (!P::copies) {
          // a whole vector at a time: the next k overwrites what is beyond the rows of the tile
          if (tiles.tile[t].rows <= L) {
            store<T>(to, load<T>(row + tiles.tile[t].start));
          } else {
            for (int64_t i = 0; i < tiles.tile[t].rows; i += L)
              store<T>(to + i, load<T>(row + tiles.tile[t].start + i));
          }
        } else {
          for (int64_t i = 0; i < tiles.tile[t].rows; ++i) to[i * P::pair] = P::convert(row[tiles.tile[t].start + i]);
        }
      }
    }
  }

  // add the contribution of one product of the step to rows u .. of the gradient of its matrix
  void add_share(const Block& block, int32_t m, const E* factors, const GradientTiles& tiles, int64_t u) {
    const RecurShare& share = this->cell_.shares[m];
    const Operand& operand = operands_[share_operand_[static_cast<size_t>(m)]];
    Panels<P> panels = operand.panels;
    panels.data += block.buffer * panels.elements();
    const int64_t stride = this->size(this->cell_.matrix_columns[share.block.matrix]);
    const bool add = block.add || this->cell_.matrix_shared[share.block.matrix];
    T* C = block.gradients[share.block.matrix] + (this->size(share.block.row) + u) * stride +
           this->size(share.block.column);
    for (int64_t p = 0; p < panels.count(); ++p) {
      const int64_t wide = std::min(panels.width(p) * L, operand.width - p * 2 * L);
      const bool whole = panels.width(p) == 2 && wide == 2 * L;
      for (int64_t t = 0; t < tiles.count; ++t) {
        T* to = C + tiles.tile[t].start * stride + p * 2 * L;
        const GradientTile& tile = tiles.tile[t];
        if (whole) {
          kTiles<P>.across[tile.rows](block.depth, factors + tile.place, tile.apart, panels.panel(p), to, stride, add);
          continue;
        }
        T* corner = corner_[static_cast<size_t>(block.thread)];
        narrow(panels, p, block.depth, factors, tile, corner);
        for (int64_t i = 0; i < tile.rows; ++i) {
          for (int64_t j = 0; j < wide; ++j)
            to[i * stride + j] = corner[i * 2 * L + j] + (add ? to[i * stride + j] : T(0));
        }
      }
    }
  }

  // compute the last panel, of one vector or of two that are not full, into a separate block
  void narrow(const Panels<P>& panels, int64_t p, int64_t depth, const E* factors, const GradientTile& tile,
              T* corner) const {
    const auto& tiles = panels.width(p) == 2 ? kTiles<P>.across : kTiles<P>.across_narrow;
    tiles[tile.rows](depth, factors + tile.place, tile.apart, panels.panel(p), corner, 2 * L, false);
  }

  Columns<T> derivative_;
  std::vector<Operand> operands_;
  std::vector<size_t> share_operand_;
  std::vector<E*> packed_derivative_;
  std::vector<T*> corner_;
  T *derivative_base_ = nullptr, *table_derivative_ = nullptr;
  bool own_ = false;
  int64_t own_fit_ = 0, own_depth_ = 0, own_rows_ = 0;  // rows: of a thread at a time, per block, of all threads
  bool in_place_ = false;                               // left factors are read where the steps have written them
};

}  // namespace recur
