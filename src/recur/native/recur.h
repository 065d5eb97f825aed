/* C interface of the core: a recurrence's inputs and outputs. Plain C, no framework.
 *
 * Callers hold all memory that outlives a call, except the tape, which belongs to the core and is released with
 * recur_release. Terms as in cell.h; T steps, B rows of the batch.
 *
 * A forked process computes on the thread that calls, whatever `threads` says: OpenMP's threads do not survive a fork.
 * It may be forked while other threads compute.
 */
#ifndef RECUR_H
#define RECUR_H

#include "cell.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One recurrence over one batch. Elements are float (type 0) or double (type 1); the innermost axis of every array has
 * stride 1, other strides are given in elements. No array may overlap another that is written. Null where absent. */
typedef struct {
  /* what to compute */
  int64_t type, T, B, reverse, training, threads, precision, fill_nan;
  const int64_t* sizes;
  const void *const *matrices, *const *vectors; /* contiguous; a vector may be null: zeros */
  /* inputs: (T, B, X) by strides; or packed: row offsets[t] + b, where offsets has T + 1 entries */
  const void* x;
  int64_t x_time, x_row;
  const int64_t* offsets;
  const int64_t* lengths; /* (B,) or null: all T */
  const uint8_t* resets;  /* (T, B) by strides, or null */
  int64_t resets_time, resets_row;
  const void* const* initial; /* by state (B, S), contiguous; an entry may be null: zeros */
  /* noises: by noise; strides of step and row, 0 for what is the same for all */
  const void* const* noises;
  const int64_t *noise_time, *noise_row;
  /* outputs */
  void* const* series; /* by state: (T, B, S), or packed; entries may be null. series[0] is the layer's output */
  const int64_t *series_time, *series_row;
  void* const* final; /* by state (B, S), contiguous; entries may be null */
  void* tape;         /* set by recur_forward if training; given to recur_backward; see recur_release */
  /* backward only */
  const void* const* d_series; /* by state, strides as below; entries may be null */
  const int64_t *d_series_time, *d_series_row;
  const void* const* d_final; /* by state (B, S), contiguous */
  void* d_x;
  int64_t d_x_time, d_x_row;
  void* const* d_initial;  /* by state (B, S), contiguous */
  void* const* d_matrices; /* contiguous; entries may be null */
  void* const* d_vectors;
  int64_t accumulate;           /* add to d_matrices and d_vectors instead of setting them */
  double* norms;                /* (states, T): sum over rows of squares of dE/dstate_t, or null */
  int64_t (*interrupted)(void); /* polled; nonzero: stop and return RECUR_INTERRUPTED. May be null */
  int64_t scanned;              /* added to: calls of the first thread's kernel for many steps, see RecurCell */
  const void* frozen;           /* from recur_freeze: its packed matrices are used; not in training. Or null */
  const void* const* added;     /* contiguous, added to the vectors; entries may be null. Forward only. Or null */
  int64_t add_input;            /* add to d_x instead of setting it */
  /* x_t = row ids[t, b] of a table (table_rows, X): x is the table, x_row elements between its rows, and d_x its
   * gradient. Null where x is given. Not with offsets, frozen or in a stream */
  const int64_t* ids;
  int64_t ids_time, ids_row, table_rows;
} RecurCall;

/* Readout and error of N rows, z = W h + b and e = -log softmax(z)[target], with gradients if there is room for one.
 * Elements and nulls as in RecurCall; arrays are contiguous but for the rows of h. */
typedef struct {
  int64_t type, N, H, V, threads, fill_nan;
  const void* h; /* (N, H), h_row elements between rows */
  int64_t h_row;
  const void *weight, *bias; /* (V, H); (V,) or null */
  const int64_t* target;     /* (N,), 0..V-1, or ignore_index: the row is ignored */
  int64_t ignore_index;
  const void* class_weight; /* (V,) or null */
  double smoothing;
  int64_t mean;          /* divide by the sum of the class weights of the rows that count */
  const void* row_scale; /* (N,): the gradients are those of sum(row_scale e), not of `error`; or null */
  void *error, *errors;  /* one number, the sum or mean; (N,), 0 for rows that do not count */
  void *d_h, *d_weight, *d_bias;
  int64_t (*interrupted)(void); /* as in RecurCall */
} RecurReadout;

/* Functions of torch's C interface (aoti_torch_get_dim and so on). Each takes a handle, writes its result, and
 * returns 0. */
typedef struct {
  int32_t (*dim)(const void*, int64_t*);
  int32_t (*sizes)(const void*, int64_t**);
  int32_t (*strides)(const void*, int64_t**);
  int32_t (*offset)(const void*, int64_t*);  /* in elements */
  int32_t (*storage)(const void*, int64_t*); /* in bytes */
  int32_t (*address)(const void*, void**);
  int32_t (*dtype)(const void*, int32_t*);
  int32_t (*device)(const void*, int32_t*);
  int32_t (*layout)(const void*, int32_t*);
  int64_t cpu, strided; /* torch's numbers for that device and that layout */
} RecurTorch;

