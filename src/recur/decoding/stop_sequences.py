"""Stop sequences: the texts or items before which an answer ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from recur.decoding.constraints import Stop

if TYPE_CHECKING:
    from recur.codecs import Codec


class StopSequences:
    """The stop sequences of a user, for the values of one codec.

    Parameters
    ----------
    codec : Codec
        Of the answer. In a text a stop sequence is any text; among other symbols it is one symbol, such as a tag.
    stops : sequence of str
        The stop sequences.

    Raises
    ------
    DataError
        For a symbol that the codec does not know.
    """

    def __init__(self, codec: Codec, stops: Sequence[str]) -> None:
        self._codec, self._stops = codec, tuple(stops)
        self._text = codec.text
        self._ids = set() if self._text else {index for stop in stops for index in codec.item_ids(stop)}
        # a symbol may be a single byte of a character, so this many always hold the longest stop sequence
        self._reach = 2 + max((len(stop.encode("utf-8", "surrogatepass")) for stop in stops), default=0)

    def rule(self) -> Stop | None:
        """Return the test of whether an answer ends with its last symbol; None without stop sequences."""
        if not self._stops:
            return None
        return self._ends_text if self._text else lambda path: bool(path) and path[-1] in self._ids

    def _ends_text(self, path: Sequence[int]) -> bool:
        written = self._codec.decode(np.asarray(path[-self._reach :], dtype=np.int64))
        return any(stop in written for stop in self._stops)

    def value(self, ids: Sequence[int], decode: Callable[[Sequence[int]], Any]) -> Any:
        """Return the value of generated ids, up to the first stop sequence."""
        if not self._text:
            return decode(ids[: next((place for place, index in enumerate(ids) if index in self._ids), len(ids))])
        value = decode(ids)
        # the stop sequence that is complete first counts, as in streaming
        ends = [(value.find(stop) + len(stop), value.find(stop)) for stop in self._stops if stop in value]
        return value[: min(ends)[1]] if ends else value
