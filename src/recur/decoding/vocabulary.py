"""The vocabulary of a network: the ids of the codec, plus beginning and end where the codec has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from recur.codecs import Codec


class Vocabulary:
    """A discrete codec seen by a decoder.

    Codecs of texts have a beginning and an end (``codec.ids.bos``, ``codec.ids.eos``); for tags the two ids after the
    last are used.

    Parameters
    ----------
    codec : Codec
        A discrete codec.

    Attributes
    ----------
    size : int
        V, the number of ids with the added ones.
    beginning, end : int
        The symbols that a decoder reads first and generates last.
    never : tuple of int
        Ids that are never an answer: padding and the beginning.
    unknown : int or None
        The id of what the vocabulary lacks.
    """

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.unknown = codec.ids.unk
        self.beginning, self.end, self.size = codec.size, codec.size + 1, codec.size + 2
        if codec.ids.bos is not None and codec.ids.eos is not None:
            self.beginning, self.end, self.size = codec.ids.bos, codec.ids.eos, codec.size
        self.never = (self.beginning,) if codec.ids.pad is None else (codec.ids.pad, self.beginning)

    def forbidden(self, unknown: bool) -> tuple[int, ...]:
        """Ids that decoding never produces."""
        return self.never if unknown or self.unknown is None else (*self.never, self.unknown)

    def silent(self, unknown: bool) -> tuple[int, ...]:
        """Ids that are not items: those that decoding never produces, and the end."""
        return (*self.forbidden(unknown), self.end)

    def with_end(self, ids: np.ndarray) -> np.ndarray:
        """Return ids (T,) and the end: (T+1,)."""
        return np.append(ids, np.int64(self.end))

    def with_beginning(self, ids: np.ndarray) -> np.ndarray:
        """Return the beginning and ids (T,): (T+1,)."""
        return np.insert(ids, 0, np.int64(self.beginning))

    def symbol(self, index: int) -> str:
        """Return the text that is shown for an id."""
        if index == self.end:
            return "⟨end⟩"
        return "⟨start⟩" if index >= self.codec.size else self.codec.symbol(index)

    def decode(self, ids: Sequence[int]) -> Any:
        """Return the raw value of ids, without the ones that were added."""
        kept = [index for index in ids if index < self.codec.size and index not in (self.beginning, self.end)]
        return self.codec.decode(np.asarray(kept, dtype=np.int64))
