"""Several processes computed one after another in this one: what they would add up is known from a first pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch
from torch import Tensor

from recur.nn.shared_rows import RowShare, sharing
from recur.processes.rows import share_of

Result = TypeVar("Result")


def shares(size: int, total: int, compute: Callable[[RowShare], Result]) -> Iterator[tuple[RowShare, Result]]:
    """Yield the share and the result of each of ``size`` processes for a batch of ``total`` rows.

    ``compute`` is called twice for each: the values that it adds must not depend on sums that it got.
    """
    sent: list[list[Tensor]] = []
    for rank in range(size):
        own: list[Tensor] = []

        def note(values: Tensor, own: list[Tensor] = own) -> Tensor:
            own.append(values.clone())
            return values

        share = share_of(total, rank, size, note)
        with sharing(share):
            compute(share)
        sent.append(own)
    counts = [len(own) for own in sent]
    assert counts == counts[:1] * size, f"the processes send {counts} messages: they would wait for each other"
    sums = [torch.stack(list(values)).sum(0) for values in zip(*sent, strict=True)]
    for rank in range(size):
        answers = iter(sums)
        share = share_of(total, rank, size, lambda _, answers=answers: next(answers))
        with sharing(share):
            result = compute(share)
        yield share, result
