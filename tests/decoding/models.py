"""Models small enough to enumerate, which decoding is tested with."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

SYMBOLS, END, LENGTH = 4, 3, 4


class Table:
    """A model whose distribution depends on everything that it has read: state' = (4 state + id) mod 97."""

    def __init__(self, seed: int, sharpness: float = 2.0) -> None:
        scores = torch.randn(97, SYMBOLS, generator=torch.Generator().manual_seed(seed))
        self.log_probs = (sharpness * scores).log_softmax(-1)

    def step(self, ids: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        state = (SYMBOLS * state + ids) % 97
        return self.log_probs[state], state

    def select(self, state: Tensor, rows: Tensor) -> Tensor:
        return state.index_select(0, rows)

    def log_prob(self, ids: list[int], ended: bool, start: int = 0) -> float:
        """log p of a sequence, read from its beginning."""
        state, total = torch.tensor([start]), 0.0
        last = torch.tensor([0])
        for symbol in [*ids, *[END] * ended]:
            log_probs, state = self.step(last, state)
            total += float(log_probs[0, symbol])
            last = torch.tensor([symbol])
        return total

    def everything(self) -> list[tuple[float, list[int]]]:
        """Every sequence that ends within LENGTH symbols, likeliest first."""
        found = [
            (self.log_prob(list(ids), True), list(ids))
            for length in range(LENGTH)
            for ids in product(range(SYMBOLS - 1), repeat=length)
        ]
        return sorted(found, reverse=True)


class Chain:
    """A model that only knows the last symbol; the table is p(next | last)."""

    def __init__(self, table: list[list[float]]) -> None:
        self.log_probs = torch.tensor(table).log()

    def step(self, ids: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return self.log_probs[ids], state

    def select(self, state: Tensor, rows: Tensor) -> Tensor:
        return state.index_select(0, rows)


def start(count: int = 1) -> tuple[Tensor, Tensor]:
    """The symbol 0, and states that tell rows apart."""
    return torch.zeros(count, dtype=torch.long), torch.arange(count)
