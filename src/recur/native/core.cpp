// Exported C functions: they check their arguments and run with the number type and the precision of the call.
#include <pthread.h>

#include <memory>

#include "backward.h"
#include "boundary.h"
#include "interrupts.h"
#include "python_forward.h"
#include "python_step.h"
#include "readout.h"
#include "size_limits.h"
#include "stack.h"
#include "torch_tensors.h"

namespace {

using recur::guarded;
using recur::refuse;

int64_t check(const RecurCell* cell, const RecurCall* call) {
  if (cell == nullptr || call == nullptr) return refuse("no cell or no call");
  if (cell->abi != RECUR_ABI) return refuse("the cell was compiled for another version of the core");
  if (cell->vector_bytes != RECUR_VECTOR_BYTES) return refuse("the cell was compiled for another instruction set");
  if (call->type != 0 && call->type != 1) return refuse("type is 0 (float) or 1 (double)");
  if (call->precision < 0 || call->precision > 2) return refuse("precision is 0, 1 (bfloat16) or 2 (int8)");
  if (call->precision != 0 && call->type != 0) return refuse("precisions 1 and 2 are for floats only");
  if (call->precision == 2 && call->training != 0) return refuse("precision 2 has no gradient");
  if (call->T < 0 || call->B < 0) return refuse("negative steps or rows");
  if (call->sizes == nullptr) return refuse("no sizes");
  for (int32_t n = 0; n < cell->size_count; ++n) {
    if (call->sizes[n] < 0) return refuse("a negative size");
  }
  if (!recur::countable(*cell, *call))
    return refuse("the arrays of these sizes, steps and rows are larger than any memory");
  if (call->T > 0 && call->B > 0 && call->x == nullptr && call->sizes[cell->input_size] > 0) return refuse("no inputs");
  for (int32_t m = 0; m < cell->matrix_count; ++m) {
    if (call->matrices == nullptr || call->matrices[m] == nullptr) return refuse("a matrix is missing");
    if (call->precision == 2 &&
        std::max(call->sizes[cell->matrix_rows[m]], call->sizes[cell->matrix_columns[m]]) > recur::kMostWhole - 64) {
      return refuse("a matrix has more rows or columns than 32 bits can sum products of 8 bits of");
    }
  }
  if (cell->vector_count > 0 && call->vectors == nullptr) return refuse("no vectors");
  for (int32_t n = 0; n < cell->noise_count; ++n) {
    if (call->T > 0 && call->B > 0 && (call->noises == nullptr || call->noises[n] == nullptr))
      return refuse("a noise is missing");
  }
  if (call->lengths != nullptr) {
    for (int64_t b = 0; b < call->B; ++b) {
      if (call->lengths[b] < 0 || call->lengths[b] > call->T) return refuse("a length is not from 0 to T");
    }
  }
  if (call->ids != nullptr) {
    if (call->offsets != nullptr || call->frozen != nullptr || call->accumulate != 0)
      return refuse("rows of a table are looked up in padded batches without frozen weights");
    for (int64_t t = 0; t < call->T; ++t) {
      for (int64_t b = 0; b < call->B; ++b) {
        const int64_t id = call->ids[t * call->ids_time + b * call->ids_row];
        if (id < 0 || id >= call->table_rows) return refuse("an id is not a row of the table");
      }
    }
  }
  if (call->offsets != nullptr) {
    if (call->lengths != nullptr) return refuse("packed rows have lengths of their own");
    for (int64_t t = 0; t < call->T; ++t) {
      const int64_t n = call->offsets[t + 1] - call->offsets[t];
      if (n < 0 || n > call->B || (t > 0 && n > call->offsets[t] - call->offsets[t - 1])) {
        return refuse("packed rows do not come longest first");
      }
    }
  }
  return RECUR_OK;
}

template <class P>
int64_t forward(const RecurCell& cell, RecurCall& call) {
  recur::Forward<P> pass(cell, call);
  return pass.run();
}

template <class P>
int64_t backward(const RecurCell& cell, RecurCall& call) {
  recur::Backward<P> pass(cell, call);
  return pass.run();
}

#if defined(__AVX512BF16__)
using Half = recur::Paired;
#else
using Half = recur::Rounded;
#endif

// A fork copies the pool between two calls of it, and none of the other threads
struct Forks {
  Forks() {
    pthread_atfork([] { recur::MemoryPool::instance().lock(); }, [] { recur::MemoryPool::instance().unlock(); },
                   [] {
                     recur::MemoryPool::instance().unlock();
                     recur::forked().store(true, std::memory_order_relaxed);
                   });
  }
} forks;

// the status of run<P> for the number type and the precision of a call
template <bool inference, class Run>
int64_t with_precision(const RecurCall& call, const Run& run) {
  if (call.type == 1) return run(recur::Plain<double>{});
  if (call.precision == 1) return run(Half{});
  if constexpr (inference) {
    if (call.precision == 2) return run(recur::Whole{});
  }
  return run(recur::Plain<float>{});
}

// a call of which only the cell, type, precision, sizes and matrices count
int64_t check_freeze(const RecurCell* cell, const RecurCall* call) {
  if (cell == nullptr || call == nullptr) return refuse("no cell or no call");
  RecurCall bare = *call;
  bare.T = bare.B = 0;
  bare.lengths = bare.offsets = nullptr;
  const void* none = nullptr;
  if (bare.vectors == nullptr) bare.vectors = &none;
  return check(cell, &bare);
}

int64_t check_stream(const RecurCell* cell, const RecurCall* call) {
  const int64_t bad = check(cell, call);
  if (bad != RECUR_OK) return bad;
  if (call->B < 1 || cell->state_count > 64 || cell->noise_count > 64) {
    return refuse("a stream has one row or more, and at most 64 states and noises");
  }
  if (call->ids != nullptr) return refuse("a stream reads its inputs");
  for (int32_t n = 0; n < cell->noise_count; ++n) {
    if (call->noises == nullptr || call->noises[n] == nullptr) return refuse("a noise is missing");
    if (call->noise_time[n] != 0 || call->noise_row[n] != 0) {
      return refuse("a noise of a stream is one vector for all steps and rows");
    }
  }
  return RECUR_OK;
}

int64_t check_readout(const RecurReadout* call) {
  if (call == nullptr || (call->type != 0 && call->type != 1)) return refuse("type is 0 (float) or 1 (double)");
  if (call->N < 0 || call->H < 1 || call->V < 1) return refuse("there are no columns");
  if (!recur::countable(*call)) return refuse("the arrays of these rows and columns are larger than any memory");
  if (call->N > 0 && (call->h == nullptr || call->weight == nullptr || call->target == nullptr)) {
    return refuse("no hidden states, no matrix or no targets");
  }
  return RECUR_OK;
}

template <class Body>
int64_t with_stream(void* stream, const Body& body) noexcept {
  return guarded([&] {
    if (stream == nullptr) return refuse("no stream");
    body(*static_cast<recur::AnyStream*>(stream));
    return int64_t{RECUR_OK};
  });
}

}  // namespace

