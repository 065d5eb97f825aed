"""Packed sequences, lengths and resets, and those that are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from tests.nn.oddities.basics import B, Oddity, T, X, numbers, states, without_storage


def packed(
    rows: int, sizes: list[int], order: Any = None, back: Any = None, dtype: torch.dtype = torch.int64
) -> Oddity:
    """A PackedSequence made by hand."""

    def call(layer: Any) -> Any:
        given = PackedSequence(numbers(rows, X), torch.tensor(sizes, dtype=dtype, device="cpu"), order, back)
        return layer(given)

    return call


def _index(*places: int) -> Tensor:
    return torch.tensor(places, device="cpu")


PACKED: dict[str, Oddity] = {
    "whole": packed(10, [4, 3, 2, 1]),
    "of one length": packed(8, [4, 4]),
    "in another order": packed(10, [4, 3, 2, 1], _index(1, 0, 3, 2), _index(1, 0, 3, 2)),
    "int32": packed(10, [4, 3, 2, 1], dtype=torch.int32),
}
BAD_PACKED: dict[str, Oddity] = {
    "too little data": packed(5, [4, 3, 2, 1]),
    "too little data of one length": packed(5, [4, 4]),
    "too much data": packed(50, [4, 3, 2, 1]),
    "no data": packed(0, [4, 3, 2, 1]),
    "increasing": packed(10, [1, 2, 3, 4]),
    "increasing in between": packed(10, [4, 1, 4, 1]),
    "same first and last": packed(10, [4, 1, 1, 4]),
    "a negative size": packed(10, [4, 3, -2, 1]),
    "zeros": packed(10, [4, 6, 0, 0]),
    "huge": packed(10, [2**62, 2**62, 2**62, 2**62]),
    "no steps": packed(10, []),
    "floats": packed(10, [4, 3, 2, 1], dtype=torch.float32),
    "two axes": lambda la: la(PackedSequence(numbers(10, X), torch.tensor([[4, 3], [2, 1]], device="cpu"))),
    "meta data": lambda la: la(PackedSequence(numbers(10, X).to("meta"), torch.tensor([4, 3, 2, 1], device="cpu"))),
    "an order that is too long": packed(10, [4, 3, 2, 1], _index(0, 1, 2, 3, 0), _index(0, 1, 2, 3, 0)),
    "an order that is too short": packed(10, [4, 3, 2, 1], _index(0, 1), _index(0, 1)),
    "an order out of range": packed(10, [4, 3, 2, 1], _index(0, 1, 2, 9), _index(0, 1, 2, 9)),
    "an order twice": packed(10, [4, 3, 2, 1], _index(0, 1, 1, 2), _index(0, 1, 1, 2)),
}
for _name, _call in list(BAD_PACKED.items()):
    if _name.startswith("an order"):
        BAD_PACKED[f"{_name}, with states"] = lambda la, call=_call: call(lambda given: la(given, states(la)))


_WHOLE = (
    torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.uint16, torch.uint32, torch.uint64,
)  # fmt: skip
LENGTHS: dict[str, Callable[[], Any]] = {
    **{str(t): (lambda t=t: torch.tensor([6, 0, 2, 1], dtype=t, device="cpu")) for t in _WHOLE},
    "a list": lambda: [6, 0, 2, 1],
    "a tuple": lambda: (6, 0, 2, 1),
    "an array": lambda: torch.tensor([6, 0, 2, 1], device="cpu").numpy(),
    "every second": lambda: torch.tensor([6, 9, 0, 9, 2, 9, 1, 9], device="cpu")[::2],
    "expanded": lambda: torch.tensor([3], device="cpu").expand(4),
    "all of them": lambda: [6, 6, 6, 6],
    "none of them": lambda: [0, 0, 0, 0],
}  # fmt: skip
BAD_LENGTHS: dict[str, Callable[[], Any]] = {
    "too long": lambda: [7, 1, 1, 1],
    "negative": lambda: [-1, 1, 1, 1],
    "2**63 - 1": lambda: [2**63 - 1, 1, 1, 1],
    "uint64 beyond int64": lambda: torch.tensor([2**64 - 1, 1, 1, 1], dtype=torch.uint64, device="cpu"),
    "2**70": lambda: [2**70, 1, 1, 1],
    "floats": lambda: torch.tensor([1.0, 2, 3, 4], device="cpu"),
    "bools": lambda: torch.tensor([True] * 4, device="cpu"),
    "too few": lambda: [1, 1],
    "too many": lambda: [1] * 5,
    "two axes": lambda: [[1, 1, 1, 1]],
    "meta": lambda: torch.tensor([1, 1, 1, 1], device="meta"),
    "sparse": lambda: torch.tensor([1, 1, 1, 1], device="cpu").to_sparse(),
    "words": lambda: ["a", "b", "c", "d"],
    "a number": lambda: 3,
    "storage given back": lambda: without_storage(torch.tensor([1, 1, 1, 1], device="cpu")),
}
RESETS: dict[str, Callable[[], Any]] = {
    "plain": lambda: numbers(B, T) > 0,
    "transposed": lambda: (numbers(T, B) > 0).t(),
    "expanded": lambda: (numbers(B, 1) > 0).expand(B, T),
    "a list": lambda: (numbers(B, T) > 0).tolist(),
    "an array": lambda: (numbers(B, T) > 0).numpy(),
}
BAD_RESETS: dict[str, Callable[[], Any]] = {
    "integers": lambda: torch.ones(B, T, dtype=torch.int64, device="cpu"),
    "time major": lambda: numbers(T, B) > 0,
    "too short": lambda: numbers(B, T - 1) > 0,
    "one axis": lambda: numbers(B) > 0,
    "meta": lambda: torch.ones(B, T, dtype=torch.bool, device="meta"),
    "sparse": lambda: torch.ones(B, T, dtype=torch.bool, device="cpu").to_sparse(),
    "storage given back": lambda: without_storage(torch.ones(B, T, dtype=torch.bool, device="cpu")),
    "a word": lambda: "yes",
}
