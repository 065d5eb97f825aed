/* C interface of a compiled cell: the contract with the core that runs it. Plain C, no framework.
 *
 * A cell is a shared library that exports `recur_cell`, a description of one time step: its matrix products, its
 * element-wise passes over the units ("kernels"), their order, and what is stored.
 *
 * Terms. A piece is a part of a vector over which element-wise operations run; a column is a piece of all rows.
 * `int32_t` members called ..._size, row, column and start are indices into a table of numbers (`sizes`) that the
 * caller computes from the layer's sizes, in the order of the cell's `size_texts`.
 */
#ifndef RECUR_CELL_H
#define RECUR_CELL_H

#include <stdint.h>

/* The build sets it to a hash of this file, so that a cell and a core of different contracts refuse each other. */
#ifndef RECUR_ABI
#define RECUR_ABI 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The memory of a piece; the index beside it counts pieces of that kind. */
enum {
  RECUR_TAPE = 0,       /* every step: what the backward pass reads */
  RECUR_SCRATCH = 1,    /* this step only */
  RECUR_DERIVATIVE = 2, /* every step: dE/dz of products */
  RECUR_STATE = 3,      /* states before the step */
  RECUR_FRESH = 4,      /* states after the step */
  RECUR_INPUT = 5       /* the caller's x */
};

/* The argument of a kernel: the memory of one time step, for the rows of one thread. Row i of a memory called m begins
 * at m + i * m_stride; a column of it at m_columns[k] from there. Everything is aligned to elements only. Pieces are
 * padded to whole vectors, and kernels may read and write the padding. */
typedef struct {
  void* tape;
  int64_t tape_stride;
  const int64_t* tape_columns;
  void* scratch;
  int64_t scratch_stride;
  const int64_t* scratch_columns;
  void* derivative;
  int64_t derivative_stride;
  const int64_t* derivative_columns;
  void* const* state; /* by piece of a state */
  void* const* fresh;
  void* const* carry;
  void* const* handed;
  int64_t state_stride; /* of state and fresh */
  int64_t carry_stride; /* of carry and handed */
  void* const* noise;   /* by piece of a noise */
  const int64_t* noise_stride;
  void* input; /* a padded copy of x, where the step uses x element by element */
  int64_t input_stride;
  const int64_t* input_columns;
  const void* const* parameter; /* by piece of a vector parameter, padded with zeros */
  void* const* accumulated;     /* by piece of a vector's gradient: sums over rows and steps, added to */
  const void* total;            /* row i, total k at total + i * totals + k */
  void* partial;                /* row i, total k: one vector at partial + (i * totals + k) * lanes */
  int64_t totals;
  void* product; /* row i - first_row, slot n: units of the panel, at product + row * product_stride + n * panel */
  int64_t product_stride;
  const int64_t* sizes;
} RecurFrame;

/* One pass over units first_unit..last_unit (whole vectors, but for the end of a piece) of rows first_row..last_row. */
typedef void (*RecurKernel)(const RecurFrame* frame, int64_t first_row, int64_t last_row, int64_t first_unit,
                            int64_t last_unit);

/* W[row : row + rows, column : column + columns], or of W^T if transposed. */
typedef struct {
  int32_t matrix, transposed, row, rows_size, column, columns_size;
} RecurBlock;

typedef struct {
  int32_t place, index, columns_size, start; /* start: of RECUR_INPUT, the first element of x */
} RecurOperand;

/* A product with a matrix that each row of the batch has of its own, row after row: column `to` of the scratch memory
 * gets C[row :, column :] v, or that of C^T if transposed, for the units of the stage. With heads there are so many
 * matrices, one after the other, each of which multiplies its part of the vector; -1 where there are none. */
typedef struct {
  RecurOperand matrix, vector;
  int32_t transposed, row, column, matrix_columns_size, heads_size, to;
} RecurContraction;

