"""Tensors in the core's memory pool, which keeps memory between calls and so avoids page faults."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from recur import figures
from recur.engine.native.library import Core
from recur.errors import NotEnoughMemoryError

SHORTER = "fewer rows or steps in one call, with the state carried over; in training also memory_budget='sqrt'"
_HEAD = 128  # bytes of the header of a tape, by which a copy is recognised
WORTH_KEEPING = 128 * 1024  # bytes; below this size the allocator itself keeps memory
_ALL_MEMORY = 2**47  # bytes that a process can address
_ITEM = {torch.float32: 4, torch.float64: 8}


def empty(core: Core, shape: Sequence[int], dtype: torch.dtype) -> Tensor:
    """A tensor with undefined contents."""
    count = math.prod(shape)
    size = count * _ITEM[dtype]
    if size < WORTH_KEEPING:
        return torch.empty(shape, dtype=dtype, device="cpu")
    whole = _rounded(size)
    address = core.acquire(whole) if size < _ALL_MEMORY else 0
    if not address:
        raise NotEnoughMemoryError(
            f"a tensor of shape {tuple(shape)} needs {figures.size(size)}, more memory than there is", hint=SHORTER
        )
    # `data`, because autograd refuses to change a view made inside a Function in place
    return torch.frombuffer(held(core, address, whole), dtype=dtype, count=count).view(shape).data


def _rounded(size: int) -> int:
    """The size of the block that the pool has for a size: `held` keeps a class for each, so they must be few."""
    step = 1 << max(8, (size - 1).bit_length() - 3)
    return (size + step - 1) // step * step


_release: dict[tuple[int, int, bool], type[ctypes.Array[ctypes.c_char]]] = {}
_tapes: set[int] = set()


def _nothing(_address: int) -> None:
    pass


def held(core: Core, address: int, size: int, before: Callable[[int], None] = _nothing) -> ctypes.Array[ctypes.c_char]:
    """Memory of the core as a buffer that releases it when it is no longer used."""
    kind = _release.get((id(core), size, before is _nothing))
    if kind is None:
        # one class per size: an instance with a destructor costs a tenth of a weakref with a callback
        release = core.release

        def give_back(self: Any) -> None:
            address = ctypes.addressof(self)
            before(address)
            release(address)

        kind = type("Held", (ctypes.c_char * size,), {"__del__": give_back})
        _release[(id(core), size, before is _nothing)] = kind
    return kind.from_address(address)


def tape(core: Core, address: int) -> Tensor:
    """A handle of a tape: a tensor without elements whose memory is the tape's, which is released with it."""
    _tapes.add(address)
    return torch.frombuffer(held(core, address, _HEAD, _tapes.discard), dtype=torch.uint8)[:0]


def alive(address: int) -> bool:
    """Whether there is a tape at an address; other contents of a handle are never read."""
    return address in _tapes


def tape_address(handle: Tensor) -> int:
    """The address of a handle's tape; another address if the handle is a copy."""
    return handle.untyped_storage().data_ptr()
