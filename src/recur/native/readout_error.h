// Readout error: exponentials of the logits group by group, their sums over the columns, log softmax.
#pragma once

#include <cmath>

#include "elementwise.h"
#include "readout_plan.h"

namespace recur {

template <class T>
class ReadoutError : public ReadoutPlan<T> {
  using Base = ReadoutPlan<T>;

 protected:
  using P = Plain<T>;
  using V = Vec<T>;
  using Base::call_, Base::H_, Base::V_, Base::vectors_, Base::panels_, Base::gradients_, Base::smoothing_, Base::rows_,
      Base::count_, Base::teams_, Base::parts_, Base::group_panels_, Base::blocks_, Base::block_rows_, Base::h_stride_,
      Base::h_t_stride_, Base::d_z_stride_, Base::apart_, Base::threads_, Base::team_, Base::bias_, Base::weights_;
  using Base::errors_, Base::part_panels_, Base::share_, Base::weight_sum_;
  using Base::L, Base::kWide, Base::kAcross, Base::kInfinity;
  using Base::share, Base::pieces, Base::row, Base::width, Base::group, Base::logits, Base::panel_stride;
  using typename Base::Range, typename Base::Team, typename Base::Thread;

  explicit ReadoutError(RecurReadout& call) : Base(call) {}

  // exp(z - the largest z of row and group), and for each row the largest z and the sum, by group and over the part
  void exponentials(Thread& one, Team& mine, Range part, int64_t first, int64_t n) {
    const T* W = static_cast<const T*>(call_.weight);
    int64_t g = 0;
    for (; part.first + g * group_panels_ < part.last; ++g) {
      const Range panels = group(part, g);
      for (int64_t v = 2 * panels.first; v < std::min(2 * panels.last, vectors_); ++v) {
        T* to = one.packed + (v / 2 - panels.first) * kWide * H_ + v % 2 * L;
        pack_vector<P>(to, width(v / 2), W + v * L * H_, H_, false, H_, std::min(L, V_ - v * L));
      }
      for (int64_t r = 0, k = 0, of = pieces(n, kAcross); k < of; ++k) {
        const int64_t rows = share(n, k, of).count();
        for (int64_t p = panels.first; p < panels.last; ++p) {
          const T* packed = one.packed + (p - panels.first) * kWide * H_;
          multiply_panel<P>(rows, H_, one.h + r * one.h_stride, one.h_stride, packed, static_cast<int>(width(p) / L),
                            logits(one, part, panels, p, r), width(p), false);
        }
        soften(one, mine, part, panels, g, first, r, rows);
        r += rows;
      }
    }
    merge(one, part, g, n);
  }

  void soften(Thread& one, Team& mine, Range part, Range panels, int64_t g, int64_t first, int64_t r0, int64_t rows) {
    const int64_t start = panels.first * kWide;
    T* z = logits(one, part, panels, panels.first, 0);
    for (int64_t r = r0; r < r0 + rows; ++r) {
      const int64_t i = gradients_ ? r : r - r0;  // where the row is
      V highest = splat<T>(-kInfinity);
      walk(z, i, panels, [&](T* at, int64_t c) {
        const V logit = load<T>(at) + load<T>(bias_ + c);
        store<T>(at, logit);
        highest = logit > highest ? logit : highest;
      });
      T most = highest[0];
      for (int k = 1; k < L; ++k) most = std::max<T>(most, highest[k]);
      const int64_t y = call_.target[row(first + r)];
      if (y >= start && y < panels.last * kWide) {
        const int64_t p = y / kWide;
        mine.at_target[r] = z[(p - panels.first) * panel_stride() + i * width(p) + y % kWide];
      }
      const T base = from_here(most);
      V sum{}, smooth{};
      if (smoothing_ > 0) {
        walk(z, i, panels, [&](const T* at, int64_t c) {
          smooth += recur::first<T>(load<T>(at) - base, std::min(L, V_ - c)) * load<T>(weights_ + c);
        });
      }
      walk(z, i, panels, [&](T* at, int64_t) {
        const V e = v_exp(load<T>(at) - base);
        sum += e;
        store<T>(at, e);
      });
      const int64_t place = g * block_rows_ + r;
      one.group_max[place] = most;
      one.group_sum[place] = lane_sum<T>(sum);
      if (smoothing_ > 0) one.group_smooth[place] = lane_sum<T>(smooth);
    }
  }
  // body(where, column) for the vectors of row i, where z is row 0 of the first panel
  template <class Body>
  RECUR_INLINE void walk(T* z, int64_t i, Range panels, const Body& body) const {
    const int64_t whole = std::min(panels.last, vectors_ / 2);
    for (int64_t p = panels.first; p < whole; ++p, z += panel_stride()) {
      body(z + i * kWide, p * kWide);
      body(z + i * kWide + L, p * kWide + L);
    }
    if (whole < panels.last) body(z + i * L, whole * kWide);
  }
  // the logit that others are relative to: a difference to -infinity is undefined
  static T from_here(T most) { return most == -kInfinity ? T(0) : most; }
  static V from_here(V most) { return most == -kInfinity ? V{} : most; }

