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

#include "call.h"
#include "check.h"
#include "core.cpp"

extern "C" const RecurCell* recur_cell(void);

namespace {

std::atomic<long> until_failure{-1};  // allocations that still succeed; below zero: all do
std::atomic<long> held{0};            // objects of operator new
std::atomic<long> made{0};            // allocations of every kind

bool fails() {
  ++made;
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

constexpr int64_t T = Call<double>::kRagged, B = Call<double>::B;

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
    Call<double> one(*recur_cell(), sizes, threads);
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
    Call<double> one(*recur_cell(), sizes, threads);
    CHECK(recur_forward(&one.cell, &one.call) == RECUR_OK);
    fails_at_every_allocation([&] { return recur_backward(&one.cell, &one.call); });
    recur_release(one.call.tape);
    Call<double> looked_up(*recur_cell(), sizes, threads);
    looked_up.look_up();
    fails_at_every_allocation([&] {
      const int64_t status = recur_forward(&looked_up.cell, &looked_up.call);
      if (status == RECUR_OK) recur_release(looked_up.call.tape);
      return status;
    });
    CHECK(recur_forward(&looked_up.cell, &looked_up.call) == RECUR_OK);
    fails_at_every_allocation([&] { return recur_backward(&looked_up.cell, &looked_up.call); });
    recur_release(looked_up.call.tape);
  }
}

void a_stream_runs_out_of_memory(const std::vector<int64_t>& sizes) {
  Call<double> one(*recur_cell(), sizes, 1);
  fails_at_every_allocation([&] {
    void* stream = recur_stream_open(&one.cell, &one.call);
    if (stream == nullptr) return int64_t{RECUR_NO_MEMORY};
    void* stack = recur_stack_open(&stream, 1, 0, 1);
    const int64_t status =
        stack == nullptr ? int64_t{RECUR_NO_MEMORY} : recur_stack_run(stack, one.call.x, one.series[0], T);
    recur_stack_close(stack);
    recur_stream_close(stream);
    return status;
  });
}

void steps_of_a_stack_allocate_nothing(const std::vector<int64_t>& sizes) {
  for (int64_t threads : {1, 2}) {
    Call<double> one(*recur_cell(), sizes, threads);
    void* stream = recur_stream_open(&one.cell, &one.call);
    void* stack = recur_stack_open(&stream, 1, 0, threads);
    CHECK(recur_stack_run(stack, one.call.x, one.series[0], T) == RECUR_OK);  // threads are there now
    const long before = made;
    for (int n = 0; n < 3; ++n) CHECK(recur_stack_run(stack, one.call.x, one.series[0], T) == RECUR_OK);
    CHECK(made == before);
    CHECK(recur_python_step(stack) == nullptr);  // there is no Python in this process
    recur_stack_close(stack);
    // the second reads other widths than the first gives
    void* two[2] = {stream, stream};
    CHECK(recur_stack_open(two, 2, 0, threads) == nullptr);
    CHECK(std::strstr(recur_message(), "other types, rows or widths") != nullptr);
    recur_stream_close(stream);
  }
}

void a_readout_runs_out_of_memory() {
  const std::vector<double> h = numbers<double>(7 * 5), weight = numbers<double>(4 * 5), classes = numbers<double>(4);
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
  const auto forward = [](Call<double>& one) {
    const long before = held;
    one.call.lengths = nullptr;
    refused(recur_forward(&one.cell, &one.call), "larger than any memory");
    CHECK(held == before);
  };
  for (int64_t number : huge) {
    const RecurCell& cell = *recur_cell();
    Call<double> steps(cell, sizes, 1), rows(cell, sizes, 1), both(cell, sizes, 1);
    both.call.T = both.call.B = number;
    forward(both);
    if (number < int64_t{1} << 50) continue;
    steps.call.T = number;
    forward(steps);
    rows.call.B = number;
    forward(rows);
    for (size_t n = 0; n < sizes.size(); ++n) {
      Call<double> one(*recur_cell(), sizes, 1);
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
  Call<double> one(*recur_cell(), sizes, 1);
  refused(recur_forward(nullptr, &one.call), "no cell");
  refused(recur_forward(&one.cell, nullptr), "no cell or no call");
  refused(recur_backward(&one.cell, nullptr), "no cell or no call");
  CHECK(recur_stream_open(nullptr, nullptr) == nullptr);
  CHECK(recur_stack_open(nullptr, 1, 0, 1) == nullptr);
  Call<double> looked_up(*recur_cell(), sizes, 1);
  looked_up.look_up();
  CHECK(recur_stream_open(&looked_up.cell, &looked_up.call) == nullptr);
  for (int64_t id : {int64_t{-1}, looked_up.call.table_rows, INT64_MAX}) {
    looked_up.ids[4] = id;
    refused(recur_forward(&looked_up.cell, &looked_up.call), "an id is not a row of the table");
  }
  looked_up.ids[4] = 0, looked_up.call.table_rows = INT64_MAX;
  refused(recur_forward(&looked_up.cell, &looked_up.call), "larger than any memory");
  void* none = nullptr;
  CHECK(recur_stack_open(&none, 1, 0, 1) == nullptr);
  refused(recur_stack_run(nullptr, nullptr, nullptr, 1), "no stack");
  CHECK(recur_python_step(nullptr) == nullptr);
  recur_stack_close(nullptr);
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
  run_test("stack", [&] { steps_of_a_stack_allocate_nothing(sizes); });
  run_test("readout", a_readout_runs_out_of_memory);
  run_test("acquire", memory_runs_out);
  run_test("sizes", [&] { sizes_beyond_memory_are_refused(sizes); });
  run_test("missing", [&] { what_is_missing_is_refused(sizes); });
  run_test("exceptions", exceptions_become_a_status);
}
