"""Rows of a batch that several processes share: masks and counts are those of the whole batch.

A process that computes some rows of a batch draws the random numbers of all rows and keeps its own, so that the masks,
and the state of the generators after them, do not depend on the number of processes. An error is a sum over the rows of
this process, divided by the count of all of them, so that the gradients of all processes add up to those of the batch.

Outside `sharing` every batch is whole, and nothing here changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recur.context import setting
from recur.errors import TrainingError


@dataclass(frozen=True)
class RowShare:
    """The rows of a batch that this process computes.

    Attributes
    ----------
    total : int
        B, the rows of the whole batch.
    rows : Tensor
        (b,) their places in the batch, on the CPU.
    counted : bool
        False for a process without rows of its own, which computes a row of another one to draw the same numbers: it
        adds nothing.
    add : callable
        Adds float64 values, on the CPU, over all processes; every process must call it equally often.
    """

    total: int
    rows: Tensor
    counted: bool
    add: Callable[[Tensor], Tensor]


_share: ContextVar[RowShare | None] = ContextVar("row share", default=None)
# how many blocks are open: torch.compile can read a number, and not a context variable
_open_blocks = 0


def current() -> RowShare | None:
    """Return the share of this process; None where the batch is whole."""
    return _share.get() if _open_blocks else None


@contextmanager
def sharing(share: RowShare | None) -> Iterator[None]:
    """Compute the rows of a share within the block; None for a whole batch."""
    global _open_blocks
    _open_blocks += 1
    try:
        with setting(_share, share):
            yield
    finally:
        _open_blocks -= 1


def for_rows(shape: Sequence[int], axis: int, draw: Callable[[tuple[int, ...]], Tensor]) -> Tensor:
    """Draw random numbers of a shape, of which an axis has the rows of the batch.

    Parameters
    ----------
    shape : sequence of int
        With the rows of this process.
    axis : int
        Of the rows.
    draw : callable
        Draws a tensor of a shape.

    Returns
    -------
    Tensor
        ``draw(shape)`` for a whole batch; else the numbers drawn for the whole batch, of the rows of this process.

    Raises
    ------
    TrainingError
        Where that axis does not have the rows of the batch.

    Examples
    --------
    >>> share = RowShare(3, torch.tensor([0, 2]), True, lambda values: values)
    >>> with sharing(share):
    ...     for_rows((2,), 0, lambda shape: torch.arange(*shape)).tolist()
    [0, 2]
    """
    share = current()
    if share is None:
        return draw(tuple(shape))
    if shape[axis] != len(share.rows):
        raise TrainingError(
            f"random numbers for {shape[axis]} rows, expected the {len(share.rows)} rows of this process: this network "
            "cannot be trained by several processes",
            hint="train with one process",
        )
    whole = draw((*shape[:axis], share.total, *shape[axis + 1 :]))
    return whole.index_select(axis, share.rows.to(whole.device))


def total(values: Tensor) -> Tensor:
    """Return float values added over the processes that share a batch; unchanged for a whole batch.

    A process without rows of its own adds zeros.
    """
    share = current()
    if share is None:
        return values
    own = values.detach().to("cpu", torch.float64) if share.counted else torch.zeros(values.shape, dtype=torch.float64)
    return share.add(own).to(values.device, values.dtype)


def total_count(count: float) -> float:
    """Return a number of predictions, or of values, of the whole batch."""
    return count if current() is None else float(total(torch.tensor([count], dtype=torch.float64)))


def part_of_mean(mean: Tensor, count: float) -> Tensor:
    """Return what the mean over ``count`` predictions of this process adds to the mean of the whole batch."""
    share = current()
    if share is None:
        return mean
    every = total_count(count)
    return mean * ((count / every) if share.counted and every else 0.0)


def of_places(counts: Tensor) -> RowShare | None:
    """Return the share where each row has several places, as forecasts from several steps, (b,) of this process.

    Raises
    ------
    TrainingError
        Where the counts are not of the rows of this process.
    """
    share = current()
    if share is None:
        return None
    own = torch.zeros(share.total, dtype=torch.float64)
    own[share.rows] = counts.detach().to("cpu", torch.float64)
    # a row that a process without rows repeats is counted by its owner
    every = share.add(own if share.counted else torch.zeros_like(own)).long()
    ends = every.cumsum(0)
    places = [torch.arange(int(ends[row] - every[row]), int(ends[row])) for row in share.rows.tolist()]
    return replace(share, total=int(ends[-1]), rows=torch.cat(places))
