"""The rows of a batch that each process computes, and states joined from them.

Process r of N has the rows r, r + N, r + 2N, ...: rows of a batch are sorted by length, so that each process gets long
and short ones.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from recur.network.batch import Batch
from recur.nn.shared_rows import RowShare


def share_of(total: int, rank: int, size: int, add: Callable[[Tensor], Tensor]) -> RowShare:
    """Return the share of one process of a batch of B rows.

    A process for which no row is left computes the first row once more, and does not count it.

    >>> [share_of(3, rank, 2, lambda values: values).rows.tolist() for rank in (0, 1)]
    [[0, 2], [1]]
    """
    rows = torch.arange(min(rank, total), total, size)
    return RowShare(total, rows if len(rows) else torch.zeros(1, dtype=torch.long), bool(len(rows)), add)


def take(batch: Batch, rows: Tensor) -> Batch:
    """Return some rows of a batch, padded to the steps of the whole batch."""

    def of(tensor: Tensor | None) -> Tensor | None:
        return None if tensor is None else tensor.index_select(0, rows.to(tensor.device))

    parts: dict[str, Any] = {
        name: of(getattr(batch, name)) for name in ("inputs", "input_lengths", "targets", "target_lengths", "resets")
    }
    return dataclasses.replace(batch, **parts)


def rows_of_state(state: Any, rank: int, size: int) -> Any:
    """Return the rows of one process of a carried state, of which every tensor has the rows as its second axis."""

    def part(tensors: list[Tensor]) -> Tensor:
        (whole,) = tensors
        return whole.index_select(1, share_of(whole.shape[1], rank, size, lambda values: values).rows.to(whole.device))

    return _each([state], part)


def joined(states: Sequence[Any], total: int) -> Any:
    """Return the state of a whole batch from the states of all processes, in the order of their ranks.

    >>> joined([torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0]])], 3)
    tensor([[0., 1., 2.]])
    """
    size = len(states)

    def join(tensors: list[Tensor]) -> Tensor:
        first = tensors[0]
        whole = first.new_empty((first.shape[0], total, *first.shape[2:]))
        for rank, tensor in enumerate(tensors[:total]):
            whole[:, rank::size] = tensor.to(whole.device)
        return whole

    return _each(list(states), join)


def _each(states: list[Any], change: Callable[[list[Tensor]], Tensor]) -> Any:
    """Apply a function to the tensors at the same place of nested states; None stays None."""
    first = states[0]
    if first is None or isinstance(first, Tensor):
        return None if first is None else change(states)
    if isinstance(first, dict):
        return {name: _each([state[name] for state in states], change) for name in first}
    return type(first)(_each(list(parts), change) for parts in zip(*states, strict=True))
