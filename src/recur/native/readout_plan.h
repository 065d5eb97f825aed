// Readout plan: the rows that count, the grid of threads, the sizes of blocks, the memory.
#pragma once

#include <limits>
#include <memory>
#include <vector>

#include "batched_products.h"
#include "gemm.h"
#include "memory_layout.h"
#include "memory_pool.h"
#include "recur.h"
#include "team.h"

namespace recur {

template <class T>
class ReadoutPlan {
 protected:
  using P = Plain<T>;
  static constexpr int64_t L = Lane<T>::count, kWide = 2 * L;
  static constexpr int64_t kAcross = 56;                     // rows per step of multiplication, softmax and scaling
  static constexpr int64_t kGroup = 256, kLeastGroup = 128;  // columns of a group
  static constexpr int64_t kPackedBytes = 640 << 10;         // of a group of W, which stays in the second-level cache
  static constexpr int64_t kLogitBytes = 16 << 20;           // of a block of rows
  static constexpr int64_t kLeastBlock = 256, kMostBlock = 1024;  // its rows
  static constexpr int64_t kSumBytes = 64 << 20;                  // of the separate sums of dE/dW of the teams
  static constexpr int64_t kWorth = 1 << 19;  // products per thread from which one more thread pays off
  static constexpr T kInfinity = std::numeric_limits<T>::infinity();

  explicit ReadoutPlan(RecurReadout& call) : call_(call), H_(call.H), V_(call.V) {
    vectors_ = (V_ + L - 1) / L;
    gradients_ = call.d_h != nullptr || call.d_weight != nullptr || call.d_bias != nullptr;
    smoothing_ = call.smoothing;
  }

  struct Thread {
    T *z, *packed, *h_copy, *h_t, *d_h_copy, *d_z, *sums, *d_bias;
    const T* h;  // the rows of this block: in place, or a copy
    int64_t h_stride;
    T* d_h;
    int64_t d_h_stride;
    T *group_max, *group_sum, *group_smooth;  // (groups, rows)
    T *most, *sum, *smooth;                   // (rows), over this part's columns
    T *all_most, *all_sum;                    // (rows), over all columns
    T *weight_of_group, *weight_of_part;      // class weights summed over the columns of each
    T *factor, *hit, *scale;                  // (rows): u, and u times the factors of p and [c = y] in dE/dz
  };
  struct Team {
    T *sums, *at_target;
    bool stop;
  };
  struct Range {
    int64_t first, last;
    int64_t count() const { return last - first; }
  };
  static Range share(int64_t n, int64_t k, int64_t of) { return {n * k / of, n * (k + 1) / of}; }
  static int64_t pieces(int64_t n, int64_t most) { return (n + most - 1) / most; }

  // ---- the rows that count

  bool check_targets() {
    double total = 0;
    const T* w = static_cast<const T*>(call_.class_weight);
    rows_.clear();
    count_ = 0;
    for (int64_t n = 0; n < call_.N; ++n) {
      const int64_t y = call_.target[n];
      if (y == call_.ignore_index) continue;
      if (y < 0 || y >= V_) return false;
      if (count_ < n && rows_.empty()) {
        for (int64_t r = 0; r < count_; ++r) rows_.push_back(r);  // the rows before the first one that is ignored
      }
      if (count_ < n) rows_.push_back(n);
      total += w == nullptr ? 1.0 : static_cast<double>(w[y]);
      ++count_;
    }
    share_ = call_.mean ? 1 / total : 1;
    return true;
  }
  int64_t row(int64_t r) const { return rows_.empty() ? r : rows_[static_cast<size_t>(r)]; }

  // write zeros for ignored rows, and everywhere if all are
  void clear() {
    const size_t width = sizeof(T) * static_cast<size_t>(H_);
    if (count_ < call_.N) {
      for (int64_t n = 0; n < call_.N; ++n) {
        if (call_.target[n] != call_.ignore_index) continue;
        if (call_.d_h != nullptr) std::memset(static_cast<T*>(call_.d_h) + n * H_, 0, width);
        if (call_.errors != nullptr) static_cast<T*>(call_.errors)[n] = 0;
      }
    }
    if (count_ > 0) return;
    if (call_.error != nullptr) *static_cast<T*>(call_.error) = 0;
    if (call_.d_weight != nullptr) std::memset(call_.d_weight, 0, width * static_cast<size_t>(V_));
    if (call_.d_bias != nullptr) std::memset(call_.d_bias, 0, sizeof(T) * static_cast<size_t>(V_));
  }

  // ---- the grid of threads, and the sizes of their blocks

  void plan(int64_t threads) {
    panels_ = (vectors_ + 1) / 2;
    const int64_t sum_bytes = panels_ * kWide * H_ * static_cast<int64_t>(sizeof(T));
    const int64_t most_teams = call_.d_weight == nullptr ? threads : std::max<int64_t>(1, kSumBytes / sum_bytes);
    // as many parts as have enough columns, or fewer if that leaves fewer threads idle
    teams_ = 1, parts_ = 1;
    for (int64_t parts = std::min(threads, std::max<int64_t>(1, panels_ * kWide / kLeastGroup)); parts >= 1; --parts) {
      const int64_t teams = std::min({threads / parts, most_teams, pieces(count_, kAcross)});
      if (teams * parts > teams_ * parts_) teams_ = teams, parts_ = parts;
    }
    part_panels_ = pieces(panels_, parts_);
    const int64_t fitting = kPackedBytes / (kWide * H_ * static_cast<int64_t>(sizeof(T)));
    group_panels_ = std::max(kLeastGroup / kWide, std::min(kGroup / kWide, fitting));
    group_panels_ = std::min(group_panels_, part_panels_);
    groups_ = pieces(part_panels_, group_panels_);
    const int64_t team_rows = pieces(count_, teams_);
    const int64_t row_bytes = teams_ * vectors_ * L * static_cast<int64_t>(sizeof(T));
    const int64_t most = gradients_ ? std::min(kMostBlock, std::max(kLeastBlock, kLogitBytes / row_bytes)) : kMostBlock;
    blocks_ = pieces(team_rows, most);
    block_rows_ = rounded_up(pieces(team_rows, blocks_), L);
    h_stride_ = rounded_up(H_, L) + pad<T>();
    h_t_stride_ = block_rows_ + pad<T>();
    d_z_stride_ = group_panels_ * kWide + pad<T>();
    apart_ = teams_ > 1 || blocks_ > 1;
  }

