// Size limits: sizes whose arrays no memory could hold, refused before any of them is computed in 64 bits.
#pragma once

#include "memory_layout.h"
#include "recur.h"
#include "team.h"

namespace recur {

__extension__ typedef __int128 Wide;  // in which no product of sizes and strides overflows

// Far below the largest int64_t, so that sums of several such numbers fit
constexpr Wide kMostBytes = Wide{1} << 58;

inline bool fits(Wide bytes) { return bytes >= 0 && bytes < kMostBytes; }

// The bytes of one row of columns of whole vectors, with the padding between rows
inline Wide row_bytes(const int32_t* which, int64_t count, const int64_t* sizes) {
  Wide bytes = 2 * kPad + RECUR_VECTOR_BYTES;
  for (int64_t k = 0; k < count; ++k) bytes += Wide{sizes[which[k]]} * 8 + RECUR_VECTOR_BYTES;
  return bytes;
}
inline Wide row_bytes(const RecurPart* parts, int64_t count, const int64_t* sizes) {
  Wide bytes = 2 * kPad + RECUR_VECTOR_BYTES;
  for (int64_t k = 0; k < count; ++k) bytes += Wide{sizes[parts[k].size]} * 8 + RECUR_VECTOR_BYTES;
  return bytes;
}

inline Wide program_bytes(const RecurProgram& program, const int64_t* sizes) {
  // every thread has two vectors per row and total
  return row_bytes(program.scratch_sizes, program.scratch_count, sizes) +
         Wide{program.totals} * RECUR_VECTOR_BYTES * 3 * kMostThreads;
}

// Whether the bytes of everything that a recurrence allocates fit in 64 bits. Sizes, T and B are not negative.
inline bool countable(const RecurCell& cell, const RecurCall& call) {
  const int64_t* sizes = call.sizes;
  for (int32_t n = 0; n < cell.size_count; ++n) {
    if (!fits(Wide{sizes[n]} * 8)) return false;
  }
  // states have one slot more than there are steps, and a reset begins another row
  if (!fits(Wide{call.T} * 8) || !fits(Wide{call.B} * 8)) return false;
  const Wide rows = (Wide{call.T} + 2) * (Wide{call.B} + 1);
  if (!fits(rows * 8)) return false;
  Wide row = row_bytes(cell.tape_sizes, cell.tape_count, sizes) +
             row_bytes(cell.forward_tape_sizes, cell.forward_tape_count, sizes) +
             row_bytes(cell.derivative_sizes, cell.derivative_count, sizes) +
             2 * row_bytes(cell.state_parts, cell.state_part_count, sizes) +
             row_bytes(cell.noise_parts, cell.noise_part_count, sizes) +
             row_bytes(cell.input_parts, cell.input_part_count, sizes);
  for (const RecurProgram* program : {&cell.forward, &cell.training, &cell.backward})
    row += program_bytes(*program, sizes);
  if (!fits(row) || !fits(rows * row)) return false;
  // products with the rows of a table, and their gradients
  if (call.ids != nullptr &&
      (call.table_rows < 0 || !fits(Wide{call.table_rows} * 8) || !fits(Wide{call.table_rows} * row)))
    return false;
  // every thread has the states of a run of steps of its own
  const Wide run = 2 * (Wide{call.T} + 2) * row_bytes(cell.state_parts, cell.state_part_count, sizes);
  if (cell.scanned != 0 && !fits(run * kMostThreads * (Wide{call.B} + 1))) return false;
  Wide matrices = 0;
  for (int32_t m = 0; m < cell.matrix_count; ++m) {
    const Wide cells = (Wide{sizes[cell.matrix_rows[m]]} + 64) * (Wide{sizes[cell.matrix_columns[m]]} + 64);
    if (!fits(cells * 8)) return false;
    matrices += cells * 8;
  }
  return fits(matrices * 16);
}

// The same for a readout. N, H and V are not negative.
inline bool countable(const RecurReadout& call) {
  const Wide N = Wide{call.N} + 64, H = Wide{call.H} + 64, V = Wide{call.V} + 1024;
  if (!fits(N * 8) || !fits(H * 8) || !fits(V * 8)) return false;
  return fits(N * H * 8) && fits(N * V * 8) && fits(V * H * 8 * kMostThreads);
}

}  // namespace recur