/* Products that read the same operands: product n = sum over operands m of blocks[n * operand_count + m]. */
typedef struct {
  int32_t product_count, operand_count, slot;
  const RecurOperand* operands;
  const RecurBlock* blocks;
} RecurGroup;

typedef struct {
  int32_t units_size;    /* the units of its pieces */
  int32_t slots;         /* products in all groups */
  int32_t panel_vectors; /* vectors of units per panel: the width of a slot */
  int32_t group_count;
  const RecurGroup* groups;
  int32_t waits;             /* a barrier follows it where threads divide the units */
  int32_t passes_carry_only; /* step 0 skips it unless dE/d(initial states) is needed */
  int32_t partial_count;     /* totals to which it contributes */
  const int32_t* partials;
  int32_t total_count; /* totals that it is the first stage to read */
  const int32_t* totals;
  int32_t fresh_count; /* pieces of states that it completes */
  const int32_t* fresh;
  int32_t operand_count; /* columns it writes that products of the loop read */
  const RecurOperand* written;
  int32_t contraction_count; /* computed before its kernel */
  const RecurContraction* contractions;
  RecurKernel kernel[2]; /* for float and for double */
} RecurStage;

typedef struct {
  int32_t stage_count;
  const RecurStage* stages;
  int32_t totals;
  const int32_t* largest; /* of each total: 1 where it is the largest element, 0 where it is the sum */
  int32_t scratch_count;
  const int32_t* scratch_sizes;
} RecurProgram;

typedef struct {
  int32_t owner, start, size;
} RecurPart;

/* A product with the input, for all steps at once, into a column of the tape. */
typedef struct {
  int32_t column, size, operand_count;
  const RecurOperand* operands;
  const RecurBlock* blocks;
} RecurHoisted;

/* A share of a matrix's gradient: dE/dW[block] += derivative^T operand, over all rows and steps. */
typedef struct {
  RecurBlock block;
  int32_t derivative;
  RecurOperand operand;
} RecurShare;

/* dE/dx[start : start + size] = sum over n of blocks[n]^T derivative[n], plus the column `rest` unless it is -1. */
typedef struct {
  int32_t start, size, block_count;
  const RecurBlock* blocks;
  const int32_t* derivatives;
  int32_t rest;
} RecurInputPart;

typedef struct {
  int32_t abi, vector_bytes;
  /* 1: every program is one stage that is element-wise, without products, totals and scratch, so that one call of its
   * kernel runs many steps, of which each reads the states that the one before it has written. The kernel of the
   * backward pass then adds to `handed`, which holds dE/dstate from outside. */
  int32_t scanned;
  const char* name;
  int32_t size_count;
  const char* const* size_texts;
  int32_t matrix_count, vector_count, state_count, noise_count;
  const int32_t *matrix_rows, *matrix_columns; /* sizes */
  const int32_t* state_sizes;
  const int32_t* vector_sizes;
  const int32_t* noise_sizes;
  const int32_t* matrix_shared; /* by matrix: whether shares of its gradient overlap or leave a part out */
  int32_t input_size;
  int32_t state_part_count, vector_part_count, noise_part_count, input_part_count, sum_part_count;
  const RecurPart *state_parts, *vector_parts, *noise_parts, *input_parts, *sum_parts;
  int32_t reads_input;      /* whether a kernel uses x element by element */
  int32_t hoisted_operands; /* whether products inside the loop read products with the input */
  int32_t hoisted_count;
  const RecurHoisted* hoisted;
  RecurProgram forward, training, backward;
  int32_t forward_tape_count, tape_count, derivative_count;
  const int32_t *forward_tape_sizes, *tape_sizes, *derivative_sizes;
  int32_t share_count;
  const RecurShare* shares;
  int32_t input_gradient_count;
  const RecurInputPart* input_gradients;
} RecurCell;

/* A cell exports:  const RecurCell* recur_cell(void);  */

#ifdef __cplusplus
}
#endif

#endif
