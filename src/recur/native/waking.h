// Waking: whether a second thread is worth what waking it costs, by what it has cost lately.
//
// Waking takes 1 us to several ms, longer after longer pauses; on a busy machine a thread that is awake has no core.
// How long is seen by trying only. Where calls follow each other, the threads are woken when one thread has computed
// for as long as they would have saved: so a burst of calls takes at most twice the time of the better choice.
#pragma once

#include "team.h"

namespace recur {

class Waking {
 public:
  static Waking& instance() {
    static Waking one;
    return one;
  }

  // Run `one` for a call that takes so many seconds on one thread, or `all`, which returns the seconds until the last
  // thread was at work, on several. Their results must be the same bits.
  template <class One, class All>
  void run(double expected, const One& one, const All& all) {
    const double began = seconds();
    const double pause = began - last_region().load(std::memory_order_relaxed);
    std::atomic<double>& cost = cost_[pause < kAwake ? 0 : pause < kDeep ? 1 : 2];
    const double known = cost.load(std::memory_order_relaxed);
    double alone = alone_.load(std::memory_order_relaxed);
    if (began - ended_.load(std::memory_order_relaxed) > kAwake) alone = 0;
    const bool worth = alone + expected >= 2 * known;
    if (worth) {
      const double woken = all();
      cost.store(known + kNew * (woken - known), std::memory_order_relaxed);
    } else {
      one();
      cost.store(kKept * known, std::memory_order_relaxed);  // so that it is tried again
    }
    const double now = seconds();
    alone_.store(worth ? 0 : alone + now - began, std::memory_order_relaxed);
    ended_.store(now, std::memory_order_relaxed);
  }

 private:
  static constexpr double kAwake = 2e-3, kDeep = 10e-3;  // classes of pauses
  static constexpr double kNew = 0.25, kKept = 0.98;
  std::atomic<double> cost_[3] = {};          // seconds of waking lately, by class of pause
  std::atomic<double> alone_{0}, ended_{-1};  // seconds on one thread since several were used; when a call ended
};

}  // namespace recur
