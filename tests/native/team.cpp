// The thread team and its barrier of team.h, and the memory of memory_pool.h that threads share.
#include "team.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>
#include <vector>

#include "check.h"
#include "memory_pool.h"
#include "waking.h"

namespace {

void every_thread_has_a_number_of_its_own() {
  for (int threads : {1, 2, 5}) {
    std::vector<std::atomic<int>> seen(static_cast<size_t>(threads));
    std::atomic<int> there{0};
    recur::run_parallel(threads, [&](int thread, int count) {
      there = count;
      ++seen[static_cast<size_t>(thread)];
    });
    CHECK(there >= 1 && there <= threads);
    for (int n = 0; n < threads; ++n) CHECK(seen[static_cast<size_t>(n)] == (n < there ? 1 : 0));
  }
}

void a_team_within_a_team_is_one_thread() {
  std::atomic<int> most{0};
  recur::run_parallel(
      2, [&](int, int) { recur::run_parallel(2, [&](int, int count) { most = std::max<int>(most, count); }); });
  CHECK(most == 1);
}

void nobody_passes_a_barrier_before_all_are_there() {
  for (int threads : {2, 3, 4}) {
    recur::Barrier barrier;
    std::atomic<int> arrived{0};
    std::atomic<bool> early{false};
    recur::run_parallel(threads, [&](int thread, int count) {
      for (int round = 1; round <= 50; ++round) {
        ++arrived;
        barrier.wait(thread, count);
        if (arrived < round * count) early = true;
        barrier.wait(thread, count);
      }
    });
    CHECK(!early);
    CHECK(arrived % 50 == 0);
  }
}

void what_is_written_before_a_barrier_is_read_after_it() {
  recur::Barrier barrier;
  std::vector<int> written(8, 0);  // not atomic: the thread sanitizer reports a barrier that does not order memory
  std::atomic<int> wrong{0};
  recur::run_parallel(2, [&](int thread, int count) {
    for (int round = 1; round <= 20; ++round) {
      written[static_cast<size_t>(thread)] = round;
      barrier.wait(thread, count);
      wrong += written[static_cast<size_t>((thread + 1) % count)] != round;
      barrier.wait(thread, count);
    }
  });
  CHECK(wrong == 0);
}

void a_forked_process_computes_alone() {
  recur::forked() = true;
  int there = 0;
  recur::run_parallel(4, [&](int, int count) { there += count; });
  recur::forked() = false;
  CHECK(there == 1);
}

// A thread that is at work in a region until it is told to stop, and the cores that it may run on and does
struct Member {
  recur::Placement placement;
  std::atomic<int> id{0}, core{-1}, looks{0};
  std::atomic<bool> stop{false};
  std::thread thread{[this] {
    placement.arrive(1, 1);
    for (id = static_cast<int>(syscall(SYS_gettid)); !stop; ++looks) core = sched_getcpu();
  }};
  Member() {
    while (id == 0) sched_yield();
  }
  ~Member() { end(); }
  void end() {
    stop = true;
    if (thread.joinable()) thread.join();
  }
  void allow(const cpu_set_t& cores) { CHECK(sched_setaffinity(id, sizeof cores, &cores) == 0); }
  bool allowed(const cpu_set_t& cores) {
    cpu_set_t now;
    return sched_getaffinity(id, sizeof now, &now) == 0 && CPU_EQUAL(&now, &cores);
  }
};

void a_thread_that_is_queued_behind_its_waker_is_moved() {
  cpu_set_t all, here;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  CPU_ZERO(&here);
  CPU_SET(sched_getcpu(), &here);
  Member member;
  CHECK(sched_setaffinity(0, sizeof here, &here) == 0);
  bool moved = false;
  // on a busy machine the system may move it back before it looks
  for (int tries = 0; !moved && tries < (CPU_COUNT(&all) > 1 ? 20 : 1); ++tries) {
    member.allow(here);  // both share a core now, and this thread has it
    member.allow(all);
    member.placement.move(1);
    const int before = member.looks;
    while (member.looks < before + 2) recur::pause_briefly();
    moved = member.core != sched_getcpu();
    CHECK(member.allowed(all));
  }
  CHECK(moved == (CPU_COUNT(&all) > 1));
  CHECK(sched_setaffinity(0, sizeof all, &all) == 0);
}

void a_thread_that_may_run_nowhere_else_or_has_ended_is_left_alone() {
  cpu_set_t all, here;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  CPU_ZERO(&here);
  CPU_SET(sched_getcpu(), &here);
  Member member;
  member.allow(here);
  member.placement.move(1);
  CHECK(member.allowed(here));
  member.end();
  member.placement.move(1);  // its id is no thread's
  member.placement.move(2);  // and there was never one
}

// how often each way was taken by calls that are expected to take `expected` seconds and take `seconds` on one thread
struct Calls {
  recur::Waking waking;
  int alone = 0, together = 0;
  void call(double expected, double woken, double seconds = 0) {
    waking.run(
        expected,
        [&] {
          ++alone;
          const double until = recur::seconds() + seconds;
          while (recur::seconds() < until) recur::pause_briefly();
        },
        [&] {
          ++together;
          recur::last_region().store(recur::seconds());
          return woken;
        });
  }
};

void threads_that_wake_fast_are_used() {
  Calls calls;
  for (int n = 0; n < 20; ++n) calls.call(50e-6, 1e-6);
  CHECK(calls.together == 20);
}

void threads_that_wake_slowly_are_left_asleep_by_small_calls_only() {
  Calls calls;
  for (int n = 0; n < 20; ++n) calls.call(50e-6, 4e-3);
  CHECK(calls.together == 1);
  CHECK(calls.alone == 19);
  calls.call(50e-3, 4e-3);
  CHECK(calls.together == 2);
}

void a_burst_of_small_calls_wakes_them_when_it_has_lasted_as_long_as_they_would_have_saved() {
  Calls calls;
  calls.call(50e-6, 4e-3);  // waking costs 1 ms then: a quarter counts
  for (int n = 0; n < 20 && calls.together == 1; ++n) calls.call(50e-6, 1e-6, 0.5e-3);
  CHECK(calls.together == 2);
  CHECK(calls.alone >= 2 && calls.alone <= 5);
}

void a_try_that_succeeds_ends_what_a_busy_spell_has_taught() {
  Calls calls;
  calls.call(50e-6, 20e-3);  // 5 ms are known then
  for (int n = 0; n < 40 && calls.together == 1; ++n) calls.call(50e-6, 1e-6, 1e-3);
  CHECK(calls.together == 2);  // 1.3 ms
  for (int n = 0; n < 6 && calls.together == 2; ++n) calls.call(50e-6, 1e-6, 1e-3);
  CHECK(calls.together == 3);
}

void calls_between_pauses_try_again_before_long() {
  Calls calls;
  usleep(11000);
  calls.call(50e-6, 4e-3);  // 1 ms is known then, of pauses this long
  for (int n = 0; n < 60 && calls.together == 1; ++n) {
    usleep(11000);
    calls.call(250e-6, 1e-6, 0.5e-3);
  }
  CHECK(calls.together == 2);
  CHECK(calls.alone >= 1);
}

void memory_is_aligned_and_used_again() {
  recur::MemoryPool pool;
  for (size_t bytes : {size_t{0}, size_t{1}, size_t{1000}, size_t{5} << 20}) {
    void* first = pool.acquire(bytes);
    CHECK(first != nullptr);
    CHECK(reinterpret_cast<uintptr_t>(first) % 128 == 0);
    std::memset(first, 1, bytes);
    pool.release(first);
    CHECK(pool.acquire(bytes) == first);
    pool.release(first);
  }
  pool.release(nullptr);
  pool.trim();
}

void more_memory_than_there_is_is_none() {
  recur::MemoryPool pool;
  CHECK(pool.acquire(size_t{1} << 62) == nullptr);
  CHECK(pool.acquire(~size_t{0} / 2) == nullptr);
}

void threads_share_the_pool() {
  recur::MemoryPool pool;
  std::atomic<int> wrong{0};
  recur::run_parallel(4, [&](int thread, int) {
    for (int n = 0; n < 200; ++n) {
      const size_t bytes = static_cast<size_t>(200 + 300 * (n % 7));
      auto* memory = static_cast<unsigned char*>(pool.acquire(bytes));
      std::memset(memory, thread, bytes);
      wrong += std::any_of(memory, memory + bytes, [&](unsigned char c) { return c != thread; });
      pool.release(memory);
    }
  });
  CHECK(wrong == 0);
  pool.trim();
}

}  // namespace

int main() {
  run_test("numbers", every_thread_has_a_number_of_its_own);
  run_test("nested", a_team_within_a_team_is_one_thread);
  run_test("barrier", nobody_passes_a_barrier_before_all_are_there);
  run_test("ordered", what_is_written_before_a_barrier_is_read_after_it);
  run_test("forked", a_forked_process_computes_alone);
  run_test("moved", a_thread_that_is_queued_behind_its_waker_is_moved);
  run_test("unmoved", a_thread_that_may_run_nowhere_else_or_has_ended_is_left_alone);
  run_test("awake", threads_that_wake_fast_are_used);
  run_test("asleep", threads_that_wake_slowly_are_left_asleep_by_small_calls_only);
  run_test("burst", a_burst_of_small_calls_wakes_them_when_it_has_lasted_as_long_as_they_would_have_saved);
  run_test("recovery", a_try_that_succeeds_ends_what_a_busy_spell_has_taught);
  run_test("pauses", calls_between_pauses_try_again_before_long);
  run_test("pool", memory_is_aligned_and_used_again);
  run_test("too much", more_memory_than_there_is_is_none);
  run_test("shared pool", threads_share_the_pool);
}
