"""What each new symbol adds to what is written: pieces of a text, or one item of another sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from recur.modes.stepping import NOTHING
from recur.modes.stops import TEXTS, Stops

if TYPE_CHECKING:
    from recur.codecs import Codec

CONTEXT = 16  # symbols decoded again, to know the space before the next one


def written(
    codec: Codec,
    steps: Iterator[tuple[Tensor, ...]],
    within: Callable[[], AbstractContextManager[None]],
    *,
    end: int | None,
    length: int,
    before: Sequence[int] = (),
    stops: Sequence[str] = (),
) -> Iterator[Any]:
    """What one row writes, as it is written: pieces of a text, or items.

    Parameters
    ----------
    codec : Codec
        Of what is written.
    steps : iterator
        Symbols of one row, such as `stepping.stream` yields.
    within : callable
        The context in which a step is made; it is left while a piece is looked at.
    end : int or None
        The symbol that ends the answer.
    length : int
        Most symbols.
    before : sequence of int
        Symbols of the text so far.
    stops : sequence of str
        Texts or items before which the answer ends.
    """

    def symbols() -> Iterator[int]:
        for _ in range(length):
            with within():
                symbol = int(next(steps)[0][0])
            if symbol in (end, NOTHING):
                return
            yield symbol

    pieces = text_pieces(codec, before, symbols()) if codec.kind in TEXTS else items(codec, symbols())
    yield from Stops(codec, stops).cut_pieces(pieces)


def text_pieces(codec: Codec, before: Sequence[int], symbols: Iterator[int]) -> Iterator[str]:
    """The text that each symbol adds; symbols that make half a character wait for the other half.

    Parameters
    ----------
    codec : Codec
        Of a text.
    before : sequence of int
        Symbols of the text so far.
    symbols : iterator of int
        Those that follow.
    """
    context, held = list(before[-CONTEXT:]), list[int]()
    for symbol in symbols:
        held.append(symbol)
        piece = _added(codec.decode(np.array(context)), codec.decode(np.array(context + held)))
        if piece and not (codec.kind == "subwords" and piece.endswith("\ufffd")):
            yield piece
            context, held = (context + held)[-CONTEXT:], []
    rest = _added(codec.decode(np.array(context)), codec.decode(np.array(context + held)))
    if rest:
        yield rest


def items(codec: Codec, symbols: Iterator[int]) -> Iterator[Any]:
    """The values of symbols that are no text, one by one, such as tags."""
    for symbol in symbols:
        value = codec.decode(np.array([symbol], dtype=np.int64))
        yield from value if isinstance(value, (list, tuple)) else [value]


def _added(before: str, after: str) -> str:
    shared = 0
    while shared < min(len(before), len(after)) and before[shared] == after[shared]:
        shared += 1
    return after[shared:]
