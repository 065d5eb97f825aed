"""A call of the core: the numbers and addresses of ``RecurCall`` (native/recur.h), packed in one go."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

# the members of RecurCall in order; every one has eight bytes
_MEMBERS = (
    "type", "T", "B", "reverse", "training", "threads", "precision", "fill_nan", "sizes", "matrices", "vectors",
    "x", "x_time", "x_row", "offsets", "lengths", "resets", "resets_time", "resets_row", "initial",
    "noises", "noise_time", "noise_row", "series", "series_time", "series_row", "final", "tape",
    "d_series", "d_series_time", "d_series_row", "d_final", "d_x", "d_x_time", "d_x_row", "d_initial",
    "d_matrices", "d_vectors", "accumulate", "norms", "interrupted",
)  # fmt: skip
_PLACE = {name: place for place, name in enumerate(_MEMBERS)}
_TAPE = _PLACE["tape"]


class Arguments:
    """A ``RecurCall``: set members by name, arrays of numbers by ``array``."""

    __slots__ = ("_arrays", "_kept", "_values", "memory")

    def __init__(self) -> None:
        self._values = [0] * len(_MEMBERS)
        self._arrays: list[tuple[int, list[int]]] = []
        self._kept: list[Any] = []
        self.memory: Any = None

    def set(self, **members: int) -> None:
        """Numbers and addresses."""
        for name, value in members.items():
            self._values[_PLACE[name]] = value

    def array(self, name: str, numbers: Sequence[int]) -> None:
        """A member that points to numbers or addresses."""
        self._arrays.append((_PLACE[name], list(numbers)))

    def keep(self, thing: Any) -> None:
        """Hold on to something whose address was given."""
        self._kept.append(thing)

    def address(self) -> int:
        """Lay everything out in memory and return where it is."""
        values = self._values
        count = len(values)
        total = count + sum(len(numbers) for _, numbers in self._arrays)
        memory = (ctypes.c_int64 * max(total, 1))()
        base = ctypes.addressof(memory)
        flat = list(values)
        for place, numbers in self._arrays:
            flat[place] = base + 8 * len(flat) if numbers else 0
            flat += numbers
        memory[:] = flat
        self.memory = memory
        return base

    @property
    def tape(self) -> int:
        """What a forward pass for training has left."""
        return int(self.memory[_TAPE])


def pointer(tensor: Tensor | None) -> int:
    """The address of a tensor's first element, 0 for none."""
    return 0 if tensor is None else tensor.data_ptr()


def inner_contiguous(tensor: Tensor) -> Tensor:
    """The tensor itself where its last axis has stride 1 (or one element), else a copy."""
    return tensor if tensor.shape[-1] <= 1 or tensor.stride(-1) == 1 else tensor.contiguous()


def as_int64(numbers: Tensor) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Whole numbers of a tensor for the core to read."""
    return np.ascontiguousarray(numbers.detach().cpu().numpy(), dtype=np.int64)


def type_of(dtype: torch.dtype) -> int:
    """The core's number of a dtype."""
    return {torch.float32: 0, torch.float64: 1}[dtype]
