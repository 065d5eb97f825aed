"""The base of words, characters and subwords: a vocabulary with four reserved ids."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from tokenizers import Tokenizer

from recur.atomic import write_bytes
from recur.codecs.bounds import check_characters
from recur.codecs.codec import Codec
from recur.codecs.files import LARGEST_TOKENIZER, check_size, digest, field, read_text
from recur.codecs.plain_text import shorten, to_text
from recur.errors import DataError, RunError

PAD, UNK, BOS, EOS = "<pad>", "<unk>", "<bos>", "<eos>"
RESERVED = (PAD, UNK, BOS, EOS)
PAD_ID, UNK_ID, BOS_ID, EOS_ID = range(4)


class TokenCodec(Codec):
    """A text as a sequence of ids out of a vocabulary.

    Ids 0 to 3 are reserved: padding, unknown, beginning, end. The others follow by falling frequency
    (characters: by code point). `encode` adds no beginning and no end: the mode does, where it needs them.
    """

    discrete = True
    sequence = True
    medium: ClassVar[str] = "text"
    fits_in_cell: ClassVar[bool] = True
    lower: bool

    def __init__(self) -> None:
        self.size = 0
        self.vocabulary: list[str] = []
        self._ids: dict[str, int] = {}
        self._tokenizer: Tokenizer | None = None

    def _adopt(self, tokenizer: Tokenizer, vocabulary: list[str]) -> None:
        """Take a finished tokenizer; ``vocabulary[i]`` is the text shown for id i."""
        self._tokenizer = tokenizer
        self.vocabulary = vocabulary
        self.size = len(vocabulary)
        self._ids = {token: index for index, token in enumerate(vocabulary)}

    @property
    def tokenizer(self) -> Tokenizer:
        """The HF tokenizer underneath."""
        if self._tokenizer is None:
            raise self._not_fitted("vocabulary")
        return self._tokenizer

    def token(self, index: int) -> str:
        """Return the token of an id.

        Raises
        ------
        DataError
            When the vocabulary has no such id.
        """
        if not 0 <= int(index) < self.size:
            raise DataError(f"id {int(index)} is outside the vocabulary of {self.size:,} {self.kind}")
        return self.vocabulary[int(index)]

    def id(self, token: str) -> int:
        """Return the id of a token, ``ids.unk`` when the vocabulary does not have it."""
        return self._ids.get(token, UNK_ID)

    @abstractmethod
    def tokens(self, value: Any) -> list[str]:
        """Return the pieces of a value, aligned with `encode`."""

    def encode_many(self, values: Sequence[Any]) -> list[np.ndarray]:
        """Return the ids of many values, as `encode` gives them one by one."""
        return [self.encode(value) for value in values]

    def unknown(self, value: Any) -> list[str]:
        """Return the pieces of a text that are not in the vocabulary, in their order, each once."""
        if not isinstance(value, str):
            return []
        ids, pieces = np.asarray(self.encode(value)), self.tokens(value)
        if ids.ndim != 1 or len(ids) != len(pieces):
            return []
        unknown = (piece for piece, index in zip(pieces, ids.tolist(), strict=True) if index == UNK_ID)
        return list(dict.fromkeys(unknown))

    def unknown_steps(self, value: Any) -> np.ndarray:
        """Return for each step whether it is unknown, (T,) bool."""
        unknown: np.ndarray = self.encode(value) == UNK_ID
        return unknown

    def unknown_rate(self, value: Any) -> float:
        """Return the share of steps that are unknown, 0 for an empty text."""
        unknown = self.unknown_steps(value)
        return float(np.mean(unknown)) if unknown.size else 0.0

    def content_key(self, value: Any) -> Any:
        """Return a text without regard to white space, and to capital letters where they are not read."""
        text = super().content_key(value)
        return text.lower() if self.lower and isinstance(text, str) else text

    def whole_document(self) -> dict[str, Any]:
        """Return the document with the vocabulary and the tokenizer, which a run saves in a file of its own."""
        document = super().whole_document()
        del document["tokenizer_sha256"]
        return document | {
            "vocabulary": self.vocabulary,
            "padding": PAD_ID,
            "unknown": UNK_ID,
            "beginning": BOS_ID,
            "end": EOS_ID,
            "tokenizer": json.loads(self.tokenizer.to_str()),
        }

    def show(self, value: Any, width: int = 72) -> str:
        """Return the text on one line."""
        if isinstance(value, (list, tuple)):
            value = " ".join(map(str, value[: 4 * width]))
        return shorten(to_text(value), width)

    def describe(self) -> str:
        """Return the kind and the size of the vocabulary."""
        return f"{self.kind}: vocabulary {self.size:,}"

    def save(self, folder: Path, name: str) -> None:
        """Write ``name.json`` and ``name.tokenizer.json``, which HF tokenizers opens."""
        path, content = Path(folder) / f"{name}.tokenizer.json", (self.tokenizer.to_str(pretty=True) + "\n").encode()
        check_size(path, len(content), LARGEST_TOKENIZER)
        write_bytes(path, content)
        super().save(folder, name)

    def _state(self) -> dict[str, Any]:
        """Return the size and the fingerprint of the tokenizer's file."""
        text = self.tokenizer.to_str(pretty=True) + "\n"
        return {"size": self.size, "tokenizer_sha256": digest(text)}

    @staticmethod
    def _read_tokenizer(state: dict[str, Any], path: Path) -> Tokenizer:
        """Return the tokenizer beside ``path``, after comparing its fingerprint and its first ids."""
        beside = path.with_name(path.name.removesuffix(".json") + ".tokenizer.json")
        text = read_text(beside)
        if digest(text) != field(state, "tokenizer_sha256", str, path):
            raise RunError(f"{beside} was altered or cut short: {path.name} has another fingerprint for it")
        try:
            tokenizer = Tokenizer.from_str(text)
        except Exception as error:  # HF tokenizers raises the bare class
            raise RunError(f"{beside} is not a tokenizer that this version can read: {error}") from error
        if tuple(raw_vocabulary(tokenizer)[: len(RESERVED)]) != RESERVED:
            raise RunError(f"{path} is damaged: its tokenizer does not begin with {', '.join(RESERVED)}")
        return tokenizer

    def check_size(self, state: dict[str, Any], path: Path) -> None:
        """Refuse a state whose size is not the tokenizer's."""
        if field(state, "size", int, path) != self.size:
            raise RunError(f"{path} is damaged: it says {state['size']} tokens, not {self.size}")


