"""Word boundaries: which symbols of a text spell words, and which end them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from recur.codecs import Codec

INNER = "'’-_"  # signs that are allowed inside a word, but not at its ends
_BYTES = re.compile(r"(<0x[0-9A-F]{2}>)+")
_FIRST_BYTE = re.compile(r"<0x([0-7][0-9A-F])>")


@dataclass(frozen=True)
class Spelling:
    """The role of each symbol of a codec in the spelling of words; all arrays are (V,) bool.

    Attributes
    ----------
    single : bool
        Whether symbols are single characters; otherwise a piece carries the space before it.
    has_space : bool
        Whether the vocabulary has a space.
    inside : ndarray
        Symbols that continue a word.
    boundary : ndarray
        Symbols that a word ends before: white space, signs, the end of the text.
    spaces : ndarray
        Symbols that begin with white space.
    starts : ndarray
        Pieces that are a space and the beginning of a word, and the space alone, which letters may follow.
    """

    single: bool
    has_space: bool
    inside: np.ndarray
    boundary: np.ndarray
    spaces: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, codec: Codec) -> Spelling:
        """Return the roles of the symbols of a codec of characters or subwords."""
        vocabulary, end = codec.vocabulary, codec.ids.eos
        reserved = {codec.ids.pad, codec.ids.unk, codec.ids.bos, codec.ids.eos}
        size = len(vocabulary)
        inside, boundary, spaces, starts = (np.zeros(size, dtype=bool) for _ in range(4))
        for index, piece in enumerate(vocabulary):
            if index in reserved:
                boundary[index] = index == end
                continue
            piece = _shown(piece)
            spaces[index] = piece[:1].isspace()
            inside[index] = _spells(piece)
            boundary[index] = not inside[index]
            starts[index] = piece == " " or (spaces[index] and _spells(piece[1:]))
        return cls(codec.splits_into("character"), " " in vocabulary, inside, boundary, spaces, starts)


def in_word(character: str) -> bool:
    """Return whether a character can be in a word: letters, marks, digits, and the signs of `INNER`."""
    return character.isalnum() or character in INNER or unicodedata.category(character).startswith("M")


def is_word(text: str) -> bool:
    """Return whether a text has a letter or a digit, and is not a reserved name such as <unk>."""
    return any(map(str.isalnum, text)) and not (text.startswith("<") and text.endswith(">"))


def trimmed(word: str) -> str:
    """Return the word without spaces and signs around it."""
    return word.strip().strip(INNER)


def last_word(line: str) -> tuple[str, str] | None:
    """Divide a line into the text before its last word, and that word; None when it has none."""
    end = len(line)
    while end and not (line[end - 1].isalnum() or unicodedata.category(line[end - 1]).startswith("M")):
        end -= 1
    start = end
    while start and in_word(line[start - 1]):
        start -= 1
    while start < end and line[start] in INNER:
        start += 1
    return (line[:start], line[start:end]) if is_word(line[start:end]) else None


def _spells(piece: str) -> bool:
    """Return whether a piece spells a word: its first character decides; bytes of half a character are letters."""
    return bool(piece) and (in_word(piece[0]) or _BYTES.fullmatch(piece) is not None)


def _shown(piece: str) -> str:
    """Return a piece of bytes with its first byte decoded, where that is ASCII: a space before half a letter is one."""
    first = _FIRST_BYTE.match(piece) if _BYTES.fullmatch(piece) else None
    return chr(int(first[1], 16)) + piece[first.end() :] if first else piece
