"""Counts of words in bounded memory: exact while the words fit, else with a stated error.

When there are more than ``most`` different words, those with the smallest counts are removed until half of ``most``
are left. A word that comes back begins at one, so that every count is too low by at most ``error``, the sum of the
largest counts that were removed; a word with a true count above ``error`` is always there.

Source: Manku & Motwani 2002, "Approximate frequency counts over data streams", lossy counting, with removals by
size in place of by position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

MOST_WORDS = 1_000_000
"""Different words that are counted exactly: about 150 MB."""


class WordCounts:
    """Counts words.

    Parameters
    ----------
    most : int
        Different words in memory.

    Attributes
    ----------
    counts : Counter
    error : int
        By how much a count may be too low; 0 where all words fitted.

    Examples
    --------
    >>> counted = WordCounts(most=4)
    >>> counted.add("a a a b b c d e".split()); counted.ranked(1), counted.error
    (['a', 'b'], 1)
    """

    def __init__(self, most: int = MOST_WORDS) -> None:
        self.most, self.error = most, 0
        self.counts: Counter[str] = Counter()

    def add(self, words: Iterable[str]) -> None:
        """Count words."""
        self.counts.update(words)
        if len(self.counts) > self.most:
            self._prune()

    def _prune(self) -> None:
        by_count = Counter(self.counts.values())
        left, removed = len(self.counts), 0
        for count in sorted(by_count):
            if left <= self.most // 2 or left == by_count[count]:
                break
            left, removed = left - by_count[count], count
        self.counts = Counter({word: count for word, count in self.counts.items() if count > removed})
        self.error += removed

    def ranked(self, least: int) -> list[str]:
        """Return the words that were counted ``least`` times or more, by falling frequency, then by spelling."""
        counts = self.counts
        return sorted(
            (word for word, count in counts.items() if count >= least), key=lambda word: (-counts[word], word)
        )