  // from the groups of a part to the part
  void merge(Thread& one, Range part, int64_t groups, int64_t n) {
    T* weights = one.weight_of_group;
    for (int64_t g = 0; g < groups && smoothing_ > 0; ++g) weights[g] = weight_of(group(part, g));
    for (int64_t r = 0; r < n; r += L) {
      V most = splat<T>(-kInfinity), sum{}, smooth{};
      for (int64_t g = 0; g < groups; ++g) {
        const V m = load<T>(one.group_max + g * block_rows_ + r);
        most = m > most ? m : most;
      }
      const V base = from_here(most);
      for (int64_t g = 0; g < groups; ++g) {
        const int64_t place = g * block_rows_ + r;
        const V m = load<T>(one.group_max + place);
        sum += load<T>(one.group_sum + place) * v_exp(m - base);
        if (smoothing_ > 0) {
          smooth += load<T>(one.group_smooth + place) + weights[g] * (from_here(m) - base);
        }
      }
      store<T>(one.most + r, most);
      store<T>(one.sum + r, sum);
      store<T>(one.smooth + r, smooth);
    }
  }
  T weight_of(Range panels) const {
    double sum = 0;
    for (int64_t c = panels.first * kWide; c < panels.last * kWide; ++c) sum += static_cast<double>(weights_[c]);
    return static_cast<T>(sum);
  }

  // over all parts: log sum exp(z), the errors, and the factors of the gradient
  void errors(Thread& one, const Team& mine, int64_t team, int64_t part, int64_t first, int64_t n) {
    const Thread* parts = threads_.data() + team * parts_;
    const T* classes = static_cast<const T*>(call_.class_weight);
    const T kept = static_cast<T>(1 - smoothing_), spread = static_cast<T>(smoothing_ / static_cast<double>(V_));
    const T weight = static_cast<T>(weight_sum_);
    for (int64_t r = 0; r < n; r += L) {
      V most = splat<T>(-kInfinity), sum{};
      for (int64_t c = 0; c < parts_; ++c) {
        const V m = load<T>(parts[c].most + r);
        most = m > most ? m : most;
      }
      // a row of only -infinity has no probabilities: NaN from here on
      for (int64_t c = 0; c < parts_; ++c) sum += load<T>(parts[c].sum + r) * v_exp(load<T>(parts[c].most + r) - most);
      store<T>(one.all_most + r, most);
      store<T>(one.all_sum + r, sum);
    }
    const Range own = share(n, part, parts_);
    T* weight_of_part = one.weight_of_part;
    for (int64_t c = 0; c < parts_ && smoothing_ > 0; ++c) weight_of_part[c] = weight_of(share(panels_, c, parts_));
    for (int64_t r = 0; r < n; ++r) {
      const int64_t at = row(first + r);
      const T w = classes == nullptr ? T(1) : classes[call_.target[at]];
      const T most = one.all_most[r], sum = one.all_sum[r];
      if (r >= own.first && r < own.last) {
        const T log_sum = std::log(sum);
        T error = kept * w * (log_sum - (mine.at_target[r] - most));
        if (smoothing_ > 0) {
          T smooth = weight * log_sum;
          for (int64_t c = 0; c < parts_; ++c) {
            const T lower = from_here(parts[c].most[r]) - most;
            smooth -= parts[c].smooth[r] + weight_of_part[c] * lower;
          }
          error += spread * smooth;
        }
        error_at(first + r) = error;
      }
      const T u = call_.row_scale == nullptr ? static_cast<T>(share_) : static_cast<const T*>(call_.row_scale)[at];
      one.scale[r] = u;
      one.hit[r] = u * kept * w;
      one.factor[r] = u * (kept * w + spread * weight) / sum;
    }
  }
  T& error_at(int64_t r) { return call_.errors == nullptr ? errors_[r] : static_cast<T*>(call_.errors)[row(r)]; }
};

}  // namespace recur
