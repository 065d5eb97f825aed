"""Words with their characters: each word by its id and its spelling, so that an unknown word is still read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.files import strings
from recur.codecs.plain_text import to_text
from recur.codecs.tokens import BOS_ID, EOS_ID, PAD_ID, UNK_ID
from recur.codecs.traits import IdTraits
from recur.codecs.words import WordsCodec
from recur.errors import DataError, RunError

LONGEST = 32  # letters of a word that are read; of a longer one (an address, mostly) its beginning and its end
NO_LETTER, UNKNOWN_LETTER = 0, 1


class SpelledWordsCodec(WordsCodec):
    """A text as words, each with its letters.

    A step is a row of ids: the word's, one for each of its letters, then zeros up to the longest word of the text::

        the    5  21  9  6
        a      7   2  0  0

    Letters have ids of their own: 0 is no letter, 1 a letter that training has not seen. `decode` reads the word ids
    alone. Words are split, lower-cased and counted as in `WordsCodec`; with ``lower`` the letters are lower-cased too.

    Attributes
    ----------
    letters : list of str
        The letters in the order of their ids, from 2 on.
    letter_count : int
        Number of letter ids, the two reserved ones included.

    Sources: Ling et al. 2015 (Finding function in form); Lample et al. 2016; Ma and Hovy 2016.
    """

    kind = "spelled"
    selectable = False
    text = None  # a step is a row of ids, which is no symbol that could be generated
    ids = IdTraits(PAD_ID, UNK_ID, BOS_ID, EOS_ID, by_frequency=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.letters: list[str] = []
        self._letter_ids: dict[str, int] = {}

    @property
    def letter_count(self) -> int:
        """Number of letter ids, the two reserved ones included."""
        return len(self.letters) + 2

    def fit(self, values: Iterable[Any]) -> SpelledWordsCodec:
        """Count the words, and collect the letters that they are written with."""
        seen: set[str] = set()

        def noted() -> Iterable[Any]:
            for value in values:
                seen.update(*map(to_text, value if isinstance(value, (list, tuple)) else [value]))
                yield value

        super().fit(noted())
        # lower-casing can give letters that the texts themselves do not have
        characters = seen | {letter for each in seen for letter in each.lower()} if self.lower else seen
        return self._take_letters(sorted(letter for letter in characters if not letter.isspace()))

    def _take_letters(self, letters: list[str]) -> SpelledWordsCodec:
        self.letters = letters
        self._letter_ids = {letter: index for index, letter in enumerate(letters, UNKNOWN_LETTER + 1)}
        return self

    def encode_many(self, values: Sequence[Any]) -> list[np.ndarray]:
        """Return ids of words and letters, (T, 1 + L) int64 with L letters in the longest word."""
        return [self._table(pieces) for pieces in self._pieces(values)]

    def _table(self, pieces: list[tuple[str, int]]) -> np.ndarray:
        spellings = [self._spell(word) for word, _ in pieces]
        table = np.full((len(pieces), 1 + max(map(len, spellings), default=0)), NO_LETTER, np.int64)
        for row, ((_, index), spelling) in enumerate(zip(pieces, spellings, strict=True)):
            table[row, 0] = index
            table[row, 1 : 1 + len(spelling)] = spelling
        return table

    def _spell(self, word: str) -> list[int]:
        """Return the ids of a word's letters."""
        if len(word) > LONGEST:
            word = word[: LONGEST // 2] + word[-LONGEST // 2 :]
        return [self._letter_ids.get(letter, UNKNOWN_LETTER) for letter in word]

    def unknown_steps(self, value: Any) -> np.ndarray:
        """Return for each word whether it is unknown, (T,) bool."""
        unknown: np.ndarray = self.encode(value)[:, 0] == UNK_ID
        return unknown

    def whole_document(self) -> dict[str, Any]:
        """Return the document of the words with the meaning of the letter ids."""
        return super().whole_document() | {
            "no_letter": NO_LETTER, "unknown_letter": UNKNOWN_LETTER, "longest": LONGEST
        }  # fmt: skip

    def decode(self, array: Any) -> str:
        """Return the text of word ids (T,), or of a table of words and letters (T, 1 + L)."""
        ids = np.asarray(array)
        if ids.ndim > 2:
            raise DataError(f"expected ids of words (T,) or words with letters (T, 1 + L), got shape {ids.shape}")
        return super().decode(ids[:, 0] if ids.ndim == 2 else ids)

    def typed_form(self) -> dict[str, Any] | None:
        form = super().typed_form() or {}
        return form | {
            "letters": self.letters, "unknown_letter": UNKNOWN_LETTER, "longest": LONGEST,
        }  # fmt: skip

    def describe(self) -> str:
        """Return the sizes of the vocabulary and the alphabet."""
        return f"words: vocabulary {self.size:,} ({len(self.letters)} letters spell them)"

    def _state(self) -> dict[str, Any]:
        return {**super()._state(), "letters": self.letters}

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> SpelledWordsCodec:
        codec = super()._restore(state, path)
        letters = strings(state, "letters", path)
        if not isinstance(codec, SpelledWordsCodec) or any(len(letter) != 1 for letter in letters):
            raise RunError(f'{path} is damaged: "letters" should hold single letters')
        return codec._take_letters(letters)
