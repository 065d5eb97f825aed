// Tape header: identifies the forward pass that wrote a tape.
#pragma once

#include "recur.h"

namespace recur {

// The header of a tape, by which a backward pass with another shape or cell is refused
struct alignas(128) TapeHead {
  const RecurCell* cell;
  const void* self;  // a copy of the head is not the tape
  int64_t type, rows, total, precision, reverse;
  uint64_t sizes;  // a hash of them

  bool operator==(const TapeHead& o) const {
    return cell == o.cell && self == o.self && type == o.type && rows == o.rows && total == o.total &&
           precision == o.precision && reverse == o.reverse && sizes == o.sizes;
  }
};

}  // namespace recur
