"""Texts that are read by character: languages without spaces between words, and lists of names."""

from __future__ import annotations

import re
from collections.abc import Iterable

# Han, Hiragana and Katakana; Thai, Lao, Tibetan, Burmese and Khmer
_HAN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_OTHER = re.compile("[\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff]")
_LETTER = re.compile(r"[^\W\d_]")
_PUNCTUATION = re.compile("[\u3000-\u303f\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]")
_WORD = {_HAN: 2.5, _OTHER: 7.0}  # characters between spaces from which these are no words


_LEAST_NAMES = 10
_NAME = re.compile(r"[^\W\d_]+(?:['\u2019.-][^\W\d_]+)*\.?")


def is_list_of_names(lines: Iterable[str]) -> bool:
    """Return whether every line is one word of letters, and few are repeated; words of running text have other signs.

    >>> is_list_of_names(f"Ann{'abcdefghij'[place]}" for place in range(10)), is_list_of_names(["the", "cat", "."] * 9)
    (True, False)
    """
    words = [line.strip() for line in lines if line.strip()]
    return len(set(words)) > max(_LEAST_NAMES - 1, len(words) / 4) and all(map(_NAME.fullmatch, words))


def is_unspaced(texts: Iterable[str]) -> bool:
    """Return whether texts are in a script without spaces, and were not divided into words by spaces.

    >>> is_unspaced(["我爱北京天安门。"]), is_unspaced(["我 爱 北京 天安门 。"]), is_unspaced(["I love Beijing"])
    (True, False, False)
    """
    whole = " ".join(texts)
    letters = len(_LETTER.findall(whole))
    for script, longest in _WORD.items():
        count = len(script.findall(whole))
        if count > 0.5 * max(1, letters):
            pieces = _PUNCTUATION.sub(" ", whole).split() if script is _OTHER else whole.split()
            own = [len(piece) for piece in pieces if script.search(piece)]
            return sum(own) > longest * len(own)
    return False