#define RECUR_EXPORT __attribute__((visibility("default")))

extern "C" {

RECUR_EXPORT const char* recur_message(void) { return recur::message(); }

RECUR_EXPORT void recur_release(void* memory) {
  guarded([&] {
    recur::MemoryPool::instance().release(memory);
    return int64_t{RECUR_OK};
  });
}

RECUR_EXPORT void recur_trim(void) {
  guarded([] {
    recur::MemoryPool::instance().trim();
    return int64_t{RECUR_OK};
  });
}

RECUR_EXPORT void* recur_acquire(int64_t bytes) {
  void* memory = nullptr;
  guarded([&] {
    if (bytes >= 0) memory = recur::MemoryPool::instance().acquire(static_cast<size_t>(bytes));
    return int64_t{memory == nullptr ? RECUR_NO_MEMORY : RECUR_OK};
  });
  return memory;
}

RECUR_EXPORT int64_t recur_python_interrupted(void) {
  return guarded([] { return recur::python_interrupted(); });
}

RECUR_EXPORT const char* recur_whole_kernel(void) { return recur::whole_kernels().name; }

RECUR_EXPORT int64_t recur_abi(void) { return RECUR_ABI; }

RECUR_EXPORT int64_t recur_vector_bytes(void) { return RECUR_VECTOR_BYTES; }

RECUR_EXPORT int64_t recur_forward(const RecurCell* cell, RecurCall* call) {
  const bool training = call != nullptr && call->training != 0;
  if (training) call->tape = nullptr;
  const int64_t status = guarded([&] {
    const int64_t bad = check(cell, call);
    if (bad != RECUR_OK) return bad;
    return with_precision<true>(*call, [&](auto precision) { return forward<decltype(precision)>(*cell, *call); });
  });
  if (status != RECUR_OK && training) {
    recur_release(call->tape);
    call->tape = nullptr;
  }
  return status;
}

RECUR_EXPORT int64_t recur_backward(const RecurCell* cell, RecurCall* call) {
  return guarded([&] {
    const int64_t bad = check(cell, call);
    if (bad != RECUR_OK) return bad;
    if (call->precision == 2) return refuse("precision 2 has no gradient");
    if (call->tape == nullptr) return refuse("no tape: the forward pass was not run for training");
    const int64_t status =
        with_precision<false>(*call, [&](auto precision) { return backward<decltype(precision)>(*cell, *call); });
    return status == RECUR_BAD_CALL ? refuse("the tape was written by another call") : status;
  });
}

RECUR_EXPORT void* recur_freeze(const RecurCell* cell, const RecurCall* call) {
  std::unique_ptr<recur::FrozenWeights> frozen;
  const int64_t status = guarded([&] {
    const int64_t bad = check_freeze(cell, call);
    if (bad != RECUR_OK) return bad;
    return with_precision<true>(*call, [&](auto precision) {
      RecurCall bare = *call;
      bare.T = bare.B = bare.training = 0;
      bare.lengths = bare.offsets = nullptr;
      bare.resets = nullptr;
      bare.frozen = nullptr;
      const recur::MatrixSnapshot snapshot(*cell, bare);
      bare.matrices = snapshot.matrices();
      auto made = std::make_unique<recur::FrozenWeights>(*cell, bare);
      recur::Forward<decltype(precision)> pass(*cell, bare);
      const int64_t packed = pass.freeze(*made);
      if (packed == RECUR_OK) frozen = std::move(made);
      return packed;
    });
  });
  return status == RECUR_OK ? frozen.release() : nullptr;
}

RECUR_EXPORT int64_t recur_frozen_uses(const void* frozen) {
  return frozen == nullptr ? 0 : static_cast<const recur::FrozenWeights*>(frozen)->uses();
}

RECUR_EXPORT void recur_thaw(void* frozen) {
  guarded([&] {
    if (frozen != nullptr) static_cast<const recur::FrozenWeights*>(frozen)->release();
    return int64_t{RECUR_OK};
  });
}

RECUR_EXPORT void* recur_stream_open(const RecurCell* cell, const RecurCall* call) {
  std::unique_ptr<recur::AnyStream> opened;
  const int64_t status = guarded([&] {
    const int64_t bad = check_stream(cell, call);
    if (bad != RECUR_OK) return bad;
    return with_precision<true>(*call, [&](auto precision) {
      auto stream = std::make_unique<recur::Stream<decltype(precision)>>(*cell, *call);
      const int64_t open = stream->open();
      opened = std::move(stream);
      return open;
    });
  });
  return status == RECUR_OK ? opened.release() : nullptr;
}

RECUR_EXPORT int64_t recur_stream_get(void* stream, void* const* states) {
  return with_stream(stream, [&](recur::AnyStream& one) { one.get(states); });
}

RECUR_EXPORT int64_t recur_stream_set(void* stream, const void* const* states) {
  return with_stream(stream, [&](recur::AnyStream& one) { one.set(states); });
}

RECUR_EXPORT void recur_stream_close(void* stream) {
  guarded([&] {
    delete static_cast<recur::AnyStream*>(stream);
    return int64_t{RECUR_OK};
  });
}

RECUR_EXPORT void* recur_stack_open(void* const* streams, int64_t count, int64_t residual, int64_t threads) {
  std::unique_ptr<recur::StreamStack> opened;
  const int64_t status = guarded([&] {
    if (streams == nullptr || count < 1) return refuse("a stack has one stream or more");
    for (int64_t n = 0; n < count; ++n) {
      if (streams[n] == nullptr) return refuse("no stream");
    }
    opened = std::make_unique<recur::StreamStack>(reinterpret_cast<recur::AnyStream* const*>(streams), count,
                                                  residual != 0, threads);
    return opened->fits() ? int64_t{RECUR_OK} : refuse("the streams of a stack have other types, rows or widths");
  });
  return status == RECUR_OK ? opened.release() : nullptr;
}

RECUR_EXPORT int64_t recur_stack_run(void* stack, const void* x, void* y, int64_t steps) {
  return guarded([&] {
    if (stack == nullptr) return refuse("no stack");
    if (steps < 0 || (steps > 0 && y == nullptr)) return refuse("negative steps, or no memory for the outputs");
    static_cast<recur::StreamStack*>(stack)->run(x, y, steps);
    return int64_t{RECUR_OK};
  });
}

RECUR_EXPORT void recur_stack_close(void* stack) {
  guarded([&] {
    delete static_cast<recur::StreamStack*>(stack);
    return int64_t{RECUR_OK};
  });
}

RECUR_EXPORT void* recur_python_step(void* stack) { return recur::python_step(stack); }

RECUR_EXPORT void* recur_python_forward(const RecurPrepared* prepared) { return recur::python_forward(prepared); }

RECUR_EXPORT int64_t recur_readout(RecurReadout* call) {
  return guarded([&] {
    const int64_t bad = check_readout(call);
    if (bad != RECUR_OK) return bad;
    const int64_t status = call->type == 1 ? recur::Readout<double>(*call).run() : recur::Readout<float>(*call).run();
    return status == RECUR_BAD_CALL ? refuse("a target is not a class") : status;
  });
}

// It neither allocates nor calls what throws, so it needs no guard; it runs in every call
RECUR_EXPORT int64_t recur_tensor_addresses(const RecurTensorQuery* query) {
  if (query == nullptr || query->torch == nullptr) return 0;
  const recur::TensorReader one{*query->torch, *query};
  for (int64_t n = 0; n < query->count; ++n) {
    void* address = nullptr;
    if (query->tensors[n] != nullptr && !one.at(n, address)) return n;
    query->tensors[n] = address;
  }
  return query->count;
}

}  // extern "C"
