"""Tensor addresses: the checks of all tensors of a call in one C function, at a tenth of their cost in Python.

The core reads through torch's C interface everything that ``engine/tensor_checks.py`` reads in Python, for every tensor
in every call. No result is reused: not a shape, not an address, and not the size of a storage, which can shrink and
return to the same address. What the interface does not report is checked here: whether the class has operations of its
own, and whether a tensor is lazily negated.

Where a tensor is not what the call expects, where torch has no such interface, and where its handles have another form,
all tensors are checked in Python: each is refused with a sentence, or its address is returned.
"""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import Parameter

from recur.engine import tensor_checks, torch_state
from recur.engine.native.library import Core
from recur.engine.torch_state import address_of

STEPS, ROWS = -2, -1  # placeholders for the T and the B of a call
_AXES = 3
_DTYPES = {torch.float32: ("float32", 4), torch.float64: ("float64", 8)}
_FUNCTIONS = ("dim", "sizes", "strides", "storage_offset", "storage_size", "data_ptr", "dtype", "device_type", "layout")

Shape = tuple[int, ...]


class TensorSpecs:
    """The required shapes and strides of the tensors of a call.

    Parameters
    ----------
    shapes : sequence of tuple of int
        Sizes; STEPS and ROWS are replaced by the numbers of a call.
    strided : int
        The number of leading tensors of which only the innermost axis has to be contiguous.
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
    core: Core, tensors: Sequence[Tensor | None], specs: TensorSpecs, steps: int, rows: int, dtype: torch.dtype
) -> list[int]:
    """The addresses of the first elements of tensors, 0 for None.

    Raises
    ------
    UnfitError
        If one of them does not have the required form.
    """
    table = interface()
    if len(tensors) != len(specs.shapes):
        raise tensor_checks.UnfitError(
            f"the native core was given {len(tensors)} tensors, expected {len(specs.shapes)}"
        )
    numbers = numbers_of(tensors) if table else None
    if table and numbers:
        code, element = table.dtypes[dtype]
        handles = array("q", numbers)
        at, count = handles.buffer_info()
        call = array("q", (table.address, count, steps, rows, code, element, specs.address, at))
        if core.tensor_addresses(call.buffer_info()[0]) == count:
            return handles.tolist()
    results = []
    for place, tensor in enumerate(tensors):
        look = tensor_checks.strided if place < specs.strided else tensor_checks.contiguous
        results.append(0 if tensor is None else look(tensor, specs.of(place, steps, rows), dtype))
    return results


def numbers_of(tensors: Sequence[Tensor | None]) -> list[int] | None:
    """The address of each tensor object; None if one has operations of its own, or is lazily negated."""
    numbers = []
    for tensor in tensors:
        if tensor is None:
            numbers.append(0)
            continue
        kind = type(tensor)
        if (kind is not Parameter and kind is not Tensor) or tensor.is_neg():
            return None
        numbers.append(address_of(tensor))
    return numbers


def add_numbers(numbers: list[int], own: Mapping[str, object], names: Sequence[str | None]) -> bool:
    """Append the numbers of a layer's parameters to others, as `numbers_of` gives them.

    Parameters
    ----------
    numbers : list of int
        Is extended.
    own : mapping of str to object
        The parameters of the layer.
    names : sequence of str or None
        Which of them; 0 is appended for None.

    Returns
    -------
    bool
        False where one is missing, or is no plain tensor: what was appended is then of no use.
    """
    for name in names:
        if name is None:
            numbers.append(0)
            continue
        tensor = own.get(name)
        kind = type(tensor)
        # the type checker does not learn from `kind` that this is a tensor
        if (kind is not Parameter and kind is not Tensor) or tensor.is_neg():  # type: ignore[attr-defined]
            return False
        numbers.append(address_of(tensor))  # type: ignore[arg-type]
    return True


class Interface:
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


_found: list[Interface | None] = []


def interface() -> Interface | None:
    """The functions of this torch; None where it lacks one, or where the form of its handles is unknown."""
    if not _found:
        library = torch_state.c_interface()
        try:
            _found.append(None if library is None else Interface(library))
        except AttributeError:
            _found.append(None)
    return _found[0]
