// The C functions of the core when memory runs out at any allocation, and when sizes are beyond any memory.
//
//   boundary SIZE...   the numbers of the cell's table of sizes
//
// Every allocation of the process is counted here; the one that is to fail is chosen by its number.
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "check.h"
#include "core.cpp"

extern "C" const RecurCell* recur_cell(void);

namespace {

std::atomic<long> until_failure{-1};  // allocations that still succeed; below zero: all do
std::atomic<long> held{0};            // objects of operator new

bool fails() {
  if (until_failure < 0) return false;
  return until_failure-- == 0;
}

}  // namespace

void* operator new(size_t bytes) {
  void* memory = fails() ? nullptr : std::malloc(bytes);
  if (memory == nullptr) throw std::bad_alloc();
  ++held;
  return memory;
}
void* operator new(size_t bytes, std::align_val_t align) {
  void* memory = fails() ? nullptr : std::aligned_alloc(static_cast<size_t>(align), (bytes + 127) / 128 * 128);
  if (memory == nullptr) throw std::bad_alloc();
  ++held;
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory != nullptr) --held;
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept { operator delete(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { operator delete(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { operator delete(memory); }

// the pool's
extern "C" int posix_memalign(void** memory, size_t align, size_t bytes) noexcept {
  if (bytes > (size_t{1} << 46)) return 12;
  *memory = fails() ? nullptr : std::aligned_alloc(align, (bytes + align - 1) / align * align);
  return *memory == nullptr ? 12 : 0;
}

namespace {

constexpr int64_t T = 5, B = 3;

std::vector<double> numbers(int64_t count) {
  std::vector<double> made(static_cast<size_t>(count));
  for (size_t n = 0; n < made.size(); ++n) made[n] = std::sin(1.0 + static_cast<double>(n));
  return made;
}

// One call of a cell: all arrays that it reads and writes
struct Call {
  const RecurCell& cell = *recur_cell();
  std::vector<int64_t> sizes, lengths = {5, 2, 4}, times, rows;
  std::vector<uint8_t> resets = std::vector<uint8_t>(T * B);
  std::vector<std::vector<double>> kept;
  std::vector<const void*> matrices, vectors, initial;
  std::vector<void*> series, finals, d_initial, d_matrices, d_vectors;
  RecurCall call = {};

  explicit Call(const std::vector<int64_t>& table, int64_t threads) : sizes(table) {
    kept.reserve(64);
    resets[B + 1] = resets[2 * B] = 1;
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
    call.type = 1, call.T = T, call.B = B, call.training = 1, call.threads = threads;
    call.sizes = sizes.data(), call.matrices = matrices.data(), call.vectors = vectors.data();
    call.x = array(T * B * X), call.x_time = B * X, call.x_row = X, call.d_x = array(T * B * X);
    call.d_x_time = B * X, call.d_x_row = X;
    call.lengths = lengths.data(), call.resets = resets.data(), call.resets_time = B, call.resets_row = 1;
    call.initial = initial.data(), call.series = series.data(), call.series_time = times.data();
    call.series_row = rows.data(), call.final = finals.data();
    call.d_series = series.data(), call.d_series_time = times.data(), call.d_series_row = rows.data();
    call.d_final = finals.data(), call.d_initial = d_initial.data();
    call.d_matrices = d_matrices.data(), call.d_vectors = d_vectors.data();
  }

  int64_t size(int32_t index) const { return sizes[static_cast<size_t>(index)]; }
  double* array(int64_t count) {
    kept.push_back(numbers(count));
    return kept.back().data();
  }
};

// `run` gives RECUR_OK at last; before that every allocation in turn fails, and nothing is left behind
template <class Run>
void fails_at_every_allocation(const Run& run) {
  CHECK(run() == RECUR_OK);  // threads are there now, and the pool's list is as long as it will be
  for (long number = 0;; ++number) {
    recur_trim();
    const long before = held;
    until_failure = number;
    const int64_t status = run();
    const bool failed = until_failure < 0;
    until_failure = -1;
    if (!failed) {
      CHECK(status == RECUR_OK);
      CHECK(number > 0);
      break;
    }
    // what the pool cannot note down is given back: that costs nobody a result
    if (status == RECUR_OK) continue;
    CHECK(status == RECUR_NO_MEMORY);
    CHECK(std::string(recur_message()) == "not enough memory");
    CHECK(held == before);
    if (number % 8 == 0) CHECK(run() == RECUR_OK);
  }
}

void forward_runs_out_of_memory(const std::vector<int64_t>& sizes) {
  for (int64_t threads : {1, 2}) {
    Call one(sizes, threads);
    fails_at_every_allocation([&] {
      const int64_t status = recur_forward(&one.cell, &one.call);
      CHECK((one.call.tape == nullptr) == (status != RECUR_OK));
      recur_release(one.call.tape);
      return status;
    });
  }
}

void backward_runs_out_of_memory(const std::vector<int64_t>& sizes) {
  for (int64_t threads : {1, 2}) {
    Call one(sizes, threads);
    CHECK(recur_forward(&one.cell, &one.call) == RECUR_OK);
    fails_at_every_allocation([&] { return recur_backward(&one.cell, &one.call); });
    recur_release(one.call.tape);
  }
}

void a_stream_runs_out_of_memory(const std::vector<int64_t>& sizes) {
  Call one(sizes, 1);
  fails_at_every_allocation([&] {
    void* stream = recur_stream_open(&one.cell, &one.call);
    if (stream == nullptr) return int64_t{RECUR_NO_MEMORY};
    const int64_t status = recur_stream_step(stream, one.call.x, one.series[0], 1);
    recur_stream_close(stream);
    return status;
  });
}

void a_readout_runs_out_of_memory() {
  const std::vector<double> h = numbers(7 * 5), weight = numbers(4 * 5), classes = numbers(4);
  const std::vector<int64_t> target = {0, 1, -1, 3, 2, 2, 0};
  std::vector<double> error(1), d_h(7 * 5), d_weight(4 * 5), d_bias(4);
  RecurReadout call = {};
  call.type = 1, call.N = 7, call.H = 5, call.V = 4, call.threads = 2, call.ignore_index = -1, call.smoothing = 0.1;
  call.h = h.data(), call.h_row = 5, call.weight = weight.data(), call.target = target.data();
  call.class_weight = classes.data(), call.error = error.data(), call.d_h = d_h.data();
  call.d_weight = d_weight.data(), call.d_bias = d_bias.data();
  fails_at_every_allocation([&] { return recur_readout(&call); });
}

void memory_runs_out() {
  fails_at_every_allocation([] {
    void* memory = recur_acquire(1000);
    if (memory == nullptr) return int64_t{RECUR_NO_MEMORY};
    recur_release(memory);
    recur_trim();
    return int64_t{RECUR_OK};
  });
  CHECK(recur_acquire(-1) == nullptr);
  CHECK(recur_acquire(INT64_MAX) == nullptr);
}

void refused(int64_t status, const char* what) {
  CHECK(status == RECUR_BAD_CALL);
  CHECK(std::strstr(recur_message(), what) != nullptr);
}

void sizes_beyond_memory_are_refused(const std::vector<int64_t>& sizes) {
  constexpr int64_t huge[] = {INT64_MAX, int64_t{1} << 62, int64_t{1} << 55, int64_t{1} << 40};
  const auto forward = [](Call& one) {
    const long before = held;
    one.call.lengths = nullptr;
    refused(recur_forward(&one.cell, &one.call), "larger than any memory");
    CHECK(held == before);
  };
  for (int64_t number : huge) {
    Call steps(sizes, 1), rows(sizes, 1), both(sizes, 1);
    both.call.T = both.call.B = number;
    forward(both);
    if (number < int64_t{1} << 50) continue;
    steps.call.T = number;
    forward(steps);
    rows.call.B = number;
    forward(rows);
    for (size_t n = 0; n < sizes.size(); ++n) {
      Call one(sizes, 1);
      one.sizes[n] = number;
      forward(one);
      CHECK(recur_stream_open(&one.cell, &one.call) == nullptr);
    }
  }
  RecurReadout readout = {};
  for (auto member : {&RecurReadout::N, &RecurReadout::H, &RecurReadout::V}) {
    readout.N = readout.H = readout.V = 4;
    readout.*member = INT64_MAX;
    refused(recur_readout(&readout), "larger than any memory");
  }
  readout.N = readout.H = readout.V = int64_t{1} << 31;
  refused(recur_readout(&readout), "larger than any memory");
}

void what_is_missing_is_refused(const std::vector<int64_t>& sizes) {
  Call one(sizes, 1);
  refused(recur_forward(nullptr, &one.call), "no cell");
  refused(recur_forward(&one.cell, nullptr), "no cell or no call");
  refused(recur_backward(&one.cell, nullptr), "no cell or no call");
  CHECK(recur_stream_open(nullptr, nullptr) == nullptr);
  refused(recur_stream_step(nullptr, nullptr, nullptr, 1), "no stream");
  refused(recur_stream_get(nullptr, nullptr), "no stream");
  refused(recur_stream_set(nullptr, nullptr), "no stream");
  recur_stream_close(nullptr);
  recur_release(nullptr);
  RecurReadout readout = {};
  readout.N = readout.H = readout.V = 2;
  refused(recur_readout(&readout), "no hidden states");
  refused(recur_readout(nullptr), "type is 0");
  CHECK(recur_tensor_addresses(nullptr) == 0);
}

// whatever is thrown, a status comes back
void exceptions_become_a_status() {
  CHECK(recur::guarded([]() -> int64_t { throw std::bad_alloc(); }) == RECUR_NO_MEMORY);
  CHECK(recur::guarded([]() -> int64_t { throw std::length_error("vector"); }) == RECUR_NO_MEMORY);
  refused(recur::guarded([]() -> int64_t { throw std::runtime_error("a reason"); }), "a reason");
  refused(recur::guarded([]() -> int64_t { throw 1; }), "an unknown exception");
}

}  // namespace

int main(int count, char** words) {
  std::vector<int64_t> sizes;
  for (int n = 1; n < count; ++n) sizes.push_back(std::strtoll(words[n], nullptr, 10));
  run_test("forward", [&] { forward_runs_out_of_memory(sizes); });
  run_test("backward", [&] { backward_runs_out_of_memory(sizes); });
  run_test("stream", [&] { a_stream_runs_out_of_memory(sizes); });
  run_test("readout", a_readout_runs_out_of_memory);
  run_test("acquire", memory_runs_out);
  run_test("sizes", [&] { sizes_beyond_memory_are_refused(sizes); });
  run_test("missing", [&] { what_is_missing_is_refused(sizes); });
  run_test("exceptions", exceptions_become_a_status);
}
