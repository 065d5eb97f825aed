// The rate of fused multiply-adds: fma THREADS SECONDS prints GFLOP/s of all threads together.
//
// Nothing is loaded or stored: as many independent chains as hide the latency of the operation stay in registers, so
// this is what no matrix product can exceed.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif

typedef float Vector __attribute__((vector_size(BYTES)));

constexpr int chains = 12;  // two units, four steps of latency, and some more; few enough for 16 registers
constexpr int turns = 4096;
constexpr double operations = 2.0 * chains * turns * (BYTES / 4);

static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

static void burst(Vector* sums, float factor, float term) {
  Vector a = Vector{} + factor, b = Vector{} + term;
  Vector s[chains];
  for (int i = 0; i < chains; i++) s[i] = sums[i];
  for (int turn = 0; turn < turns; turn++) {
    // unrolled, so that each chain is one register
#pragma GCC unroll 12
    for (int i = 0; i < chains; i++) s[i] = s[i] * a + b;
  }
  for (int i = 0; i < chains; i++) sums[i] = s[i];
}

int main(int count, char** words) {
  if (count != 3) return 2;
  const int threads = std::atoi(words[1]);
  const double seconds = std::atof(words[2]);
  if (threads < 1 || !(seconds > 0)) return 2;
  std::atomic<int> ready{0};
  std::vector<double> rates(threads), checks(threads);
  std::vector<std::thread> others;
  auto work = [&](int place) {
    Vector sums[chains] = {};
    // wide vectors take a moment to reach their speed
    for (double until = now() + 0.005; now() < until;) burst(sums, 0.999f, 0.001f * place);
    for (ready++; ready < threads;) std::this_thread::yield();
    const double began = now();
    double done = 0, ended = began;
    for (; ended < began + seconds; ended = now()) {
      burst(sums, 0.999f, 0.001f * place);
      done += operations;
    }
    rates[place] = done / (ended - began);
    for (int i = 0; i < chains; i++) checks[place] += sums[i][0];
  };
  for (int place = 1; place < threads; place++) others.emplace_back(work, place);
  work(0);
  for (auto& other : others) other.join();
  double total = 0, check = 0;
  for (int place = 0; place < threads; place++) total += rates[place], check += checks[place];
  std::printf("%.3f %g\n", total / 1e9, check);
}
