// Readout, error and their gradients in one pass, without the logits of all rows in memory.
//
//   z = W h + b,  p = softmax(z),  e = -(1 - a) w_y log p_y - a / V sum_c w_c log p_c
//   dE/dz_c = u (p_c ((1 - a) w_y + a / V sum w) - (1 - a) w_y [c = y] - a / V w_c)
//
// with a the label smoothing, w the class weights and u the weight of the row's error. Rows are computed in blocks; a
// block's logits are in panels of two vectors of columns, [row][2 * lanes], the form in which a product reads its right
// factor: dE/dW^T = h^T dE/dz needs no packing. Columns are computed in groups, whose exponentials are relative to the
// largest logit of row and group while the group is in the cache. To get p, one factor per row and group is missing. It
// is known when all groups are done, and is applied in the second pass, which also computes dE/dh += dE/dz W and dE/dW.
//
// Threads form a grid: parts divide the columns of one block of rows, and so the packing of W; where there are few
// columns, teams of parts divide the rows. The order of all sums depends on the number of threads alone.
#pragma once

#include <atomic>

#include "readout_gradients.h"

namespace recur {

template <class T>
class Readout : public ReadoutGradients<T> {
  using Base = ReadoutGradients<T>;
  using V = Vec<T>;
  using Base::call_, Base::H_, Base::V_, Base::vectors_, Base::panels_, Base::gradients_, Base::smoothing_, Base::rows_,
      Base::count_, Base::teams_, Base::parts_, Base::group_panels_, Base::blocks_, Base::block_rows_, Base::h_stride_,
      Base::h_t_stride_, Base::d_z_stride_, Base::apart_, Base::threads_, Base::team_, Base::bias_, Base::weights_;
  using Base::L, Base::kWide, Base::kAcross, Base::kInfinity;
  using Base::part_panels_, Base::barriers_, Base::share_, Base::kWorth;
  using Base::share, Base::pieces, Base::row, Base::width, Base::group, Base::logits, Base::panel_stride;
  using typename Base::Range, typename Base::Team, typename Base::Thread;

 public:
  explicit Readout(RecurReadout& call) : Base(call) {}

  int64_t run() {
    if (!this->check_targets()) return RECUR_BAD_CALL;
    this->clear();
    if (count_ == 0) return RECUR_OK;
    const double row = static_cast<double>(H_) * static_cast<double>(V_) * (gradients_ ? 3 : 1);
    const auto worth = static_cast<int64_t>(static_cast<double>(count_) * row / kWorth);
    int64_t threads = std::min<int64_t>({call_.threads, kMostThreads, 1 + worth});
    for (threads = std::max<int64_t>(threads, 1);;) {
      this->plan(threads);
      if (!this->allocate()) return RECUR_NO_MEMORY;
      std::atomic<int64_t> got{threads};
      run_parallel(static_cast<int>(threads), [&](int thread, int there) {
        if (there == threads) {
          if (thread < teams_ * parts_) work(thread);
        } else if (thread == 0) {
          got = there;  // inside another parallel region there may be fewer threads: plan for these
        }
      });
      if (got == threads) break;
      threads = got;
    }
    if (stop_) return RECUR_INTERRUPTED;
    finish();
    return RECUR_OK;
  }

 private:
  void work(int thread) {
    const int64_t team = thread / parts_, part = thread % parts_;
    Thread& one = threads_[static_cast<size_t>(thread)];
    Team& mine = team_[static_cast<size_t>(team)];
    Barrier& barrier = barriers_[static_cast<size_t>(team)];
    const Range rows = share(count_, team, teams_), columns = share(panels_, part, parts_);
    std::memset(one.d_bias, 0, sizeof(T) * static_cast<size_t>(part_panels_ * kWide));
    for (int64_t block = 0; block < blocks_; ++block) {
      const Range here = share(rows.count(), block, blocks_);
      const int64_t first = rows.first + here.first, n = here.count();
      if (part == 0) {
        if (thread == 0 && call_.interrupted != nullptr && call_.interrupted() != 0) stop_ = true;
        mine.stop = stop_;
      }
      take_rows(one, first, n);
      this->exponentials(one, mine, columns, first, n);
      barrier.wait(static_cast<int>(part), static_cast<int>(parts_));
      if (mine.stop) break;
      this->errors(one, mine, team, part, first, n);
      if (!gradients_) {
        barrier.wait(static_cast<int>(part), static_cast<int>(parts_));
        continue;
      }
      for (int64_t g = 0; columns.first + g * group_panels_ < columns.last; ++g) {
        this->gradients(one, mine, columns, g, first, n, block);
      }
      barrier.wait(static_cast<int>(part), static_cast<int>(parts_));
      if (call_.d_h != nullptr && !in_place()) this->give_rows(team, part, first, n);
    }
    if (call_.d_bias != nullptr && teams_ == 1) this->give_bias(thread);
  }

  // rows at such a distance map to the same sets of the first-level cache
  static bool collide(int64_t stride) { return stride * static_cast<int64_t>(sizeof(T)) % 2048 == 0; }

  // copy the rows that count, contiguously, and their transpose; set where their gradients go
  void take_rows(Thread& one, int64_t first, int64_t n) const {
    const T* h = static_cast<const T*>(call_.h);
    one.h = one.h_copy, one.h_stride = h_stride_;
    one.d_h = one.d_h_copy, one.d_h_stride = h_stride_;
    if (rows_.empty() && !collide(call_.h_row)) {
      one.h = h + first * call_.h_row, one.h_stride = call_.h_row;
    } else {
      for (int64_t i = 0; i < n; ++i) {
        std::memcpy(one.h_copy + i * h_stride_, h + row(first + i) * call_.h_row, sizeof(T) * static_cast<size_t>(H_));
      }
    }
    if (call_.d_h != nullptr && in_place()) {
      one.d_h = static_cast<T*>(call_.d_h) + first * H_, one.d_h_stride = H_;
    }
    if (call_.d_weight != nullptr) transpose(one.h, one.h_stride, one.h_t, h_t_stride_, n, H_);
  }
  // whether dE/dh is summed in the caller's memory
  bool in_place() const { return parts_ == 1 && rows_.empty() && H_ % L == 0 && !collide(H_); }

  void finish() {
    if (teams_ > 1 && call_.d_weight != nullptr) {
      run_parallel(static_cast<int>(teams_ * parts_), [&](int thread, int threads) {
        const Range own = share(vectors_ * H_, thread, threads);
        for (int64_t k = own.first * L; k < own.last * L; k += L) {
          V sum = load<T>(team_[0].sums + k);
          for (int64_t t = 1; t < teams_; ++t) sum += load<T>(team_[static_cast<size_t>(t)].sums + k);
          store<T>(team_[0].sums + k, sum);
        }
      });
      for (int64_t p = 0; p < panels_; ++p) this->give_weight(team_[0].sums + p * kWide * H_, p);
    }
    if (teams_ > 1 && call_.d_bias != nullptr) {
      for (int64_t c = 0; c < parts_; ++c) this->give_bias(c);
    }
    if (call_.error == nullptr) return;
    double sum = 0;
    for (int64_t r = 0; r < count_; ++r) sum += static_cast<double>(this->error_at(r));
    *static_cast<T*>(call_.error) = static_cast<T>(sum * share_);
  }

  std::atomic<bool> stop_{false};
};

}  // namespace recur
