"""Counts in bounded memory: exact while they fit, then too low by at most what is stated."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from recur.codecs.word_counts import WordCounts


@given(st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=40), st.integers(2, 50))
def test_counts_are_too_low_by_at_most_the_error_and_frequent_words_are_there(
    chunks: list[list[int]], most: int
) -> None:
    counted = WordCounts(most)
    true: Counter[str] = Counter()
    for chunk in chunks:
        words = [str(each) for each in chunk]
        counted.add(words)
        true.update(words)
        assert len(counted.counts) <= most or len(set(counted.counts.values())) == 1
    for word, count in true.items():
        assert count - counted.error <= counted.counts[word] <= count
    if len(true) <= most:
        assert counted.error == 0
        assert counted.counts == true


def test_words_are_ranked_by_count_then_by_spelling() -> None:
    counted = WordCounts()
    counted.add(["b", "a", "c", "a", "b", "d"])
    assert (counted.ranked(1), counted.ranked(2)) == (["a", "b", "c", "d"], ["a", "b"])
