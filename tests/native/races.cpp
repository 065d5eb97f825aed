// Calls of compiled cells from several threads at once, each of which has a team of two: for the thread sanitizer.
//
//   races CORE CELL SIZES [CELL SIZES]...   SIZES: the numbers of the cell's table, with commas
//
// Weights and frozen matrices are shared, as those of a layer that several threads call. For each cell it prints how
// often the frozen matrices of double, float, bfloat16 and int8 were used.
#include <cstdio>
#include <string>
#include <thread>

#include "call.h"
#include "core_library.h"

namespace {

constexpr int kCallers = 3, kRounds = 2;
constexpr int64_t kLong = 600;  // steps from which threads divide time

// A layer that several threads call: its weights, and the packed matrices of its frozen passes
template <class Number>
struct Layer {
  const Core& core;
  const RecurCell& cell;
  Call<Number> weights;
  int64_t precision;
  void* frozen;

  Layer(const Core& of, const RecurCell& its, const std::vector<int64_t>& sizes, int64_t factors)
      : core(of), cell(its), weights(its, sizes, 1), precision(factors) {
    weights.call.precision = precision, weights.call.training = 0;
    frozen = core.freeze(&cell, &weights.call);
    if (frozen == nullptr) must(core, RECUR_NO_MEMORY);
  }
  ~Layer() { core.thaw(frozen); }
  Layer(const Layer&) = delete;

  void infer(int64_t steps) const {
    Call<Number> one(cell, weights.sizes, 2, steps);
    of_layer(&one);
    one.call.training = 0, one.call.frozen = frozen;
    must(core, core.forward(&cell, &one.call));
  }

  // with inputs of its own, or rows of a table
  void train(int64_t steps, bool looked_up = false) const {
    Call<Number> one(cell, weights.sizes, 2, steps);
    of_layer(&one);
    if (looked_up) one.look_up();
    must(core, core.forward(&cell, &one.call));
    std::vector<const void*> series, final;
    for (const void* array : one.series) series.push_back(array);
    for (const void* array : one.finals) final.push_back(array);
    one.call.d_series = series.data(), one.call.d_final = final.data();
    must(core, core.backward(&cell, &one.call));
    core.release(one.call.tape);
  }

  void of_layer(Call<Number>* one) const {
    one->call.precision = precision;
    one->call.matrices = weights.matrices.data(), one->call.vectors = weights.vectors.data();
  }
};

}  // namespace

int main(int count, char** words) {
  if (count < 4) return 2;
  const Core core{dlopen(words[1], RTLD_NOW)};
  for (int n = 2; n + 1 < count; n += 2) {
    const RecurCell& cell = *named<const RecurCell*(void)>(dlopen(words[n], RTLD_NOW), "recur_cell")();
    std::vector<int64_t> sizes;
    for (char* at = words[n + 1]; *at != 0; at += *at == ',') sizes.push_back(std::strtoll(at, &at, 10));
    const Layer<double> wide(core, cell, sizes, 0);
    const Layer<float> narrow(core, cell, sizes, 0), half(core, cell, sizes, 1), whole(core, cell, sizes, 2);
    std::vector<std::thread> callers;
    for (int caller = 0; caller < kCallers; ++caller) {
      callers.emplace_back([&] {
        for (int round = 0; round < kRounds; ++round) {
          const int64_t steps = cell.scanned != 0 && round > 0 ? kLong : Call<float>::kRagged;
          wide.infer(steps), narrow.infer(steps), half.infer(steps), whole.infer(steps);
          narrow.infer(1);  // multiplies the matrices themselves
          wide.train(steps), narrow.train(steps), half.train(steps);
          wide.train(steps, true), half.train(steps, true);
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
    std::printf("%d", (n - 2) / 2);
    for (const void* frozen : {wide.frozen, narrow.frozen, half.frozen, whole.frozen}) {
      std::printf(" %ld", static_cast<long>(core.frozen_uses(frozen)));
    }
    std::printf("\n");
  }
}
