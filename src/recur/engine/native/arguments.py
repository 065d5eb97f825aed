"""Arguments of the core's C functions: ``RecurCall`` (native/recur.h) laid out in memory."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur.engine import tensor_checks

# the members of RecurCall in order; every one has eight bytes
MEMBERS = (
    "type", "T", "B", "reverse", "training", "threads", "precision", "fill_nan", "sizes", "matrices", "vectors",
    "x", "x_time", "x_row", "offsets", "lengths", "resets", "resets_time", "resets_row", "initial",
    "noises", "noise_time", "noise_row", "series", "series_time", "series_row", "final", "tape",
    "d_series", "d_series_time", "d_series_row", "d_final", "d_x", "d_x_time", "d_x_row", "d_initial",
    "d_matrices", "d_vectors", "accumulate", "norms", "interrupted", "scanned", "frozen", "added", "add_input",
    "ids", "ids_time", "ids_row", "table_rows",
)  # fmt: skip
_PLACE = {name: place for place, name in enumerate(MEMBERS)}
_COUNT = len(MEMBERS)
_TAPE = _PLACE["tape"]
_SCANNED = _PLACE["scanned"]


class Arguments:
    """A ``RecurCall``: numbers and addresses by name; a list of numbers is passed as the address of an array."""

    __slots__ = ("keepalive", "members", "memory")

    def __init__(self, **members: int | Sequence[int]) -> None:
        self.members = members
        self.keepalive: list[object] = []
        self.memory: array[int] | None = None

    def set(self, **members: int | Sequence[int]) -> None:
        """Add or change members."""
        self.members.update(members)

    def address(self) -> int:
        """Write the structure to memory and return its address."""
        flat: list[int] = [0] * _COUNT
        arrays = []
        place = _PLACE
        for name, value in self.members.items():
            if isinstance(value, int):
                flat[place[name]] = value
            elif value:
                arrays.append((place[name], len(flat)))
                flat += value
        memory = array("q", flat)
        base, _ = memory.buffer_info()
        for at, start in arrays:
            memory[at] = base + 8 * start
        self.memory = memory
        return base

    @property
    def tape(self) -> int:
        """The tape of a forward pass for training."""
        return 0 if self.memory is None else self.memory[_TAPE]

    @property
    def scanned(self) -> int:
        """In how many calls of its kernel the first thread ran all steps; 0 where it ran one step after another."""
        return 0 if self.memory is None else self.memory[_SCANNED]


def pointer(tensor: Tensor | None) -> int:
    """The address of a tensor's first element, 0 for none."""
    return 0 if tensor is None else tensor.data_ptr()


def inner_contiguous(tensor: Tensor) -> Tensor:
    """The tensor itself where its last axis has stride 1 (or one element), else a copy."""
    return tensor if tensor.stride(-1) == 1 or tensor.shape[-1] <= 1 else tensor.contiguous()


def as_int64(numbers: Tensor, count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The ``count`` integers of a tensor, as int64 for the core."""
    tensor_checks.check("lengths", numbers)
    if tuple(numbers.shape) != (count,):
        raise tensor_checks.UnfitError(f"lengths have shape {tuple(numbers.shape)}, expected ({count},)")
    return np.ascontiguousarray(numbers.detach().cpu().numpy(), dtype=np.int64)


TYPES = {torch.float32: 0, torch.float64: 1}
