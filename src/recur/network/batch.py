"""``Batch``: rows of different lengths, padded together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor


class Raw(Protocol):
    """A row before encoding: what the data room calls an Example."""

    @property
    def input(self) -> Any: ...

    @property
    def target(self) -> Any: ...


class Encoded(NamedTuple):
    """A row after encoding: arrays of one example, without padding."""

    input: np.ndarray | None
    target: np.ndarray

    @property
    def steps(self) -> int:
        """The longer of the two sides in time steps; 1 where neither side has time. Used to bucket rows."""
        sides = [side for side in (self.input, self.target) if side is not None and has_time(side)]
        return max((len(side) for side in sides), default=1)


@dataclass
class Batch:
    """Rows padded into one batch; lengths of None mean that every row is as long as the tensor.

    Attributes
    ----------
    inputs : Tensor or None
        (B, T) ids, (B, T, C) numbers or (B, T, H, W, C) frames; (B,) ids, (B, C) numbers or (B, H, W, C) pictures;
        None when the mode has no input.
    input_lengths : Tensor or None
        (B,) real steps of each row.
    targets, target_lengths : Tensor, Tensor or None
        The same for the other side.
    resets : Tensor or None
        (B, T) bool; True where the state is cleared before the step, for streams of several documents.
    rate : float
        By which the learning rate of its update is multiplied; a window of half the usual length counts half.
    """

    inputs: Tensor | None
    input_lengths: Tensor | None
    targets: Tensor
    target_lengths: Tensor | None = None
    resets: Tensor | None = None
    rate: float = 1.0

    def to(self, device: torch.device | str) -> Batch:
        """Return the same batch on another device."""

        def move(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor.to(device)

        return Batch(
            move(self.inputs),
            move(self.input_lengths),
            self.targets.to(device),
            move(self.target_lengths),
            move(self.resets),
            self.rate,
        )

    def __len__(self) -> int:
        return int(self.targets.shape[0])


def has_time(array: np.ndarray) -> bool:
    """Return whether the array of one example has steps: (T,) ids, (T, C) numbers or (T, H, W, C) frames.

    An id (), numbers (C,) and a picture (H, W, C) have none.
    """
    return array.ndim in (2, 4) or (array.ndim == 1 and array.dtype.kind in "iu")


def pad(arrays: Sequence[np.ndarray | None]) -> tuple[Tensor | None, Tensor | None]:
    """Pad arrays of one example each into one tensor.

    Parameters
    ----------
    arrays : sequence of ndarray
        All (T,), (T, C) or (T, H, W, C) with T of any size, or all without time: () ids, (C,) numbers, which are told
        from (T,) ids by their dtype, or pictures (H, W, C). The letters
        of words, which make C, may vary in number, too.

    Returns
    -------
    values : Tensor or None
        (B, T, ...) padded with zeros, at least one step wide; (B, ...) without time; None for no input.
    lengths : Tensor or None
        (B,) real steps; None without time.
    """
    present = [array for array in arrays if array is not None]
    if not present:
        return None, None
    first = present[0]
    if not has_time(first):
        return torch.from_numpy(np.stack(present)), None
    lengths = [len(array) for array in present]
    # the second axis too may be of any length: the letters of words
    wide = tuple(max(array.shape[1] for array in present) for _ in first.shape[1:2])
    values = np.zeros((len(present), max(1, *lengths), *wide, *first.shape[2:]), dtype=first.dtype)
    for row, array in enumerate(present):
        part = values[row, : len(array)]
        if array.ndim > 1:
            part = part[:, : array.shape[1]]
        part[...] = array
    return torch.from_numpy(values), torch.tensor(lengths, dtype=torch.long)


def step_mask(lengths: Tensor | None, values: Tensor) -> Tensor | None:
    """(B, T) bool: True at real steps of ``values`` (B, T, ...); None when all are."""
    if lengths is None:
        return None
    return torch.arange(values.shape[1], device=values.device) < lengths.to(values.device)[:, None]
