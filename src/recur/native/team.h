// Thread team: one parallel region per call, and a barrier inside it.
//
// The threads are OpenMP's, so that this library and the framework around it share one team; a second team would
// compete with the first for the cores. A step takes microseconds, so waiting threads spin.
#pragma once

#include <atomic>
#include <cstdint>
#include <new>

#ifdef _OPENMP
#include <omp.h>
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif
#include <sched.h>
#include <time.h>

#include "placement.h"
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace recur {

inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

inline double seconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Every thread publishes its count of arrivals; no thread writes to the cache line of another.
class Barrier {
 public:
  // memory of threads that there are not is never touched: it is larger than what a small recurrence computes with
  explicit Barrier(int threads = kMostThreads) {
    for (int thread = 0; thread < threads; ++thread) new (&at(thread)) Count;
  }
  // seconds for which a thread has yielded its core
  double lost(int thread) { return at(thread).lost; }

  void wait(int thread, int threads) {
    if (threads == 1) return;
    const int32_t arrival = ++at(thread).own;
    at(thread).seen.store(arrival, std::memory_order_release);
    for (int other = 0; other < threads; ++other) {
      double since = 0;
      bool moved = false;
      for (int tries = 0; at(other).seen.load(std::memory_order_acquire) - arrival < 0;) {
        if (++tries > 32) pause_briefly();
        if (tries % 256 != 0) continue;
        const double now = seconds();
        if (since == 0) since = now;
        if (now - since < kSpin) continue;
        // the other has no core: it may be queued behind this thread
        if (!moved && Placement::current() != nullptr) Placement::current()->move(other);
        moved = true;
        sched_yield();
        at(thread).lost += seconds() - now;
      }
    }
  }

 private:
  // A thread that waits longer yields its core between two looks: the one that it waits for may be queued behind it
  static constexpr double kSpin = 50e-6;

  struct Count {
    alignas(128) std::atomic<int32_t> seen{0};
    alignas(128) int32_t own = 0;
    double lost = 0;
  };
  Count& at(int thread) { return *std::launder(reinterpret_cast<Count*>(counts_[thread])); }

  alignas(Count) unsigned char counts_[kMostThreads][sizeof(Count)];
};

// Whether this process was forked from one that had loaded the library: OpenMP's threads do not survive a fork, and a
// team would wait for them forever
inline std::atomic<bool>& forked() {
  static std::atomic<bool> value{false};
  return value;
}

// What the thread sanitizer cannot see: OpenMP's own fork and join, whose library is not compiled with it
struct ForkAndJoin {
#ifdef __SANITIZE_THREAD__
  ForkAndJoin() { __tsan_release(this); }
  void begin() { __tsan_acquire(this); }
  void end() { __tsan_release(this); }
  ~ForkAndJoin() { __tsan_acquire(this); }
#else
  void begin() {}
  void end() {}
#endif
};

// When the last region of several threads ended, in seconds()
inline std::atomic<double>& last_region() {
  static std::atomic<double> value{0};
  return value;
}

// A pause since the last region after which other threads may sleep, and how long those that do not take to be at work
constexpr double kAwake = 2e-3, kAtWork = 5e-6;

// On the first thread of a region: wait until the others are at work, or move them to where they can be
inline void wake_team(Placement& team, int threads, int64_t region) {
  const double until = seconds() + kAtWork;
  for (int thread = 1; thread < threads; ++thread) {
    while (!team.arrived(thread, region) && seconds() < until) pause_briefly();
    if (!team.arrived(thread, region)) team.move(thread);
  }
}

// That of the calling thread's regions
inline Placement& own_placement() {
  static thread_local Placement one;
  return one;
}

// Runs body(thread, threads) on every thread of a team of at most `threads`. The body must not throw, and so must not
// allocate: an exception cannot leave a parallel region, and the other threads would wait for the one that left.
template <class Body>
#ifdef __SANITIZE_THREAD__
__attribute__((no_sanitize("thread")))
#endif
void run_parallel(int threads, const Body& body) {
#ifdef _OPENMP
  if (threads > 1 && !forked().load(std::memory_order_relaxed)) {
    Placement& team = own_placement();
    const int64_t number = team.begin();
    const bool slept = seconds() - last_region().load(std::memory_order_relaxed) > kAwake;
    ForkAndJoin region;
#pragma omp parallel num_threads(threads)
    {
      region.begin();
      const int thread = omp_get_thread_num();
      team.arrive(thread, number);
      Placement::current() = &team;
      if (thread == 0 && slept) wake_team(team, omp_get_num_threads(), number);
      body(thread, omp_get_num_threads());
      Placement::current() = nullptr;
      region.end();
    }
    last_region().store(seconds(), std::memory_order_relaxed);
    return;
  }
#endif
  (void)threads;
  body(0, 1);
}

}  // namespace recur
