"""The candidates for the next word of a text, and the words of the text that the network does not know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recur.codecs import Codec
from recur.continuation.word_search import Candidate


class Completion(list[Candidate]):
    """Candidates, most probable first.

    Attributes
    ----------
    unknown : list of str
        Pieces of the text that are not in the vocabulary, each once: all of them are read as one and the same
        unknown word.
    """

    def __init__(self, candidates: Iterable[Candidate], unknown: Iterable[str] = ()) -> None:
        super().__init__(candidates)
        self.unknown = list(unknown)


def unknown_words(codec: Codec | None, text: Any) -> list[str]:
    """Return the pieces of a text that are not in the vocabulary, in their order, each once."""
    return [] if codec is None else codec.unknown(text)