/* Tensors of torch, and their specifications: `specs` is RECUR_SPEC_SIZE numbers for each, its kind, its axes, and
 * their sizes. */
typedef struct {
  const RecurTorch* torch;
  int64_t count, T, B, dtype, element; /* torch's number of the dtype, and the bytes of an element */
  const int64_t* specs;
  void** tensors; /* the address of each in torch, null for none; replaced by the address of its first element */
} RecurTensorQuery;

/* A forward pass without gradients whose tensors alone differ from call to call: dense, time-major or batch-first. */
typedef struct {
  const RecurCell* cell;
  const RecurTorch* torch;
  int64_t type, precision, dtype, element; /* as in RecurCall and RecurTensorQuery */
  const int64_t* sizes;
  const int64_t* specs; /* of x, initial states, matrices and vectors */
  int64_t (*interrupted)(void);
} RecurPrepared;

enum {
  RECUR_SPEC_SIZE = 5,
  RECUR_CONTIGUOUS = 0,
  RECUR_INNER = 1 /* only the last axis */,
  RECUR_STEPS = -2,
  RECUR_ROWS = -1
};

enum { RECUR_OK = 0, RECUR_BAD_CALL = 1, RECUR_NO_MEMORY = 2, RECUR_INTERRUPTED = 3, RECUR_STALE = 4, RECUR_UNFIT = 5 };

/* The core exports these functions. No exception leaves them: where memory runs out they return RECUR_NO_MEMORY (or
 * null), and sizes whose arrays no memory could hold are refused before anything is allocated. */
int64_t recur_forward(const RecurCell* cell, RecurCall* call);
int64_t recur_backward(const RecurCell* cell, RecurCall* call);
void recur_release(void* tape);
/* The packed matrices of a recurrence in read-only memory, for calls with the same cell, type, precision and sizes; of
 * the call it takes these and matrices. Calls of several threads and of forked processes may use them at the same time.
 * A call that would use them and whose matrices hold other numbers computes nothing and returns RECUR_STALE; one with
 * few rows in all its steps reads the matrices themselves. Null if there is no memory. */
void* recur_freeze(const RecurCell* cell, const RecurCall* call);
int64_t recur_frozen_uses(const void* frozen); /* calls that have used them, and streams that were opened with them */
void recur_thaw(void* frozen);                 /* no longer needed, but by streams that are open */
/* A stream: a recurrence step by step, its weights packed and its states kept inside. Of the call it takes type, B,
 * threads, precision, sizes, matrices, vectors, noises (one vector each for all steps and rows), initial and frozen;
 * all may go when it is open. Null if it cannot be opened. */
void* recur_stream_open(const RecurCell* cell, const RecurCall* call);
int64_t recur_stream_get(void* stream, void* const* states); /* by state (B, S) */
int64_t recur_stream_set(void* stream, const void* const* states);
void recur_stream_close(void* stream);
/* Streams of which each reads the output of the one before it, in the same steps; `residual` adds the input of a stream
 * to its output where both have the same width. The streams must outlive the stack. After a pause the first step runs
 * on one thread, since waking the others takes longer. Null if the streams do not fit. */
void* recur_stack_open(void* const* streams, int64_t count, int64_t residual, int64_t threads);
int64_t recur_stack_run(void* stack, const void* x, void* y, int64_t steps); /* (steps, B, X) to (steps, B, S) */
void recur_stack_close(void* stack);
/* A new Python function f(x, y): one step from the memory of x to that of y, True; or False where they are not buffers
 * of the shape and type of the step. The stack must outlive it. Null outside of CPython. Called with the GIL. */
void* recur_python_step(void* stack);
/* A new Python function f(threads, fill_nan, frozen, tensors...) of integers that returns a status. The tensors are
 * numbers of torch's tensor objects, 0 for none: x, initial states, matrices, vectors, what is added to them; then new
 * ones, the series of the first state and all final states. RECUR_UNFIT where one does not meet its specification:
 * nothing was computed. The call must outlive it. Null outside of CPython. Called with the GIL. */
void* recur_python_forward(const RecurPrepared* prepared);
int64_t recur_readout(RecurReadout* call);
/* The number of tensors that meet their specifications, up to the first that may not. Their memory is not read. */
int64_t recur_tensor_addresses(const RecurTensorQuery* query);
int64_t recur_python_interrupted(void); /* for `interrupted`, in a Python process: whether a signal handler raised */
const char* recur_message(void);        /* what was wrong with this thread's last call */
int64_t recur_abi(void);                /* of the cells that it runs: see cell.h */
int64_t recur_vector_bytes(void);
const char* recur_whole_kernel(void); /* the instructions that multiply numbers of 8 bits: precision 2 */
void* recur_acquire(int64_t bytes);   /* memory of the kind that tapes are made of; null if there is none */
void recur_trim(void);                /* give memory that is kept for later calls back to the system */

#ifdef __cplusplus
}
#endif

#endif
