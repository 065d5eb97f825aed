"""Detokenization: spaces between words and punctuation, learned from the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

_LEFT = frozenset(".,;:!?)]}%…”»\u2019") | {"..", "..."}
_RIGHT = frozenset("([{“«$£€#¿¡\u2018")
_PAIRS = frozenset("\"'")
_TAIL = 8

Splitter = Callable[[str], list[tuple[str, Any]]]


@dataclass(frozen=True)
class Spacing:
    """Punctuation that is written without a space before or after it.

    Attributes
    ----------
    left : frozenset of str
        Signs with no space before them.
    right : frozenset of str
        Signs with no space after them.
    pairs : frozenset of str
        Signs that open and close in turn, such as straight quotation marks.
    """

    left: frozenset[str] = _LEFT
    right: frozenset[str] = _RIGHT
    pairs: frozenset[str] = _PAIRS

    @classmethod
    def learn(cls, texts: Iterable[str], split: Splitter) -> Spacing:
        """Count on which sides each sign touches a word; signs that do not occur keep their defaults."""
        seen, before, after = Counter[str](), Counter[str](), Counter[str]()
        for text in texts:
            for sign, (start, end) in split(text):
                if is_sign(sign):
                    # a sign at the beginning or the end of the text has one neighbour and counts half
                    seen[sign] += 2
                    before[sign] += 1 if start == 0 else 2 * (not text[start - 1].isspace())
                    after[sign] += 1 if end == len(text) else 2 * (not text[end].isspace())
        left, right, pairs = set(_LEFT - set(seen)), set(_RIGHT - set(seen)), set(_PAIRS - set(seen))
        for sign, count in seen.items():
            lefts, rights = before[sign] / count, after[sign] / count
            if sign in _PAIRS and abs(lefts - rights) < 0.4:
                pairs.add(sign)
                continue
            if lefts > 0.5:
                left.add(sign)
            if rights > 0.5:
                right.add(sign)
        return cls(frozenset(left), frozenset(right), frozenset(pairs))

    def join(self, words: list[str], split: Splitter) -> str:
        """Join words into text that splits into the same words."""
        chunks: list[list[str]] = []
        open_pairs: set[str] = set()
        holds = False
        for word in words:
            attach = holds or word in self.left
            holds = word in self.right
            if word in self.pairs:
                closing = word in open_pairs
                open_pairs ^= {word}
                attach, holds = attach or closing, not closing
            # only the last tokens can change when a word is added: abbreviations and numbers join at most four
            if attach and chunks and self._splits_back([*chunks[-1][-_TAIL:], word], split):
                chunks[-1].append(word)
            else:
                chunks.append([word])
        return " ".join(map("".join, chunks))

    @staticmethod
    def _splits_back(words: list[str], split: Splitter) -> bool:
        """Return whether the joined words are split as before (``don ' t`` would become one)."""
        return [word for word, _ in split("".join(words))] == words

    def state(self) -> dict[str, list[str]]:
        """Return the three sets as JSON."""
        return {"left": sorted(self.left), "right": sorted(self.right), "pairs": sorted(self.pairs)}


def is_sign(word: str) -> bool:
    """Return whether a token has no letter and no digit, and is not a reserved name."""
    return not any(map(str.isalnum, word))
