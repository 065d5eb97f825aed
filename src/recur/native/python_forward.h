// Forward pass as a Python function: the checks of its tensors and the layout of its arguments in C, without gradients.
#pragma once

#include "python.h"
#include "torch_tensors.h"

namespace recur {

constexpr char kPreparedName[] = "recur.prepared";
constexpr int32_t kMostTensors = 32;  // of each kind

// The arguments of one call, laid out from the numbers of its tensors
struct PreparedArguments {
  const RecurPrepared& prepared;
  RecurCall call = {};
  void* tensors[4 * kMostTensors + 1] = {};
  void* series[kMostTensors] = {};
  void* final[kMostTensors] = {};
  int64_t series_time[kMostTensors] = {}, series_row[kMostTensors] = {};

  explicit PreparedArguments(const RecurPrepared& one) : prepared(one) {}

  // tensors that a call reads, in order: x, states, matrices, vectors, and what is added to the vectors
  static int64_t read(const RecurCell& cell) {
    return 1 + cell.state_count + cell.matrix_count + 2 * cell.vector_count;
  }

  // whether all tensors meet their specifications; `numbers` are theirs, then those of the outputs
  bool lay_out(const int64_t* numbers) {
    const RecurCell& cell = *prepared.cell;
    const int32_t S = cell.state_count, M = cell.matrix_count, V = cell.vector_count;
    const RecurTorch& torch = *prepared.torch;
    const void* x = numbers;
    int64_t dim = 0, *sizes = nullptr, *strides = nullptr;
    if (numbers[0] == 0 || torch.dim(x, &dim) != 0 || dim != 3) return false;
    if (torch.sizes(x, &sizes) != 0 || torch.strides(x, &strides) != 0) return false;
    call.T = sizes[0], call.B = sizes[1], call.x_time = strides[0], call.x_row = strides[1];
    const int64_t given = 1 + S + M + V;
    for (int64_t n = 0; n < given + V; ++n) std::memcpy(tensors + n, numbers + n, sizeof(void*));
    // what is added has the shapes of the vectors
    if (!addresses(prepared.specs, given, 0)) return false;
    if (!addresses(prepared.specs + RECUR_SPEC_SIZE * (given - V), V, given)) return false;
    const int64_t* outputs = numbers + given + V;
    if (torch.address(outputs, &series[0]) != 0 || torch.strides(outputs, &strides) != 0) return false;
    series_time[0] = strides[0], series_row[0] = strides[1];
    for (int32_t k = 0; k < S; ++k) {
      if (torch.address(outputs + 1 + k, &final[k]) != 0) return false;
    }
    call.type = prepared.type, call.precision = prepared.precision, call.sizes = prepared.sizes;
    call.interrupted = prepared.interrupted;
    call.x = tensors[0];
    call.initial = tensors + 1, call.matrices = tensors + 1 + S, call.vectors = tensors + 1 + S + M;
    call.added = tensors + given;
    call.series = series, call.series_time = series_time, call.series_row = series_row, call.final = final;
    return true;
  }

  // multiplications of all steps
  int64_t work() const {
    const RecurCell& cell = *prepared.cell;
    int64_t work = 0;
    for (int32_t m = 0; m < cell.matrix_count; ++m)
      work += call.sizes[cell.matrix_rows[m]] * call.sizes[cell.matrix_columns[m]];
    return work * call.T * call.B;
  }

 private:
  bool addresses(const int64_t* specs, int64_t count, int64_t from) {
    const RecurTensorQuery query{prepared.torch,   count, call.T,        call.B, prepared.dtype,
                                 prepared.element, specs, tensors + from};
    return recur_tensor_addresses(&query) == count;
  }
};

inline void* python_forwarded(void* self, void* const* arguments, ssize_t count) {
  const Python& python = Python::instance();
  const auto* prepared = static_cast<const RecurPrepared*>(python.unwrap(self, kPreparedName));
  if (prepared == nullptr) {
    python.clear();
    return python.number(RECUR_UNFIT);
  }
  const RecurCell& cell = *prepared->cell;
  constexpr ssize_t kNumbers = 3, kMost = kNumbers + 6 * kMostTensors + 2;
  if (count != kNumbers + PreparedArguments::read(cell) + 1 + cell.state_count) return python.number(RECUR_UNFIT);
  int64_t numbers[kMost];
  for (ssize_t n = 0; n < count; ++n) numbers[n] = python.integer(arguments[n]);
  PreparedArguments one(*prepared);
  if (!one.lay_out(numbers + kNumbers)) return python.number(RECUR_UNFIT);
  one.call.threads = numbers[0], one.call.fill_nan = numbers[1];
  std::memcpy(&one.call.frozen, numbers + 2, sizeof(void*));
  void* thread = one.work() < kWorthUnlocking ? nullptr : python.unlock();
  const int64_t status = recur_forward(&cell, &one.call);
  if (thread != nullptr) python.lock(thread);
  return python.number(status);
}

inline void* python_forward(const RecurPrepared* prepared) {
  static const PythonMethod method = {"forward", python_forwarded, kPythonFastCall, nullptr};
  const Python& python = Python::instance();
  if (prepared == nullptr || !python.complete()) return nullptr;
  const RecurCell& cell = *prepared->cell;
  for (int32_t tensors : {cell.state_count, cell.matrix_count, cell.vector_count}) {
    if (tensors > kMostTensors) return nullptr;
  }
  if (cell.noise_count > 0) return nullptr;
  void* self = python.wrap(const_cast<RecurPrepared*>(prepared), kPreparedName, nullptr);
  if (self == nullptr) return nullptr;
  void* function = python.function(&method, self, nullptr);
  python.forget(self);
  return function;
}

}  // namespace recur
