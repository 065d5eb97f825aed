// Looks at tensors of torch, to say where their elements are: only of those whose memory may be read as it was
// promised.
//
// Everything is asked of torch's own C interface (torch/csrc/inductor/aoti_torch/c/shim.h), whose functions a caller
// hands over: the core is built without torch. Whatever is not certain is "no": the caller then looks for himself.
#pragma once

#include "limits.h"
#include "recur.h"

namespace recur {

struct Look {
  const RecurTorch& torch;
  const RecurLook& look;

  // The address of an array's first element; false if it is not what was promised
  bool at(int64_t n, void*& address) const {
    const void* tensor = look.tensors + n;  // a handle of torch's is where the address of a tensor stands
    const int64_t* wanted = look.wanted + RECUR_WANTED * n;
    const int64_t axes = wanted[1];
    int32_t device = -1, layout = -1, dtype = -1;
    int64_t dim = -1, offset = -1, held = -1;
    int64_t *sizes = nullptr, *strides = nullptr;
    if (torch.device(tensor, &device) != 0 || device != torch.cpu) return false;
    if (torch.layout(tensor, &layout) != 0 || layout != torch.strided) return false;
    if (torch.dtype(tensor, &dtype) != 0 || dtype != look.dtype) return false;
    if (torch.dim(tensor, &dim) != 0 || dim != axes || axes < 1) return false;
    if (torch.sizes(tensor, &sizes) != 0 || torch.strides(tensor, &strides) != 0) return false;
    if (torch.offset(tensor, &offset) != 0 || offset < 0) return false;
    bool empty = false, contiguous = true;
    Wide last = offset, dense = 1;
    for (int64_t a = axes - 1; a >= 0; --a) {
      const int64_t size = wanted[2 + a] == RECUR_STEPS ? look.T : wanted[2 + a] == RECUR_ROWS ? look.B : wanted[2 + a];
      if (sizes[a] != size || size < 0 || strides[a] < 0) return false;
      empty = empty || size == 0;
      if (size > 1) {
        contiguous = contiguous && strides[a] == dense;
        if (a == axes - 1 && strides[a] != 1) return false;
        last += static_cast<Wide>(size - 1) * strides[a];
      }
      dense *= size;
    }
    if (empty) return false;  // nothing to read, and no address either
    if (wanted[0] == RECUR_CONTIGUOUS && !contiguous) return false;
    if (torch.storage(tensor, &held) != 0 || held < (last + 1) * look.element) return false;
    return torch.address(tensor, &address) == 0 && address != nullptr;
  }
};

}  // namespace recur
