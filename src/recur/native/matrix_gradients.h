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
  static constexpr int64_t kDeep = 1024;  // steps of rows per pass over the gradient of a matrix
  static constexpr int64_t kAcross = 56;  // rows of the gradient per block

  MatrixGradients(const RecurCell& cell, RecurCall& call) : Base(cell, call, cell.backward, true) {
    derivative_ = columns_of<T>(cell.derivative_sizes, cell.derivative_count, this->sizes_);
    plan_operands();
  }

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
        if (w.place == o.place && w.index == o.index && w.start == o.start && w.columns_size == o.columns_size)
          found = static_cast<int64_t>(m);
      }
      if (found < 0) {
        found = static_cast<int64_t>(operands_.size());
        operands_.push_back({o, Panels<P>(kDeep, this->size(o.columns_size)), this->size(o.columns_size)});
      }
      share_operand_.push_back(static_cast<size_t>(found));
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
        const int64_t u0 = std::min(units, grains * thread / threads * grain),
                      u1 = std::min(units, grains * (thread + 1) / threads * grain);
        for (int64_t u = u0; u < u1; u += kAcross)
          derivative_rows(thread, d, u, std::min(kAcross, u1 - u), from, depth, turn & 1);
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
            E* to = panels.panel(p) + (r - from) / P::pair * panels.width(p) * L * P::pair + v * L * P::pair +
                    (r - from) % P::pair;
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
    if (o.place == RECUR_DERIVATIVE) return derivative_base_ + r * derivative_.stride + derivative_.at[k];
    return this->state_base_ + (this->rows_.slot(s) + i) * this->state_.stride + this->state_.at[k];
  }

  // A tile of rows of the gradient: its first row in the block, and where its factors are packed
  struct GradientTile {
    int64_t start, rows, place;
  };
  struct GradientTiles {
    GradientTile tile[kAcross];
    int64_t count;
  };

  static GradientTiles tiles_of(int64_t n, int64_t depth) {
    const int64_t most = kMostRows[2];
    GradientTiles tiles;
    tiles.count = (n + most - 1) / most;
    for (int64_t t = 0, r = 0, p = 0; t < tiles.count; ++t) {
      const int64_t rows = (n - r + (tiles.count - t) - 1) / (tiles.count - t);
      tiles.tile[t] = {r, rows, p};
      r += rows;
      p += rounded_up(padded_k<P>(depth) * rows + 2 * L, 2 * L);
    }
    return tiles;
  }

  // rows u .. u + n of all gradients of matrices that derivative d has a share in
  void derivative_rows(int thread, int32_t d, int64_t u, int64_t n, int64_t from, int64_t depth, int64_t parity) {
    const GradientTiles tiles = tiles_of(n, depth);
    E* packed = packed_derivative_[static_cast<size_t>(thread)];
    pack_derivative(packed, derivative_base_ + from * derivative_.stride + derivative_.at[static_cast<size_t>(d)] + u,
                    tiles, depth);
    for (int32_t m = 0; m < this->cell_.share_count; ++m) {
      const RecurShare& share = this->cell_.shares[m];
      if (share.derivative != d || this->call_.d_matrices[share.block.matrix] == nullptr) continue;
      add_share(thread, m, packed, tiles, u, from, depth, parity);
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
  void add_share(int thread, int32_t m, const E* packed, const GradientTiles& tiles, int64_t u, int64_t from,
                 int64_t depth, int64_t parity) {
    const RecurShare& share = this->cell_.shares[m];
    T* W = static_cast<T*>(this->call_.d_matrices[share.block.matrix]);
    const Operand& operand = operands_[share_operand_[static_cast<size_t>(m)]];
    Panels<P> panels = operand.panels;
    panels.data += parity * panels.elements();
    const int64_t stride = this->size(this->cell_.matrix_columns[share.block.matrix]);
    const bool add = from > 0 || this->call_.accumulate || this->cell_.matrix_shared[share.block.matrix];
    T* C = W + (this->size(share.block.row) + u) * stride + this->size(share.block.column);
    for (int64_t p = 0; p < panels.count(); ++p) {
      const int64_t wide = std::min(panels.width(p) * L, operand.width - p * 2 * L);
      const bool whole = panels.width(p) == 2 && wide == 2 * L;
      for (int64_t t = 0; t < tiles.count; ++t) {
        T* to = C + tiles.tile[t].start * stride + p * 2 * L;
        if (whole) {
          kTiles<P>.packed[tiles.tile[t].rows](depth, packed + tiles.tile[t].place, 0, panels.panel(p), to, stride,
                                               add);
          continue;
        }
        T* corner = corner_[static_cast<size_t>(thread)];
        narrow(panels, p, depth, packed + tiles.tile[t].place, tiles.tile[t].rows, corner);
        for (int64_t i = 0; i < tiles.tile[t].rows; ++i) {
          for (int64_t j = 0; j < wide; ++j)
            to[i * stride + j] = corner[i * 2 * L + j] + (add ? to[i * stride + j] : T(0));
        }
      }
    }
  }

  // compute the last panel, of one vector or of two that are not full, into a separate block
  void narrow(const Panels<P>& panels, int64_t p, int64_t depth, const E* A, int64_t rows, T* corner) const {
    if (panels.width(p) == 2) {
      kTiles<P>.packed[rows](depth, A, 0, panels.panel(p), corner, 2 * L, false);
    } else {
      kTiles<P>.packed_narrow[rows](depth, A, 0, panels.panel(p), corner, 2 * L, false);
    }
  }

  Columns<T> derivative_;
  std::vector<Operand> operands_;
  std::vector<size_t> share_operand_;
  std::vector<E*> packed_derivative_;
  std::vector<T*> corner_;
  T* derivative_base_ = nullptr;
};

}  // namespace recur
