// The rate of reading: read BYTES SECONDS prints the GB/s at which one thread reads so many bytes over and over.
//
// What fits a cache is read from it. Nothing that reads its weights in every step can be faster than this.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif

typedef float Vector __attribute__((vector_size(BYTES)));

constexpr int chains = 8;  // sums of their own, so that no addition waits for the one before it

static double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int main(int count, char** words) {
  if (count != 3) return 2;
  const long vectors = std::atol(words[1]) / (BYTES * chains) * chains;
  const double seconds = std::atof(words[2]);
  if (vectors < chains || !(seconds > 0)) return 2;
  void* memory = std::aligned_alloc(4096, (static_cast<size_t>(vectors) * BYTES + 4095) / 4096 * 4096);
  if (memory == nullptr) return 1;
  Vector* array = static_cast<Vector*>(memory);
  for (long n = 0; n < vectors; n++) array[n] = Vector{} + static_cast<float>(n % 7);
  Vector sums[chains] = {};
  auto pass = [&] {
    Vector s[chains];
    for (int i = 0; i < chains; i++) s[i] = sums[i];
    for (long n = 0; n < vectors; n += chains) {
#pragma GCC unroll 8
      for (int i = 0; i < chains; i++) s[i] += array[n + i];
    }
    for (int i = 0; i < chains; i++) sums[i] = s[i];
  };
  for (int warm = 0; warm < 3; warm++) pass();
  // the best of many short measurements: others that run on the core can only slow one down
  double best = 0;
  for (double until = now() + seconds; now() < until;) {
    const double began = now();
    for (int n = 0; n < 4; n++) pass();
    const double rate = 4.0 * static_cast<double>(vectors) * BYTES / (now() - began);
    if (rate > best) best = rate;
  }
  float check = 0;
  for (int i = 0; i < chains; i++) check += sums[i][0];
  std::printf("%.3f %g\n", best / 1e9, check);
  std::free(memory);
}
