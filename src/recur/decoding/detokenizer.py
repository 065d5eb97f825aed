"""Streaming detokenization: what each new symbol adds to the text, or the item that it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from recur.codecs import Codec

CONTEXT = 16  # symbols that are decoded again, for the space before the next one


class Detokenizer:
    """A converter of symbols into pieces of a text, or into items, which stops before the stop sequences of the user.

    Parameters
    ----------
    codec : Codec
        Of the answer.
    before : sequence of int
        Symbols of the text so far.
    stops : sequence of str
        Texts or items before which the answer ends.

    Attributes
    ----------
    stopped : bool
        Whether one of them was reached.
    """

    def __init__(self, codec: Codec, before: Sequence[int] = (), stops: Sequence[str] = ()) -> None:
        self._codec, self._stops = codec, tuple(stops)
        self._text = codec.text
        self._stop_ids = set() if self._text else {index for stop in stops for index in codec.item_ids(stop)}
        self._context, self._held = list(before[-CONTEXT:]), list[int]()
        self._waiting = ""
        self.stopped = False

    def push(self, symbol: int) -> list[Any]:
        """Return what this symbol adds: pieces of text that no later symbol changes, or items."""
        if not self._text:
            self.stopped = symbol in self._stop_ids
            return [] if self.stopped else self._codec.items(np.array([symbol], dtype=np.int64))
        self._held.append(symbol)
        piece = self._added()
        # the bytes of an incomplete character wait for the others
        if not piece or (self._codec.splits_into("subword") and piece.endswith("\ufffd")):
            return []
        self._context, self._held = (self._context + self._held)[-CONTEXT:], []
        return self._cut(piece)

    def finish(self) -> list[Any]:
        """Return the text that was held back, when no symbol follows."""
        if not self._text or self.stopped:
            return []
        pieces = self._cut(self._added()) if self._held else []
        waiting, self._waiting = self._waiting, ""
        return pieces if self.stopped or not waiting else [*pieces, waiting]

    def _added(self) -> str:
        decode = self._codec.decode
        before = decode(np.array(self._context, dtype=np.int64))
        after = decode(np.array(self._context + self._held, dtype=np.int64))
        shared = 0
        while shared < min(len(before), len(after)) and before[shared] == after[shared]:
            shared += 1
        return str(after[shared:])

    def _cut(self, piece: str) -> list[str]:
        """Return the text before a stop; a possible beginning of one is held back."""
        text = self._waiting + piece
        places = [place for stop in self._stops if (place := text.find(stop)) >= 0]
        if places:
            self.stopped, self._waiting = True, ""
            return [text[: min(places)]] if min(places) else []
        held = max(
            (
                size
                for stop in self._stops
                for size in range(min(len(stop), len(text) + 1))
                if text.endswith(stop[:size])
            ),
            default=0,
        )
        self._waiting = text[len(text) - held :] if held else ""
        certain = text[: len(text) - held] if held else text
        return [certain] if certain else []
