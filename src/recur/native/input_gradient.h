// Input gradient: dE/dx of all steps at once, as products of dE/dz with the matrices that multiply x.
#pragma once

#include "matrix_gradients.h"

namespace recur {

template <class P>
class InputGradient : public MatrixGradients<P> {
  using Base = MatrixGradients<P>;

 public:
  using typename Base::E;
  using typename Base::T;
  using typename Base::Thread;
  static constexpr int64_t L = Base::L;

 protected:
  using Base::corner_, Base::derivative_, Base::derivative_base_;

  InputGradient(const RecurCell& cell, RecurCall& call) : Base(cell, call) {
    for (int32_t m = 0; m < cell.input_gradient_count; ++m) {
      int64_t K = 0;
      for (int32_t b = 0; b < cell.input_gradients[m].block_count; ++b) {
        K += padded_k<P>(this->size(cell.input_gradients[m].blocks[b].columns_size));
      }
      inputs_.push_back(Panels<P>(K, this->size(cell.input_gradients[m].size)));
    }
  }

  // columns of a block of dE/dx, which is computed outside the caller's memory
  int64_t corner_columns() const {
    int64_t most = 2 * L;
    for (const Panels<P>& panels : inputs_) most = std::max(most, panels.vectors * L + pad<T>());
    return most;
  }

  void pack_inputs(int thread, int threads) {
    for (size_t m = 0; m < inputs_.size(); ++m) {
      const RecurInputPart& part = this->cell_.input_gradients[m];
      const int64_t count = inputs_[m].count(), width = this->size(part.size);
      const int64_t first = count * thread / threads * 2,
                    last = std::min<int64_t>(inputs_[m].vectors, count * (thread + 1) / threads * 2);
      for (int64_t v = first; v < last; ++v) {
        int64_t k = 0;
        for (int32_t b = 0; b < part.block_count; ++b) {
          const RecurBlock& block = part.blocks[b];
          const int64_t stride = this->size(this->cell_.matrix_columns[block.matrix]);
          pack_vector<P>(inputs_[m].at(v, k), inputs_[m].stride(v), this->first_of(block, v * L), stride,
                         block.transposed != 0, this->size(block.columns_size), std::min(L, width - v * L));
          k += padded_k<P>(this->size(block.columns_size));
        }
      }
    }
  }

  // dE/dx of all rows
  void input_gradient(Thread& one, int thread, int threads) {
    if (this->call_.ids != nullptr) {
      for (size_t m = 0; m < inputs_.size(); ++m) {
        const ThreadTile mine = tile_of_thread(this->call_.table_rows, inputs_[m].count(), thread, threads);
        input_rows(one, m, mine, this->table_derivative_, Base::walk_table);
      }
      return;
    }
    for (size_t m = 0; m < inputs_.size(); ++m) {
      const ThreadTile mine = tile_of_thread(this->rows_.total(), inputs_[m].count(), thread, threads);
      input_rows(one, m, mine, derivative_base_,
                 [&](int64_t from, int64_t to, const auto& each) { this->rows_.walk(from, to, each); });
    }
  }

  // part m of dE/dx for rows whose derivatives follow each other: `walk` calls each(r, s, i) for rows from .. to of
  // them
  template <class Walk>
  void input_rows(Thread& one, size_t m, const ThreadTile& mine, const T* derivative, const Walk& walk) {
    const RecurInputPart& part = this->cell_.input_gradients[m];
    const Panels<P>& panels = inputs_[m];
    const int64_t first = mine.panel0 * 2 * L, last = std::min(mine.panel1 * 2 * L, this->size(part.size));
    if (first >= last) return;
    T* block = corner_[static_cast<size_t>(one.thread)];
    const int64_t stride = panels.vectors * L + pad<T>();
    auto finished = [&](int64_t r, int64_t n) {
      walk(r, r + n, [&](int64_t at, int64_t s, int64_t i) {
        const int64_t row = s == Base::kTableRow ? i * this->call_.d_x_row
                                                 : this->rows_.at(s, i, this->call_.d_x_time, this->call_.d_x_row);
        T* to = static_cast<T*>(this->call_.d_x) + row + this->size(part.start);
        const T* from = block + (at - r) * stride;
        const T* rest = part.rest < 0
                            ? nullptr
                            : derivative + at * derivative_.stride + derivative_.at[static_cast<size_t>(part.rest)];
        if (this->call_.add_input) {
          for (int64_t u = first; part.block_count > 0 && u < last; ++u) to[u] += from[u];
          for (int64_t u = first; rest != nullptr && u < last; ++u) to[u] += rest[u];
          return;
        }
        if (rest == nullptr && part.block_count == 0) {  // the states do not depend on it
          std::fill(to + first, to + last, T(0));
          return;
        }
        if (rest == nullptr) {
          std::memcpy(to + first, from + first, sizeof(T) * static_cast<size_t>(last - first));
          return;
        }
        for (int64_t u = first; u < last; ++u) to[u] = part.block_count > 0 ? from[u] + rest[u] : rest[u];
      });
    };
    if constexpr (!P::copies) {
      if (adjacent(part)) {
        product_in_place<P>(mine.row0, mine.row1, panels, mine.panel0, mine.panel1,
                            derivative + derivative_.at[static_cast<size_t>(part.derivatives[0])], derivative_.stride,
                            block, stride, finished);
        return;
      }
    }
    auto copy = [&](E* to, int64_t to_stride, int64_t r, int64_t n, int64_t k0, int64_t depth) {
      for (int64_t i = 0; i < n; ++i)
        copy_derivatives(to + i * to_stride, part, derivative + (r + i) * derivative_.stride, k0, depth);
    };
    batched_product<P>(mine.row0, mine.row1, panels, mine.panel0, mine.panel1, one.block, block, stride, true, false,
                       copy, finished);
  }

  // whether the derivatives that a part reads follow each other in memory
  bool adjacent(const RecurInputPart& part) const {
    for (int32_t b = 1; b < part.block_count; ++b) {
      if (derivative_.at[static_cast<size_t>(part.derivatives[b - 1])] + this->size(part.blocks[b - 1].columns_size) !=
          derivative_.at[static_cast<size_t>(part.derivatives[b])])
        return false;
    }
    return part.block_count > 0;
  }

  // elements k0 .. k0 + depth of the derivatives that a part reads, side by side
  void copy_derivatives(E* to, const RecurInputPart& part, const T* row, int64_t k0, int64_t depth) const {
    int64_t k = 0;
    for (int32_t b = 0; b < part.block_count; ++b) {
      const int64_t n_k = this->size(part.blocks[b].columns_size);
      const int64_t a = std::max(k, k0), e = std::min(k + n_k, k0 + depth);
      if (a < e)
        convert_row<P>(to + a - k0, row + derivative_.at[static_cast<size_t>(part.derivatives[b])] + a - k, e - a);
      k += padded_k<P>(n_k);
    }
  }

  std::vector<Panels<P>> inputs_;
};

}  // namespace recur
