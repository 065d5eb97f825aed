"""Tensor addresses: the checks of all tensors of a call in one C function, at a tenth of their cost in Python.

The core asks torch's C interface for everything that the guard asks in Python, of every tensor in every call. Nothing
that was true once is taken for true again: not a shape, not an address, and not the size of a storage, which can shrink
and come back to the same address. What the interface cannot say is asked here: whether the class has operations of its
own, and whether a tensor is yet to be negated.

Where a tensor is anything but what was promised, where torch has no such interface, and where its handles are not what
they are here, the guard looks at all of them: it refuses with a sentence, or finds that it can be read.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import Parameter

from recur.engine import tensor_checks, torch_state
from recur.engine.native.library import Core
from recur.engine.torch_state import address_of

STEPS, ROWS = -2, -1  # in place of a size: the T and the B of a call
_AXES = 3
_DTYPES = {torch.float32: ("float32", 4), torch.float64: ("float64", 8)}
_FUNCTIONS = ("dim", "sizes", "strides", "storage_offset", "storage_size", "data_ptr", "dtype", "device_type", "layout")

Shape = tuple[int, ...]


class TensorSpecs:
    """What tensors have to be.

    Parameters
    ----------
    shapes : sequence of tuple of int
        Sizes; STEPS and ROWS stand for numbers that a call gives.
    strided : int
        So many of them, the first ones, need no more than an innermost axis that lies side by side.
    """

    __slots__ = ("_memory", "address", "shapes", "strided")

    def __init__(self, shapes: Sequence[Shape], strided: int) -> None:
        self.shapes, self.strided = tuple(shapes), strided
        numbers = []
        for place, shape in enumerate(self.shapes):
            numbers += [int(place < strided), len(shape), *shape, *(0 for _ in range(_AXES - len(shape)))]
        self._memory = array("q", numbers)
        self.address, _ = self._memory.buffer_info()

    def of(self, place: int, steps: int, rows: int) -> Shape:
        """One of the shapes in a call."""
        return tuple({STEPS: steps, ROWS: rows}.get(size, size) for size in self.shapes[place])


def addresses(
    core: Core, tensors: Sequence[Tensor | None], wanted: TensorSpecs, steps: int, rows: int, dtype: torch.dtype
) -> list[int]:
    """Where the elements of tensors are, 0 for none.

    Raises
    ------
    UnfitError
        If one of them is not what it has to be.
    """
    table = _table()
    if len(tensors) != len(wanted.shapes):
        raise tensor_checks.UnfitError(
            f"the native core was given {len(tensors)} tensors, expected {len(wanted.shapes)}"
        )
    numbers = _numbers(tensors) if table else None
    if table and numbers:
        code, element = table.dtypes[dtype]
        handles = array("q", numbers)
        at, count = handles.buffer_info()
        call = array("q", (table.address, count, steps, rows, code, element, wanted.address, at))
        if core.tensor_addresses(call.buffer_info()[0]) == count:
            return handles.tolist()
    found = []
    for place, tensor in enumerate(tensors):
        look = tensor_checks.strided if place < wanted.strided else tensor_checks.contiguous
        found.append(0 if tensor is None else look(tensor, wanted.of(place, steps, rows), dtype))
    return found


def _numbers(tensors: Sequence[Tensor | None]) -> list[int] | None:
    """Where torch keeps each tensor; None if one has operations of its own, or is yet to be negated."""
    found = []
    for tensor in tensors:
        if tensor is None:
            found.append(0)
            continue
        kind = type(tensor)
        if (kind is not Parameter and kind is not Tensor) or tensor.is_neg():
            return None
        found.append(address_of(tensor))
    return found


class _Table:
    """``RecurTorch`` (native/recur.h) in memory, and torch's number and the bytes of each dtype."""

    def __init__(self, library: ctypes.CDLL) -> None:
        functions = [getattr(library, f"aoti_torch_get_{name}") for name in _FUNCTIONS]
        numbers = [ctypes.cast(function, ctypes.c_void_p).value or 0 for function in functions]
        self._memory = array("q", [*numbers, library.aoti_torch_device_type_cpu(), library.aoti_torch_layout_strided()])
        self.address, _ = self._memory.buffer_info()
        self.dtypes = {
            dtype: (int(getattr(library, f"aoti_torch_dtype_{name}")()), size)
            for dtype, (name, size) in _DTYPES.items()
        }


_found: list[_Table | None] = []


def _table() -> _Table | None:
    """The functions of this torch; None where it lacks one, or where a tensor does not say what its handle is."""
    if not _found:
        library = torch_state.c_interface()
        try:
            _found.append(None if library is None else _Table(library))
        except AttributeError:
            _found.append(None)
    return _found[0]
