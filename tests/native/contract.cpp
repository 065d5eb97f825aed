// Forward and backward pass of compiled cells in the core's libraries, for processors to be compared with each other.
//
//   contract OUTPUT CORE CELL SIZES [CELL SIZES]...   SIZES: the numbers of the cell's table, with commas
//
// It prints a line `CELL KIND DIRECTION ARRAY COUNT` for each array, and writes the numbers of all to OUTPUT as
// doubles. CELL is the number of the cell, KIND double, float, or bfloat16 or int8 for float whose products have such
// factors: of int8 there is no backward pass.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "call.h"
#include "core_library.h"

namespace {

template <class Number>
void run(const Core& core, const RecurCell& cell, const std::vector<int64_t>& sizes, int precision, bool reverse,
         const std::string& label, std::FILE* output) {
  Call<Number> one(cell, sizes, reverse ? 2 : 1);
  RecurCall& call = one.call;
  call.precision = precision, call.reverse = reverse, call.training = precision != 2;
  // products of a hundred terms of size 1 would saturate every gate
  for (auto& array : one.kept) {
    if (array.size() > 1000) {
      for (Number& number : array) number *= Number(0.25);
    }
  }
  const auto print = [&](const char* name, const void* numbers, int64_t count) {
    std::printf("%s %s %ld\n", label.c_str(), name, static_cast<long>(count));
    for (int64_t n = 0; n < count; ++n) {
      const double number = static_cast<double>(static_cast<const Number*>(numbers)[n]);
      std::fwrite(&number, sizeof number, 1, output);
    }
  };
  must(core, core.forward(&cell, &call));
  std::vector<std::vector<Number>> d_series, d_final;
  std::vector<const void*> d_series_at, d_final_at;
  for (int32_t k = 0; k < cell.state_count; ++k) {
    const int64_t S = one.size(cell.state_sizes[k]);
    print("series", one.series[k], call.T * call.B * S);
    print("final", one.finals[k], call.B * S);
    d_series.push_back(numbers<Number>(call.T * call.B * S)), d_final.push_back(numbers<Number>(call.B * S));
  }
  if (call.training == 0) return;
  for (const auto& array : d_series) d_series_at.push_back(array.data());
  for (const auto& array : d_final) d_final_at.push_back(array.data());
  call.d_series = d_series_at.data(), call.d_final = d_final_at.data();
  must(core, core.backward(&cell, &call));
  core.release(call.tape);
  print("d_x", call.d_x, call.T * call.B * one.size(cell.input_size));
  for (int32_t k = 0; k < cell.state_count; ++k) {
    print("d_initial", one.d_initial[k], call.B * one.size(cell.state_sizes[k]));
  }
  for (int32_t m = 0; m < cell.matrix_count; ++m) {
    print("d_matrix", one.d_matrices[m], one.size(cell.matrix_rows[m]) * one.size(cell.matrix_columns[m]));
  }
  for (int32_t v = 0; v < cell.vector_count; ++v) {
    print("d_vector", one.d_vectors[v], one.size(cell.vector_sizes[v]));
  }
}

}  // namespace

int main(int count, char** words) {
  if (count < 5) return 2;
  std::FILE* output = std::fopen(words[1], "wb");
  if (output == nullptr) return 1;
  const Core core{dlopen(words[2], RTLD_NOW)};
  for (int n = 3; n + 1 < count; n += 2) {
    const RecurCell& cell = *named<const RecurCell*(void)>(dlopen(words[n], RTLD_NOW), "recur_cell")();
    std::vector<int64_t> sizes;
    for (char* at = words[n + 1]; *at != 0; at += *at == ',') sizes.push_back(std::strtoll(at, &at, 10));
    const std::string number = std::to_string((n - 3) / 2);
    for (bool reverse : {false, true}) {
      const std::string direction = reverse ? " reverse" : " forward";
      run<double>(core, cell, sizes, 0, reverse, number + " double" + direction, output);
      run<float>(core, cell, sizes, 0, reverse, number + " float" + direction, output);
      run<float>(core, cell, sizes, 1, reverse, number + " bfloat16" + direction, output);
      run<float>(core, cell, sizes, 2, reverse, number + " int8" + direction, output);
    }
  }
  return std::fclose(output);
}
