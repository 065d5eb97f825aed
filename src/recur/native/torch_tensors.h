// Torch tensors: the addresses of their elements, for tensors that have the shape, dtype and memory that a call
// expects.
//
// Everything is read through torch's own C interface (torch/csrc/inductor/aoti_torch/c/shim.h), whose functions a
// caller passes in: the core is built without torch. Whatever is not certain is refused: the caller then checks by
// itself.
#pragma once

#include "recur.h"
#include "size_limits.h"

namespace recur {

struct TensorReader {
  const RecurTorch& torch;
  const RecurTensorQuery& query;

  // The address of the first element of tensor n; false if it does not meet its specification
  bool at(int64_t n, void*& address) const {
    const void* tensor =
        query.tensors + n;  // a handle of torch is the address of a word that holds the address of the tensor object
    const int64_t* spec = query.specs + RECUR_SPEC_SIZE * n;
    const int64_t axes = spec[1];
    int32_t device = -1, layout = -1, dtype = -1;
    int64_t dim = -1, offset = -1, held = -1;
    int64_t *sizes = nullptr, *strides = nullptr;
    if (torch.device(tensor, &device) != 0 || device != torch.cpu) return false;
    if (torch.layout(tensor, &layout) != 0 || layout != torch.strided) return false;
    if (torch.dtype(tensor, &dtype) != 0 || dtype != query.dtype) return false;
    if (torch.dim(tensor, &dim) != 0 || dim != axes || axes < 1) return false;
    if (torch.sizes(tensor, &sizes) != 0 || torch.strides(tensor, &strides) != 0) return false;
    if (torch.offset(tensor, &offset) != 0 || offset < 0) return false;
    bool empty = false, contiguous = true;
    Wide last = offset, dense = 1;
    for (int64_t a = axes - 1; a >= 0; --a) {
      const int64_t size = spec[2 + a] == RECUR_STEPS ? query.T : spec[2 + a] == RECUR_ROWS ? query.B : spec[2 + a];
      if (sizes[a] != size || size < 0 || strides[a] < 0) return false;
      empty = empty || size == 0;
      if (size > 1) {
        contiguous = contiguous && strides[a] == dense;
        if (a == axes - 1 && strides[a] != 1) return false;
        last += static_cast<Wide>(size - 1) * strides[a];
      }
      dense *= size;
    }
    if (empty) return false;  // there is nothing to read, and no address
    if (spec[0] == RECUR_CONTIGUOUS && !contiguous) return false;
    if (torch.storage(tensor, &held) != 0 || held < (last + 1) * query.element) return false;
    return torch.address(tensor, &address) == 0 && address != nullptr;
  }
};

}  // namespace recur
