// Placement: moves threads of a team that were woken on the core of the thread that woke them.
//
// After a pause of some ten milliseconds Linux often puts a woken thread on the core of its waker, in a virtual machine
// also where another core is idle. The woken thread is then queued behind its waker, which waits for it: until the
// scheduler's next tick, up to 4 ms. Moved to another core at once, it is at work after 0.1 ms.
#pragma once

#include <atomic>
#include <cstdint>

#ifdef __linux__
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace recur {

constexpr int kMostThreads = 256;

// The threads that the regions of one calling thread have had
class Placement {
 public:
  // The number of a new region
  int64_t begin() { return ++region_; }

  // A thread is at work in a region
  void arrive(int thread, int64_t region) {
    Member& one = members_[thread];
#ifdef __linux__
    static thread_local const pid_t self = static_cast<pid_t>(syscall(SYS_gettid));
    one.id.store(self, std::memory_order_relaxed);
#endif
    one.region.store(region, std::memory_order_relaxed);
  }
  bool arrived(int thread, int64_t region) const {
    return members_[thread].region.load(std::memory_order_relaxed) == region;
  }

  // Move a thread away from the core of the calling thread, if it is queued there
  void move(int thread) { move_away(members_[thread].id.load(std::memory_order_relaxed)); }

  // The placement of the region that the calling thread is in; null outside
  static Placement*& current() {
    static thread_local Placement* one = nullptr;
    return one;
  }

 private:
  // A queued thread whose core is not allowed is moved at once, one that runs elsewhere is not touched; what it was
  // allowed is restored. Never another process's thread: an id may be used again when its thread has ended.
  static void move_away(int32_t id) {
#ifdef __linux__
    if (id == 0 || syscall(SYS_tgkill, getpid(), id, 0) != 0) return;
    cpu_set_t allowed, others;
    if (sched_getaffinity(id, sizeof allowed, &allowed) != 0) return;
    const int here = sched_getcpu();
    if (here < 0 || here >= CPU_SETSIZE || !CPU_ISSET(here, &allowed)) return;
    others = allowed;
    CPU_CLR(here, &others);
    if (CPU_COUNT(&others) == 0) return;
    if (sched_setaffinity(id, sizeof others, &others) == 0) sched_setaffinity(id, sizeof allowed, &allowed);
#else
    (void)id;
#endif
  }

  struct Member {
    std::atomic<int32_t> id{0};
    std::atomic<int64_t> region{0};
  };
  int64_t region_ = 0;
  Member members_[kMostThreads];
};

}  // namespace recur
