// The core's functions: checks what it was given, and runs it with the numbers and the precision that were asked for.
#include <pthread.h>

#include <cstdio>

#include "backward.h"
#include "readout.h"
#include "signals.h"
#include "stream.h"
#include "tensors.h"

namespace {

thread_local char message[256] = "";

int64_t refuse(const char* what) {
  std::snprintf(message, sizeof message, "%s", what);
  return RECUR_BAD_CALL;
}

int64_t check(const RecurCell* cell, const RecurCall* call) {
  if (cell == nullptr || call == nullptr) return refuse("no cell or no call");
  if (cell->abi != RECUR_ABI) return refuse("the cell was compiled for another version of the core");
  if (cell->vector_bytes != RECUR_VECTOR_BYTES) return refuse("the cell was compiled for another instruction set");
  if (call->type != 0 && call->type != 1) return refuse("type is 0 (float) or 1 (double)");
  if (call->precision != 0 && (call->precision != 1 || call->type != 0)) return refuse("precision 1 is for floats only");
  if (call->T < 0 || call->B < 0) return refuse("negative steps or rows");
  if (call->sizes == nullptr) return refuse("no sizes");
  for (int32_t n = 0; n < cell->size_count; ++n) {
    if (call->sizes[n] < 0) return refuse("a negative size");
  }
  if (call->T > 0 && call->B > 0 && call->x == nullptr && call->sizes[cell->input_size] > 0) return refuse("no inputs");
  for (int32_t m = 0; m < cell->matrix_count; ++m) {
    if (call->matrices == nullptr || call->matrices[m] == nullptr) return refuse("a matrix is missing");
  }
  if (cell->vector_count > 0 && call->vectors == nullptr) return refuse("no vectors");
  for (int32_t n = 0; n < cell->noise_count; ++n) {
    if (call->T > 0 && call->B > 0 && (call->noises == nullptr || call->noises[n] == nullptr)) return refuse("a noise is missing");
  }
  if (call->lengths != nullptr) {
    for (int64_t b = 0; b < call->B; ++b) {
      if (call->lengths[b] < 0 || call->lengths[b] > call->T) return refuse("a length is not from 0 to T");
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

// A fork takes over the pool as it is between two calls of it, and none of the other threads
struct Forks {
  Forks() {
    pthread_atfork([] { recur::Pool::instance().hold(); }, [] { recur::Pool::instance().let_go(); },
                   [] {
                     recur::Pool::instance().let_go();
                     recur::forked().store(true, std::memory_order_relaxed);
                   });
  }
} forks;

int64_t say(int64_t status) {
  if (status == RECUR_NO_MEMORY) std::snprintf(message, sizeof message, "not enough memory");
  if (status == RECUR_INTERRUPTED) std::snprintf(message, sizeof message, "interrupted");
  return status;
}

}  // namespace

extern "C" {

__attribute__((visibility("default"))) const char* recur_message(void) { return message; }

__attribute__((visibility("default"))) void recur_release(void* memory) { recur::Pool::instance().release(memory); }

__attribute__((visibility("default"))) void recur_trim(void) { recur::Pool::instance().trim(); }

__attribute__((visibility("default"))) void* recur_acquire(int64_t bytes) {
  return bytes < 0 ? nullptr : recur::Pool::instance().acquire(static_cast<size_t>(bytes));
}

__attribute__((visibility("default"))) int64_t recur_python_interrupted(void) { return recur::python_interrupted(); }

__attribute__((visibility("default"))) int64_t recur_abi(void) { return RECUR_ABI; }

__attribute__((visibility("default"))) int64_t recur_vector_bytes(void) { return RECUR_VECTOR_BYTES; }

__attribute__((visibility("default"))) int64_t recur_forward(const RecurCell* cell, RecurCall* call) {
  const int64_t bad = check(cell, call);
  if (bad != RECUR_OK) return bad;
  if (call->type == 1) return say(forward<recur::Plain<double>>(*cell, *call));
  if (call->precision == 1) return say(forward<Half>(*cell, *call));
  return say(forward<recur::Plain<float>>(*cell, *call));
}

__attribute__((visibility("default"))) int64_t recur_backward(const RecurCell* cell, RecurCall* call) {
  const int64_t bad = check(cell, call);
  if (bad != RECUR_OK) return bad;
  if (call->tape == nullptr) return refuse("no tape: the forward pass was not run for training");
  int64_t status;
  if (call->type == 1) {
    status = backward<recur::Plain<double>>(*cell, *call);
  } else if (call->precision == 1) {
    status = backward<Half>(*cell, *call);
  } else {
    status = backward<recur::Plain<float>>(*cell, *call);
  }
  if (status == RECUR_BAD_CALL) return refuse("the tape was written by another call");
  return say(status);
}

__attribute__((visibility("default"))) void* recur_stream_open(const RecurCell* cell, const RecurCall* call) {
  if (check(cell, call) != RECUR_OK) return nullptr;
  if (call->B < 1 || cell->state_count > 64 || cell->noise_count > 64) {
    refuse("a stream has one row or more, and at most 64 states and noises");
    return nullptr;
  }
  for (int32_t n = 0; n < cell->noise_count; ++n) {
    if (call->noises == nullptr || call->noises[n] == nullptr) {
      refuse("a noise is missing");
      return nullptr;
    }
    if (call->noise_time[n] != 0 || call->noise_row[n] != 0) {
      refuse("a noise of a stream is one vector for all steps and rows");
      return nullptr;
    }
  }
  auto open = [](auto* stream) -> recur::AnyStream* {
    if (say(stream->open()) == RECUR_OK) return stream;
    delete stream;
    return nullptr;
  };
  if (call->type == 1) return open(new recur::Stream<recur::Plain<double>>(*cell, *call));
  if (call->precision == 1) return open(new recur::Stream<Half>(*cell, *call));
  return open(new recur::Stream<recur::Plain<float>>(*cell, *call));
}

__attribute__((visibility("default"))) void recur_stream_step(void* stream, const void* x, void* y, int64_t threads) {
  static_cast<recur::AnyStream*>(stream)->step(x, y, threads);
}

__attribute__((visibility("default"))) void recur_stream_get(void* stream, void* const* states) {
  static_cast<recur::AnyStream*>(stream)->get(states);
}

__attribute__((visibility("default"))) void recur_stream_set(void* stream, const void* const* states) {
  static_cast<recur::AnyStream*>(stream)->set(states);
}

__attribute__((visibility("default"))) void recur_stream_close(void* stream) {
  delete static_cast<recur::AnyStream*>(stream);
}

__attribute__((visibility("default"))) int64_t recur_readout(RecurReadout* call) {
  if (call == nullptr || (call->type != 0 && call->type != 1)) return refuse("type is 0 (float) or 1 (double)");
  if (call->N < 0 || call->H < 1 || call->V < 1) return refuse("there are no columns");
  const int64_t status = call->type == 1 ? recur::Readout<double>(*call).run() : recur::Readout<float>(*call).run();
  return status == RECUR_BAD_CALL ? refuse("a target is no class") : say(status);
}

__attribute__((visibility("default"))) int64_t recur_look(const RecurLook* look) {
  const recur::Look one{*look->torch, *look};
  for (int64_t n = 0; n < look->count; ++n) {
    void* address = nullptr;
    if (look->tensors[n] != nullptr && !one.at(n, address)) return n;
    look->tensors[n] = address;
  }
  return look->count;
}

}  // extern "C"
