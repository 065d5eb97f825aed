// One call of a cell, with all arrays that it reads and writes: ragged rows, resets, and every gradient; or a dense one
// of more steps.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "recur.h"

template <class Number>
std::vector<Number> numbers(int64_t count, double scale = 1) {
  std::vector<Number> made(static_cast<size_t>(count));
  for (size_t n = 0; n < made.size(); ++n)
    made[n] = static_cast<Number>(scale * std::sin(1.0 + static_cast<double>(n)));
  return made;
}

template <class Number>
struct Call {
  static constexpr int64_t kRagged = 5, B = 3;

  const RecurCell& cell;
  const int64_t T;
  std::vector<int64_t> sizes, lengths = {5, 2, 4}, times, rows, noise_times, noise_rows, ids;
  std::vector<uint8_t> resets;
  std::vector<std::vector<Number>> kept;
  std::vector<const void*> matrices, vectors, initial, noises;
  std::vector<void*> series, finals, d_initial, d_matrices, d_vectors;
  RecurCall call = {};

  Call(const RecurCell& of, const std::vector<int64_t>& table, int64_t threads, int64_t steps = kRagged)
      : cell(of), T(steps), sizes(table), resets(static_cast<size_t>(steps * B)) {
    kept.reserve(64);
    if (steps >= kRagged) resets[B + 1] = resets[2 * B] = 1;
    const int64_t X = sizes[static_cast<size_t>(cell.input_size)];
    for (int32_t m = 0; m < cell.matrix_count; ++m) {
      const int64_t count = size(cell.matrix_rows[m]) * size(cell.matrix_columns[m]);
      matrices.push_back(array(count)), d_matrices.push_back(array(count));
    }
    for (int32_t v = 0; v < cell.vector_count; ++v) {
      vectors.push_back(array(size(cell.vector_sizes[v]))), d_vectors.push_back(array(size(cell.vector_sizes[v])));
    }
    for (int32_t k = 0; k < cell.state_count; ++k) {
      const int64_t S = size(cell.state_sizes[k]);
      initial.push_back(array(B * S)), finals.push_back(array(B * S)), d_initial.push_back(array(B * S));
      series.push_back(array(T * B * S)), times.push_back(B * S), rows.push_back(S);
    }
    for (int32_t n = 0; n < cell.noise_count; ++n) {
      const int64_t S = size(cell.noise_sizes[n]);
      noises.push_back(array(T * B * S)), noise_times.push_back(B * S), noise_rows.push_back(S);
    }
    call.type = sizeof(Number) == 8, call.T = T, call.B = B, call.training = 1, call.threads = threads;
    call.sizes = sizes.data(), call.matrices = matrices.data(), call.vectors = vectors.data();
    call.x = array(T * B * X), call.x_time = B * X, call.x_row = X, call.d_x = array(T * B * X);
    call.d_x_time = B * X, call.d_x_row = X;
    if (steps == kRagged) call.lengths = lengths.data(), call.resets = resets.data();
    call.resets_time = B, call.resets_row = 1;
    call.initial = initial.data(), call.series = series.data(), call.series_time = times.data();
    call.series_row = rows.data(), call.final = finals.data();
    call.noises = noises.data(), call.noise_time = noise_times.data(), call.noise_row = noise_rows.data();
    call.d_series = series.data(), call.d_series_time = times.data(), call.d_series_row = rows.data();
    call.d_final = finals.data(), call.d_initial = d_initial.data();
    call.d_matrices = d_matrices.data(), call.d_vectors = d_vectors.data();
  }

  // the inputs are rows of a table, which takes the place of x
  void look_up(int64_t table_rows = 4) {
    for (int64_t n = 0; n < T * B; ++n) ids.push_back(n * n % table_rows);
    call.ids = ids.data(), call.ids_time = B, call.ids_row = 1, call.table_rows = table_rows;
  }

  int64_t size(int32_t index) const { return sizes[static_cast<size_t>(index)]; }
  Number* array(int64_t count) {
    kept.push_back(numbers<Number>(count));
    return kept.back().data();
  }
};
