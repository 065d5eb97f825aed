// Waking: whether a second thread is worth what waking it costs, by what it has cost lately.
//
// Waking takes 1 us to some 100 us, longer after longer pauses; on a busy machine a thread that is awake may have no
// core for milliseconds. How long is seen by trying only. Where calls follow each other, the threads are woken when one
// thread has computed for as long as they would have saved: so a burst of calls takes at most twice the time of the
// better choice. And what is known loses half of its weight in 50 ms, so that a busy spell is forgotten soon after it.
#pragma once

#include <cmath>

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
    Cost& cost = cost_[pause < kAwake ? 0 : pause < kDeep ? 1 : 2];
    const double age = began - cost.tried.load(std::memory_order_relaxed);
    const double known = cost.seconds.load(std::memory_order_relaxed) * std::exp2(-age / kHalf);
    double alone = alone_.load(std::memory_order_relaxed);
    if (began - ended_.load(std::memory_order_relaxed) > kAwake) alone = 0;
    const bool worth = alone + expected >= 2 * known;
    if (worth) {
      const double woken = all();
      cost.seconds.store(known + (woken < known ? kFaster : kSlower) * (woken - known), std::memory_order_relaxed);
    } else {
      one();
    }
    const double now = seconds();
    if (worth) cost.tried.store(now, std::memory_order_relaxed);
    alone_.store(worth ? 0 : alone + now - began, std::memory_order_relaxed);
    ended_.store(now, std::memory_order_relaxed);
  }

 private:
  // What waking took, and when it was tried last
  struct Cost {
    std::atomic<double> seconds{0}, tried{0};
  };

  static constexpr double kDeep = 10e-3;  // pauses are below kAwake, below this, or longer
  static constexpr double kHalf = 50e-3;
  // The shares of a new cost that count: when a busy spell has ended, the first try says so
  static constexpr double kSlower = 0.25, kFaster = 0.75;
  Cost cost_[3];
  std::atomic<double> alone_{0}, ended_{-1};  // seconds on one thread since several were used; when a call ended
};

}  // namespace recur
