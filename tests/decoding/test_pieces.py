"""The streamed answer: where it ends, and which symbols are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import pytest
import torch
from torch import Tensor

from recur import codecs
from recur.codecs import Codec
from recur.decoding.pieces import written
from recur.decoding.stepping import NOTHING


@pytest.fixture
def codec() -> Codec:
    """The characters a to e, with ids from 4 on."""
    return codecs.make("characters").fit(["abcde"])


def symbols(*ids: int) -> Iterator[tuple[Tensor, ...]]:
    return ((torch.tensor([index]),) for index in ids)


@pytest.mark.parametrize(
    ("ids", "length", "stops", "found"),
    [
        ((4, 5, 3, 6), 9, (), "ab"), ((4, 5, 6), 2, (), "ab"), ((4, NOTHING, 6), 9, (), "a"), ((4,), 0, (), ""),
        ((4, 5, 6, 7), 4, ("cd",), "ab"), ((4, 5, 6), 3, ("cd",), "abc"), ((4, 5, 3), 9, ("bc",), "ab"),
    ],
)  # fmt: skip
def test_an_answer_ends_at_the_end_the_length_or_a_stop(
    codec: Codec, ids: tuple[int, ...], length: int, stops: tuple[str, ...], found: str
) -> None:
    pieces = written(codec, symbols(*ids), nullcontext, end=3, length=length, stops=stops)
    assert "".join(pieces) == found


def test_no_more_symbols_are_asked_for_than_the_length_and_none_after_a_stop(codec: Codec) -> None:
    steps = symbols(4, 5, 6, 7)
    assert list(written(codec, steps, nullcontext, end=None, length=3, stops=("b",))) == ["a"]
    assert int(next(steps)[0]) == 6


def test_the_context_is_left_while_a_piece_is_looked_at(codec: Codec) -> None:
    inside = []

    @contextmanager
    def within() -> Iterator[None]:
        inside.append(True)
        yield
        inside.pop()

    for _ in written(codec, symbols(4, 5), within, end=None, length=2):
        assert not inside
