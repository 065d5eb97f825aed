"""Stop sequences: the texts or items before which an answer ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from recur.decoding.constraints import Stop

if TYPE_CHECKING:
    from recur.codecs import Codec


class StopSequences:
    """The ends that a user names, for the values of one codec.

    Parameters
    ----------
    codec : Codec
        Of what is written. Of a text an end is any text; of other symbols it is one symbol, such as a tag.
    stops : sequence of str
        The ends.

    Raises
    ------
    DataError
        For a symbol that the codec does not know.
    """

    def __init__(self, codec: Codec, stops: Sequence[str]) -> None:
        self._codec, self._stops = codec, tuple(stops)
        self._text = codec.text
        self._ids = set() if self._text else {index for stop in stops for index in codec.item_ids(stop)}
        # a symbol may be a single byte of a character, so this many hold the longest end for certain
        self._reach = 2 + max((len(stop.encode("utf-8", "surrogatepass")) for stop in stops), default=0)

    def rule(self) -> Stop | None:
        """Whether what is written ends with its last symbol; None where nothing is named."""
        if not self._stops:
            return None
        return self._ends_text if self._text else lambda path: bool(path) and path[-1] in self._ids

    def _ends_text(self, path: Sequence[int]) -> bool:
        written = self._codec.decode(np.asarray(path[-self._reach :], dtype=np.int64))
        return any(stop in written for stop in self._stops)

    def value(self, ids: Sequence[int], decode: Callable[[Sequence[int]], Any]) -> Any:
        """The value of what was written, up to its first end."""
        if not self._text:
            return decode(ids[: next((place for place, index in enumerate(ids) if index in self._ids), len(ids))])
        value = decode(ids)
        # the end that is complete first counts, as it does while the text is written
        found = [(value.find(stop) + len(stop), value.find(stop)) for stop in self._stops if stop in value]
        return value[: min(found)[1]] if found else value
