"""Characters: every Unicode code point is one id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from recur.codecs.files import field
from recur.codecs.plain_text import to_text
from recur.codecs.tokens import (
    BOS_ID,
    EOS_ID,
    PAD_ID,
    RESERVED,
    UNK,
    UNK_ID,
    TokenCodec,
    ids_of,
    raw_vocabulary,
    with_reserved,
)
from recur.codecs.traits import IdTraits, TextTraits
from recur.config import DataConfig
from recur.errors import RunError


class CharactersCodec(TokenCodec):
    """A text as its characters; line ends are characters too, and a known text comes back exactly.

    Parameters
    ----------
    lower : bool
        Lower-case everything.
    min_count : int
        Characters seen less often are unknown.
    max_vocab : int, optional
        Largest number of ids, the four reserved ones included; the most frequent are kept.
    """

    kind = "characters"
    text = TextTraits("character")
    ids = IdTraits(PAD_ID, UNK_ID, BOS_ID, EOS_ID, next_item=True)

    def __init__(self, *, lower: bool = False, min_count: int = 1, max_vocab: int | None = None) -> None:
        super().__init__()
        self.lower = lower
        self.min_count = min_count
        self.max_vocab = max_vocab
        self._points = np.zeros(0, np.uint32)
        self._point_ids = np.zeros(0, np.int64)

    @classmethod
    def configured(cls, data: DataConfig, **_: Any) -> CharactersCodec:
        return cls(lower=data.text.lower, min_count=data.text.min_count, max_vocab=data.text.max_vocab)

    def fit(self, values: Iterable[Any]) -> CharactersCodec:
        """Count the characters of the texts."""
        counts: Counter[str] = Counter()
        for value in values:
            counts.update(self._normalised(value))
        frequent_enough = [character for character, count in counts.items() if count >= self.min_count]
        frequent = sorted(frequent_enough, key=lambda character: (-counts[character], character))
        vocabulary = with_reserved(frequent, self.max_vocab, self.kind)
        # sorted by code point, so that a reader of the file can look a character up
        ordered = [*RESERVED, *sorted(token for token in vocabulary if token not in RESERVED)]
        tokenizer = Tokenizer(models.WordLevel({c: i for i, c in enumerate(ordered)}, unk_token=UNK))
        if self.lower:
            tokenizer.normalizer = normalizers.Lowercase()
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
        tokenizer.decoder = decoders.Fuse()
        self._adopt(tokenizer, ordered)
        return self

    def _adopt(self, tokenizer: Tokenizer, vocabulary: list[str]) -> None:
        super()._adopt(tokenizer, vocabulary)
        pairs = sorted((ord(vocabulary[index]), index) for index in range(len(RESERVED), len(vocabulary)))
        self._points = np.array([point for point, _ in pairs], np.uint32)
        self._point_ids = np.array([index for _, index in pairs], np.int64)

    def _normalised(self, value: Any) -> str:
        """Return the text, in lower case if ``lower`` is set, by the rule of the tokenizer's file."""
        text = "".join(map(to_text, value)) if isinstance(value, (list, tuple)) else to_text(value)
        return normalizers.Lowercase().normalize_str(text) if self.lower else text

    def encode(self, value: Any) -> np.ndarray:
        """Return one id per character, (T,) int64; characters not seen in training are ``ids.unk``."""
        _ = self.tokenizer
        points = np.frombuffer(self._normalised(value).encode("utf-32-le"), np.uint32)
        places = np.minimum(np.searchsorted(self._points, points), len(self._points) - 1)
        return np.where(self._points[places] == points, self._point_ids[places], UNK_ID)

    def decode(self, array: Any) -> str:
        """Return the text; padding, beginning and end are left out, an unknown character reads U+FFFD."""
        silent = (PAD_ID, BOS_ID, EOS_ID)
        ids = [index for index in ids_of(array) if index not in silent]
        return "".join("\ufffd" if index == UNK_ID else self.token(index) for index in ids)

    def typed_form(self) -> dict[str, Any] | None:
        return {"kind": "characters", "vocabulary": [str(one) for one in self.vocabulary], "lower": self.lower}

    def tokens(self, value: Any) -> list[str]:
        """Return the characters."""
        return list(self._normalised(value))

    def _state(self) -> dict[str, Any]:
        return {**super()._state(), "lower": self.lower}

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> CharactersCodec:
        codec = cls(lower=field(state, "lower", bool, path))
        tokenizer = cls._read_tokenizer(state, path)
        vocabulary = raw_vocabulary(tokenizer)
        if any(len(token) != 1 for token in vocabulary[len(RESERVED) :]):
            raise RunError(f"{path} is damaged: its tokenizer does not hold single characters")
        codec._adopt(tokenizer, vocabulary)
        codec.check_size(state, path)
        return codec
