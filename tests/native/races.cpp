// Calls of compiled cells from several threads at once, each of which has a team of two: for the thread sanitizer.
//
//   races CORE CELL SIZES [CELL SIZES]...   SIZES: the numbers of the cell's table, with commas
//
// The weights are shared, as those of a layer that several threads call. It prints the number of calls of each cell.
#include <cstdio>
#include <string>
#include <thread>

#include "call.h"
#include "core_library.h"

namespace {

constexpr int kCallers = 3, kRounds = 2;

template <class Number>
void once(const Core& core, const RecurCell& cell, const std::vector<int64_t>& sizes, bool half,
          Call<Number>* weights) {
  Call<Number> one(cell, sizes, 2);
  RecurCall& call = one.call;
  call.precision = half;
  call.matrices = weights->matrices.data(), call.vectors = weights->vectors.data();
  must(core, core.forward(&cell, &call));
  std::vector<const void*> series, final;
  for (const void* array : one.series) series.push_back(array);
  for (const void* array : one.finals) final.push_back(array);
  call.d_series = series.data(), call.d_final = final.data();
  must(core, core.backward(&cell, &call));
  core.release(call.tape);
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) return 2;
  const Core core{dlopen(words[1], RTLD_NOW)};
  for (int n = 2; n + 1 < count; n += 2) {
    const RecurCell& cell = *named<const RecurCell*(void)>(dlopen(words[n], RTLD_NOW), "recur_cell")();
    std::vector<int64_t> sizes;
    for (char* at = words[n + 1]; *at != 0; at += *at == ',') sizes.push_back(std::strtoll(at, &at, 10));
    Call<double> wide(cell, sizes, 1);
    Call<float> narrow(cell, sizes, 1);
    std::vector<std::thread> callers;
    for (int caller = 0; caller < kCallers; ++caller) {
      callers.emplace_back([&] {
        for (int round = 0; round < kRounds; ++round) {
          once<double>(core, cell, sizes, false, &wide);
          once<float>(core, cell, sizes, false, &narrow);
          once<float>(core, cell, sizes, true, &narrow);
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    std::printf("%d %d\n", (n - 2) / 2, 3 * kCallers * kRounds);
  }
}