def ids_of(array: Any) -> list[int]:
    """Return ids in an array, or anything that converts to one, as a list."""
    ids = np.asarray(array)
    if ids.size and not np.issubdtype(ids.dtype, np.integer):
        raise DataError(f"expected ids (whole numbers), got an array of {ids.dtype}")
    return [int(index) for index in ids.reshape(-1)]


def joined_text(value: Any) -> str:
    """Return a text, or words joined by spaces; one of more characters than a value may have is refused."""
    return check_characters(" ".join(map(to_text, value)) if isinstance(value, (list, tuple)) else to_text(value))


def raw_vocabulary(tokenizer: Tokenizer) -> list[str]:
    """Return the tokenizer's tokens in the order of their ids."""
    vocabulary = tokenizer.get_vocab(with_added_tokens=False)
    if sorted(vocabulary.values()) != list(range(len(vocabulary))):
        raise RunError("the tokenizer's ids are not 0, 1, 2, ... without a gap")
    return sorted(vocabulary, key=vocabulary.__getitem__)


def with_reserved(tokens: Iterable[str], largest: int | None, kind: str) -> dict[str, int]:
    """Return token -> id with the four reserved ids first, cut to ``largest`` ids in all.

    Raises
    ------
    DataError
        When no token is left.
    """
    usable = [token for token in tokens if token not in RESERVED]
    if largest is not None:
        usable = usable[: max(largest - len(RESERVED), 0)]
    if not usable:
        raise DataError(
            f"no {kind} are left for the vocabulary: no text, or min_count and max_vocab leave nothing",
            hint="give text with at least one symbol, a smaller min_count or a max_vocab above 4",
        )
    return {token: index for index, token in enumerate([*RESERVED, *usable])}