  // ---- memory

  bool allocate() {
    const int64_t whole = panels_ * kWide;
    const Panels<P> hidden(group_panels_ * kWide, H_);
    for (int pass = 0; pass < 2; ++pass) {
      Arena own(static_cast<char*>(pass == 0 ? nullptr : lease_->get()));
      threads_.assign(static_cast<size_t>(teams_ * parts_), {});
      team_.assign(static_cast<size_t>(teams_), {});
      for (Thread& one : threads_) {
        one.z = own.take<T>(gradients_ ? part_panels_ * kWide * block_rows_ : group_panels_ * kWide * kAcross);
        one.packed = own.take<T>(std::max(group_panels_ * kWide * H_, hidden.elements()));
        one.h_copy = own.take<T>(block_rows_ * h_stride_);
        one.h_t = own.take<T>(call_.d_weight == nullptr ? 0 : H_ * h_t_stride_);
        one.d_h_copy = own.take<T>(call_.d_h == nullptr ? 0 : block_rows_ * h_stride_);
        one.d_z = own.take<T>(call_.d_h == nullptr ? 0 : kAcross * d_z_stride_);
        one.sums = own.take<T>(call_.d_weight == nullptr || apart_ ? 0 : group_panels_ * kWide * H_);
        one.d_bias = own.take<T>(part_panels_ * kWide);
        for (T** of_groups : {&one.group_max, &one.group_sum, &one.group_smooth}) {
          *of_groups = own.take<T>(groups_ * block_rows_);
        }
        for (T** of_rows :
             {&one.most, &one.sum, &one.smooth, &one.all_most, &one.all_sum, &one.factor, &one.hit, &one.scale}) {
          *of_rows = own.take<T>(block_rows_);
        }
        one.weight_of_group = own.take<T>(groups_);
        one.weight_of_part = own.take<T>(parts_);
      }
      for (Team& team : team_) {
        team.sums = own.take<T>(call_.d_weight != nullptr && apart_ ? whole * H_ : 0);
        team.at_target = own.take<T>(block_rows_);
        team.stop = false;
      }
      bias_ = own.take<T>(whole);
      weights_ = own.take<T>(whole);
      errors_ = own.take<T>(call_.errors == nullptr ? count_ : 0);
      if (pass == 0) {
        lease_.reset();
        lease_.reset(new Lease(own.used()));
        if (lease_->get() == nullptr) return false;
        if (call_.fill_nan) fill_with_nan<T>(lease_->get(), own.used());
      }
    }
    barriers_.reset(new Barrier[static_cast<size_t>(teams_)]);
    // a padding column has probability 0 and no weight
    weight_sum_ = 0;
    const T *b = static_cast<const T*>(call_.bias), *w = static_cast<const T*>(call_.class_weight);
    for (int64_t c = 0; c < whole; ++c) {
      bias_[c] = c >= V_ ? -kInfinity : b == nullptr ? 0 : b[c];
      weights_[c] = c >= V_ ? 0 : w == nullptr ? 1 : w[c];
      weight_sum_ += static_cast<double>(weights_[c]);
    }
    return true;
  }

  // ---- where things are

  int64_t width(int64_t p) const { return std::min<int64_t>(2, vectors_ - 2 * p) * L; }
  // the panels of a group, of those of a part
  Range group(Range part, int64_t g) const {
    return {part.first + g * group_panels_, std::min(part.last, part.first + (g + 1) * group_panels_)};
  }
  // logits of a panel from row r of the block on; without gradients only one group and few rows are kept
  T* logits(const Thread& one, Range part, Range group, int64_t p, int64_t r) const {
    if (gradients_) return one.z + (p - part.first) * panel_stride() + r * width(p);
    return one.z + (p - group.first) * panel_stride();
  }
  int64_t panel_stride() const { return kWide * (gradients_ ? block_rows_ : kAcross); }

  RecurReadout& call_;
  int64_t H_, V_, vectors_, panels_ = 0;
  bool gradients_, apart_ = false;
  double smoothing_, share_ = 1, weight_sum_ = 0;
  std::vector<int64_t> rows_;  // those that count; empty if all do
  int64_t count_ = 0;
  int64_t teams_ = 1, parts_ = 1, part_panels_ = 0, group_panels_ = 0, groups_ = 0, blocks_ = 0, block_rows_ = 0;
  int64_t h_stride_ = 0, h_t_stride_ = 0, d_z_stride_ = 0;
  std::vector<Thread> threads_;
  std::vector<Team> team_;
  std::unique_ptr<Barrier[]> barriers_;
  std::unique_ptr<Lease> lease_;
  T *bias_ = nullptr, *weights_ = nullptr, *errors_ = nullptr;
};

}  // namespace recur
