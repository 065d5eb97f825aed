"""Subwords: byte-level BPE, which has no unknown symbol and restores every text exactly."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from recur.codecs.files import field
from recur.codecs.tokens import (
    BOS_ID,
    EOS_ID,
    PAD_ID,
    RESERVED,
    UNK_ID,
    TokenCodec,
    ids_of,
    joined_text,
    raw_vocabulary,
)
from recur.codecs.traits import IdTraits, TextTraits
from recur.config import DataConfig
from recur.errors import ConfigError

_SMALLEST = 256 + len(RESERVED)


class SubwordsCodec(TokenCodec):
    """A text as frequent pieces of its UTF-8 bytes (byte-pair encoding, Sennrich 2016; bytes, Radford 2019).

    Parameters
    ----------
    size : int
        Largest vocabulary, the 256 bytes and the four reserved ids included.
    lower : bool
        Lower-case everything.
    min_count : int
        Pairs seen less often are not merged.
    """

    kind = "subwords"
    text = TextTraits("subword")
    ids = IdTraits(PAD_ID, UNK_ID, BOS_ID, EOS_ID, by_frequency=True, next_item=True)

    def __init__(self, *, size: int = 8000, lower: bool = False, min_count: int = 2) -> None:
        super().__init__()
        if size < _SMALLEST:
            raise ConfigError(
                f"max_vocab is {size}; subwords need at least {_SMALLEST} (the 256 bytes and 4 reserved ids)",
                hint=f"--max-vocab {_SMALLEST} or more, or --input-codec characters",
            )
        self.lower = lower
        self.min_count = min_count
        self._largest = size

    @classmethod
    def configured(cls, data: DataConfig, **_: Any) -> SubwordsCodec:
        return cls(size=data.text.max_vocab or 8000, lower=data.text.lower, min_count=data.text.min_count)

    def fit(self, values: Iterable[Any]) -> SubwordsCodec:
        """Learn the merges from the texts."""
        tokenizer = Tokenizer(models.BPE())
        if self.lower:
            tokenizer.normalizer = normalizers.Lowercase()
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=self._largest,
            min_frequency=max(self.min_count, 2),
            special_tokens=list(RESERVED),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        tokenizer.train_from_iterator((joined_text(value) for value in values), trainer)
        # a "<eos>" that is in the text is five characters, not the end: the reserved ids match no text
        plain = json.loads(tokenizer.to_str())
        plain["added_tokens"] = []
        self._take(Tokenizer.from_str(json.dumps(plain)))
        return self

    def _take(self, tokenizer: Tokenizer) -> None:
        """Adopt a tokenizer and work out what each piece looks like."""
        raw = raw_vocabulary(tokenizer)
        byte_of = _byte_of_symbol()
        self._adopt(tokenizer, [*RESERVED, *(_readable(piece, byte_of) for piece in raw[len(RESERVED) :])])

    def encode(self, value: Any) -> np.ndarray:
        """Return the ids of the pieces, (T,) int64."""
        return np.array(self.tokenizer.encode(joined_text(value), add_special_tokens=False).ids, np.int64)

    def encode_many(self, values: Any) -> list[np.ndarray]:
        """Return the ids of many values."""
        texts = [joined_text(value) for value in values]
        batch = self.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        return [np.array(each.ids, np.int64) for each in batch]

    def decode(self, array: Any) -> str:
        """Return the text; reserved ids are left out, bytes that are not UTF-8 become U+FFFD."""
        ids = [index for index in ids_of(array) if index >= len(RESERVED)]
        for index in ids:
            self.token(index)
        return str(self.tokenizer.decode(ids, skip_special_tokens=False)) if ids else ""

    def tokens(self, value: Any) -> list[str]:
        """Return the pieces, each with the space before it; part of a character reads ``<0xE2>``."""
        return [self.vocabulary[index] for index in self.encode(value)]

    def typed_form(self) -> dict[str, Any] | None:
        merges = json.loads(self.tokenizer.to_str())["model"]["merges"]
        return {
            "kind": "subwords", "vocabulary": self.vocabulary, "lower": self.lower,
            "pieces": raw_vocabulary(self.tokenizer),
            "merges": [pair if isinstance(pair, str) else " ".join(pair) for pair in merges],
        }  # fmt: skip

    def _state(self) -> dict[str, Any]:
        return {**super()._state(), "lower": self.lower}

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> SubwordsCodec:
        codec = cls(lower=field(state, "lower", bool, path))
        codec._take(cls._read_tokenizer(state, path))
        codec.check_size(state, path)
        return codec


def _byte_of_symbol() -> dict[str, int]:
    """Return the byte that each symbol of a byte-level vocabulary stands for (Radford 2019, encoder.py).

    Printable bytes stand for themselves; the others take the code points from 256 on, in their order.
    """
    shown = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    hidden = [byte for byte in range(256) if byte not in set(shown)]
    return {chr(byte): byte for byte in shown} | {chr(256 + i): byte for i, byte in enumerate(hidden)}


def _readable(piece: str, byte_of: dict[str, int]) -> str:
    """Return a piece as text, or its bytes in brackets where they are no whole characters."""
    raw = bytes(byte_of[symbol] for symbol in piece)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(f"<0x{byte:02X}>" for byte in raw)
