"""The streamed answer: pieces of a text, or items, as the symbols come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from torch import Tensor

from recur.decoding.detokenizer import Detokenizer
from recur.decoding.stepping import NOTHING

if TYPE_CHECKING:
    from recur.codecs import Codec


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
    """Yield the answer of one row as it is generated: pieces of a text, or items.

    Parameters
    ----------
    codec : Codec
        Of the answer.
    steps : iterator
        Symbols of one row, such as `stepping.stream` yields.
    within : callable
        The context in which a step is computed; it is left while the caller handles a piece.
    end : int or None
        The symbol that ends the answer.
    length : int
        Largest number of symbols.
    before : sequence of int
        Symbols of the text so far.
    stops : sequence of str
        Texts or items before which the answer ends.
    """

    detokenizer = Detokenizer(codec, before, stops)
    for _ in range(length):
        with within():
            symbol = int(next(steps)[0][0])
        if symbol in (end, NOTHING):
            break
        yield from detokenizer.push(symbol)
        if detokenizer.stopped:
            return
    yield from detokenizer.finish()
