// Thread team: one parallel region per call, and a barrier inside it.
//
// They are OpenMP's, so that a process has one team for this library and for the framework around it; a second team
// would wait for the first one's cores. A step takes microseconds, so waiting means spinning.
#pragma once

#include <atomic>
#include <cstdint>

#ifdef _OPENMP
#include <omp.h>
#endif
#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif
#include <sched.h>

namespace recur {

inline void pause_briefly() {
#if defined(__x86_64__) || defined(__i386__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

constexpr int kMostThreads = 256;

// Every thread counts its arrivals where the others can see it; no thread writes to another's cache line.
class Barrier {
 public:
  void wait(int thread, int threads) {
    if (threads == 1) return;
    const int32_t arrival = ++own_[thread].count;
    seen_[thread].count.store(arrival, std::memory_order_release);
    for (int other = 0; other < threads; ++other) {
      for (int tries = 0; seen_[other].count.load(std::memory_order_acquire) - arrival < 0;) {
        if (++tries > 32) pause_briefly();
        if (tries > 100000) {  // someone has lost its core: let it have ours
          tries = 0;
          sched_yield();
        }
      }
    }
  }

 private:
  struct alignas(128) Seen {
    std::atomic<int32_t> count{0};
  };
  struct alignas(128) Own {
    int32_t count = 0;
  };
  Seen seen_[kMostThreads];
  Own own_[kMostThreads];
};

// Whether this process was forked from one that had loaded the library: OpenMP's threads do not survive a fork, and a
// team that waits for them waits without end
inline std::atomic<bool>& forked() {
  static std::atomic<bool> value{false};
  return value;
}

// body(thread, threads) on every thread of a team of at most `threads`. It throws nothing, so it allocates nothing: an
// exception cannot leave a parallel region, and the others would wait for the thread that left.
template <class Body>
void run_parallel(int threads, const Body& body) {
#ifdef _OPENMP
  if (threads > 1 && !forked().load(std::memory_order_relaxed)) {
#pragma omp parallel num_threads(threads)
    body(omp_get_thread_num(), omp_get_num_threads());
    return;
  }
#endif
  (void)threads;
  body(0, 1);
}

}  // namespace recur
