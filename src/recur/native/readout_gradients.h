// Readout gradients: dE/dz in place of the exponentials, and the two products with it.
#pragma once

#include "readout_error.h"
#include "transpose.h"

namespace recur {

template <class T>
class ReadoutGradients : public ReadoutError<T> {
  using Base = ReadoutError<T>;

 protected:
  using P = Plain<T>;
  using V = Vec<T>;
  using Base::call_, Base::H_, Base::V_, Base::vectors_, Base::panels_, Base::gradients_, Base::smoothing_, Base::rows_,
      Base::count_, Base::teams_, Base::parts_, Base::group_panels_, Base::blocks_, Base::block_rows_, Base::h_stride_,
      Base::h_t_stride_, Base::d_z_stride_, Base::apart_, Base::threads_, Base::team_, Base::bias_, Base::weights_;
  using Base::L, Base::kWide, Base::kAcross, Base::kInfinity;
  using Base::share, Base::pieces, Base::row, Base::width, Base::group, Base::logits, Base::panel_stride;
  using typename Base::Range, typename Base::Team, typename Base::Thread;

  explicit ReadoutGradients(RecurReadout& call) : Base(call) {}

  // dE/dz of a group of columns in place of the exponentials, and the two products with it
  void gradients(Thread& one, Team& mine, Range part, int64_t g, int64_t first, int64_t n, int64_t block) {
    const Range panels = group(part, g);
    const int64_t start = panels.first * kWide, depth = std::min(panels.last * kWide, V_) - start;
    const T* W = static_cast<const T*>(call_.weight);
    T* factor = one.group_max + g * block_rows_;
    for (int64_t r = 0; r < n; r += L) {
      store<T>(factor + r, v_exp(load<T>(factor + r) - load<T>(one.all_most + r)) * load<T>(one.factor + r));
    }
    Panels<P> hidden(depth, H_);
    hidden.data = one.packed;
    if (call_.d_h != nullptr) {
      for (int64_t v = 0; v < hidden.vectors; ++v) {
        pack_vector<P>(hidden.at(v, 0), hidden.stride(v), W + start * H_ + v * L, H_, true, depth,
                       std::min(L, H_ - v * L));
      }
    }
    for (int64_t r = 0, k = 0, of = pieces(n, kAcross); k < of; ++k) {
      const int64_t rows = share(n, k, of).count();
      differences(one, part, panels, factor, first, r, rows);
      if (call_.d_h != nullptr) {
        for (int64_t p = 0; p < hidden.count(); ++p) {
          multiply_panel<P>(rows, depth, one.d_z, d_z_stride_, hidden.panel(p), static_cast<int>(hidden.width(p)),
                            one.d_h + r * one.d_h_stride + p * kWide, one.d_h_stride, g > 0);
        }
      }
      r += rows;
    }
    if (call_.d_weight == nullptr) return;
    auto sums = [&](int64_t p) {
      return apart_ ? mine.sums + p * kWide * H_ : one.sums + (p - panels.first) * kWide * H_;
    };
    for (int64_t j = 0, k = 0, of = pieces(H_, kAcross); k < of; ++k) {
      const int64_t rows = share(H_, k, of).count();
      for (int64_t p = panels.first; p < panels.last; ++p) {
        multiply_panel<P>(rows, n, one.h_t + j * h_t_stride_, h_t_stride_, logits(one, part, panels, p, 0),
                          static_cast<int>(width(p) / L), sums(p) + j * width(p), width(p), block > 0);
      }
      j += rows;
    }
    if (teams_ == 1 && block + 1 == blocks_) {
      for (int64_t p = panels.first; p < panels.last; ++p) give_weight(sums(p), p);
    }
  }

  void differences(Thread& one, Range part, Range panels, const T* factor, int64_t first, int64_t r0, int64_t rows) {
    const int64_t start = panels.first * kWide, own = part.first * kWide;
    const T spread = static_cast<T>(smoothing_ / static_cast<double>(V_));
    for (int64_t v = 2 * panels.first; v < std::min(2 * panels.last, vectors_); ++v) {
      const int64_t p = v / 2, apart = width(p);
      T* z = logits(one, part, panels, p, r0) + v % 2 * L;
      T* copy = one.d_z + v * L - start;
      const V smooth = load<T>(weights_ + v * L) * spread;
      V sum{};
      for (int64_t i = 0; i < rows; ++i) {
        V d = load<T>(z + i * apart) * factor[r0 + i];
        if (smoothing_ > 0) d -= smooth * one.scale[r0 + i];
        store<T>(z + i * apart, d);
        if (call_.d_h != nullptr) store<T>(copy + i * d_z_stride_, d);
        sum += d;
      }
      T* bias = one.d_bias + v * L - own;
      store<T>(bias, load<T>(bias) + sum);
    }
    for (int64_t i = 0; i < rows; ++i) {
      const int64_t y = call_.target[row(first + r0 + i)];
      if (y < start || y >= panels.last * kWide) continue;
      const int64_t p = y / kWide;
      const T hit = one.hit[r0 + i];
      T& d = logits(one, part, panels, p, r0)[i * width(p) + y % kWide];
      d -= hit;
      if (call_.d_h != nullptr) one.d_z[i * d_z_stride_ + y - start] = d;
      one.d_bias[y - own] -= hit;
    }
  }

  // ---- output

  void give_rows(int64_t team, int64_t part, int64_t first, int64_t n) const {
    const Thread* parts = threads_.data() + team * parts_;
    const Range own = share(n, part, parts_);
    for (int64_t r = own.first; r < own.last; ++r) {
      T* to = static_cast<T*>(call_.d_h) + row(first + r) * H_;
      for (int64_t k = 0; k < H_; k += L) {
        V sum = load<T>(parts[0].d_h + r * h_stride_ + k);
        for (int64_t c = 1; c < parts_; ++c) sum += load<T>(parts[c].d_h + r * h_stride_ + k);
        store_first<T>(to + k, sum, std::min(L, H_ - k));
      }
    }
  }

  void give_weight(const T* sums, int64_t p) const {
    T* to = static_cast<T*>(call_.d_weight) + p * kWide * H_;
    transpose(sums, width(p), to, H_, H_, std::min(kWide, V_ - p * kWide));
  }

  // of a part's columns, over the teams
  void give_bias(int64_t part) const {
    const Range columns = share(panels_, part, parts_);
    for (int64_t c = columns.first * kWide; c < std::min(columns.last * kWide, V_); ++c) {
      T sum = 0;
      for (int64_t t = 0; t < teams_; ++t) {
        sum += threads_[static_cast<size_t>(t * parts_ + part)].d_bias[c - columns.first * kWide];
      }
      static_cast<T*>(call_.d_bias)[c] = sum;
    }
  }
};

}  // namespace recur
