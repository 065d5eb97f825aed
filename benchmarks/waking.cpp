// How long an OpenMP team needs to be at work: microseconds from the call until the last thread has arrived.
//   waking THREADS REST_MS COUNT    prints the median, the 90th percentile and the largest of COUNT calls
#include <omp.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <vector>

static double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e6 * static_cast<double>(t.tv_sec) + 1e-3 * static_cast<double>(t.tv_nsec);
}

int main(int count, char** words) {
  if (count != 4) return 2;
  const int threads = std::atoi(words[1]), calls = std::atoi(words[3]);
  const double rest = 1e3 * std::atof(words[2]);
  std::vector<double> taken;
  for (int n = -1; n < calls; ++n) {
    if (rest > 0) {
      const timespec pause{static_cast<time_t>(rest / 1e6), static_cast<long>(rest * 1e3) % 1000000000};
      nanosleep(&pause, nullptr);
    }
    std::atomic<int> arrived{0};
    double last = 0;
    const double began = now();
#pragma omp parallel num_threads(threads)
    if (arrived.fetch_add(1) + 1 == omp_get_num_threads()) last = now();
    if (n >= 0) taken.push_back(last - began);  // the first creates the threads
  }
  std::sort(taken.begin(), taken.end());
  std::printf("%g %g %g\n", taken[taken.size() / 2], taken[taken.size() * 9 / 10], taken.back());
}
