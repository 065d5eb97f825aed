"""Packed rows: the real steps of all rows at t = 0, then at t = 1, ..., as in torch's PackedSequence.

    step t of row b is at place start_t + b,    start_t = n_0 + ... + n_{t-1}

where n_t is the number of rows that have a step t; the rows come longest first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from recur.engine import tensor_checks
from recur.errors import ShapeError


@dataclass(frozen=True)
class Packing:
    """Where each step of each row is among N packed ones.

    Attributes
    ----------
    batch_sizes : Tensor
        n_t (T,) whole numbers on the CPU, none greater than the one before; a copy of what was given.

    Raises
    ------
    ShapeError
        If they are not.
    """

    batch_sizes: Tensor

    def __post_init__(self) -> None:
        # what a caller changes later must not change what was computed
        object.__setattr__(self, "batch_sizes", _checked(self.batch_sizes))

    @cached_property
    def count(self) -> int:
        """N, the steps of all rows."""
        return int(self.offsets[-1])

    @property
    def steps(self) -> int:
        """T, the steps of the longest row."""
        return len(self.batch_sizes)

    @cached_property
    def rows(self) -> int:
        """B."""
        return int(self.batch_sizes[0])

    @cached_property
    def lengths(self) -> Tensor:
        """Real steps of each row (B,), on the CPU."""
        return (self.batch_sizes.unsqueeze(1) > torch.arange(self.rows, device="cpu")).sum(0)

    @cached_property
    def row_of(self) -> Tensor:
        """The row (N,) of each packed step, on the CPU."""
        return torch.arange(self.count, device="cpu") - self._starts.repeat_interleave(self.batch_sizes)

    @cached_property
    def offsets(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        """start_t for t = 0..T (T + 1,)."""
        return np.concatenate([np.zeros(1, np.int64), self.batch_sizes.numpy().cumsum(dtype=np.int64)])

    @cached_property
    def _starts(self) -> Tensor:
        return self.batch_sizes.cumsum(0) - self.batch_sizes

    @cached_property
    def _mirror(self) -> Tensor:
        """For each packed step (t, b) the place of (length_b - 1 - t, b); its own inverse."""
        time = torch.arange(self.steps, device="cpu").repeat_interleave(self.batch_sizes)
        return self._starts[self.lengths[self.row_of] - 1 - time] + self.row_of

    def mirrored(self, data: Tensor) -> Tensor:
        """(N, S) with the steps of each row in reverse order."""
        mirrored: Tensor = _Mirror.apply(data, self._mirror.to(data.device))  # type: ignore[no-untyped-call]
        return mirrored

    def pad(self, data: Tensor) -> Tensor:
        """(N, S) to (T, B, S), zero at padded steps."""
        padded, _ = pad_packed_sequence(PackedSequence(data, self.batch_sizes))
        return padded

    def pack(self, padded: Tensor) -> Tensor:
        """(T, B, S) to (N, S)."""
        return pack_padded_sequence(padded, self.lengths).data


def _checked(batch_sizes: Tensor) -> Tensor:
    """A copy of the rows of each step as int64, refused where no batch can be so."""
    dtype = batch_sizes.dtype
    if batch_sizes.dim() != 1 or dtype.is_floating_point or dtype.is_complex or dtype == torch.bool:
        raise ShapeError(
            f"batch_sizes of a packed sequence is {dtype} of shape {tuple(batch_sizes.shape)}, "
            "expected one whole number for each step"
        )
    tensor_checks.check("batch_sizes", batch_sizes)
    if not batch_sizes.is_cpu:
        raise ShapeError(f"batch_sizes of a packed sequence is on {batch_sizes.device}, expected it on the CPU")
    numbers = batch_sizes.detach().numpy().astype(np.int64)
    if not len(numbers):
        raise ShapeError("a packed sequence has no steps, expected one or more")
    if numbers[-1] < 1 or bool((np.diff(numbers) > 0).any()):
        shown = ", ".join(map(str, numbers[:8])) + (", ..." if len(numbers) > 8 else "")
        raise ShapeError(
            f"batch_sizes of a packed sequence is {shown}: expected 1 or more rows at each step, none more than before",
            hint="torch.nn.utils.rnn.pack_padded_sequence(x, lengths)",
        )
    if int(numbers[0]) * len(numbers) >= 2**62:
        raise ShapeError(f"batch_sizes of a packed sequence begins with {numbers[0]}: more than any memory holds")
    return torch.from_numpy(numbers)


class _Mirror(torch.autograd.Function):
    """x[index] for an index that is its own inverse, so that the gradient is read in place of being added up."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, None]:
        (index,) = ctx.saved_tensors
        return _Mirror.apply(gradient, index), None  # type: ignore[no-untyped-call]
