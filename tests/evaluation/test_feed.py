"""Rows by number: kept or encoded again, cut, named, and in the same order for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from recur.data import Example
from recur.errors import DataError
from recur.evaluation.feed import RowFeed, Rows
from recur.modes import Mode
from tests.modes.helpers import LABELS, TAGS, TEXTS, build

WORDS = [
    Example(text, label, f"rows.csv:{line}") for line, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True), 2)
]


def classes() -> Mode:
    return build("many-to-one", "words", "class")


@pytest.mark.parametrize("keep", [0, 250, 10**9], ids=["none kept", "some kept", "all kept"])
def test_rows_are_the_same_whether_they_are_kept_or_not(keep: int) -> None:
    mode = classes()
    rows = Rows(mode, WORDS, keep=keep)
    assert len(rows) == 4
    for index, example in enumerate(WORDS):
        expected = mode.encode(example)
        assert expected.input is not None
        given = rows[index].input
        assert given is not None
        assert given.tolist() == expected.input.tolist()
        assert rows[index].target.tolist() == expected.target.tolist()
    assert rows.steps.tolist() == [len(text.split()) for text in TEXTS]


def test_only_rows_beyond_the_memory_are_encoded_again() -> None:
    mode = classes()
    first, again = Rows(mode, WORDS, keep=10**9), Rows(mode, WORDS, keep=0)
    assert first[0] is first[0]
    assert again[0] is not again[0]


def test_long_sequences_are_cut_and_one_that_is_written_still_ends() -> None:
    written = build("many-to-many", "words", "tags")
    assert written.symbols is not None
    [row] = Rows(written, [Example(TEXTS[2], TAGS[2], "a:1")], max_length=3)
    full = written.encode(Example(TEXTS[2], TAGS[2], "a:1"))
    assert row.input is not None
    assert full.input is not None
    assert row.input.tolist() == full.input[:3].tolist()
    assert row.target.tolist() == [*full.target[:2], written.symbols.end]


def test_a_sequence_that_is_short_enough_and_values_without_time_are_not_cut() -> None:
    mode = classes()
    [row] = Rows(mode, WORDS[1:2], max_length=2)
    assert row.input is not None
    assert len(row.input) == 2
    numbers = build("one-to-one", "numbers", "class")
    [row] = Rows(numbers, [Example((1.0, 20.0), "yes", "a:1")], max_length=1)
    assert row.input is not None
    assert len(row.input) == 2


def test_a_row_that_cannot_be_encoded_is_named() -> None:
    with pytest.raises(DataError, match=r"rows\.csv:9"):
        Rows(classes(), [Example("the cat", "maybe", "rows.csv:9")])


def test_without_a_seed_rows_are_in_order_of_length_and_as_they_are() -> None:
    mode = classes()
    feed = RowFeed(mode, Rows(mode, WORDS), 3)
    assert len(feed) == 2
    assert feed.where(5, 0) == ["rows.csv:5", "rows.csv:3", "rows.csv:2"]
    assert feed.where(0, 1) == ["rows.csv:4"]
    lengths = feed.batch(0, 0).input_lengths
    assert lengths is not None
    assert lengths.tolist() == [1, 2, 3]


def test_the_same_batch_of_an_epoch_is_the_same_rows_whatever_was_asked_between() -> None:
    mode = classes()
    feed, other = (RowFeed(mode, Rows(mode, WORDS), 2, seed=3, bucket=False) for _ in range(2))
    first = [feed.where(0, index) for index in range(2)]
    later = [feed.where(7, index) for index in range(2)]
    assert [feed.where(0, index) for index in range(2)] == first
    assert [other.where(7, index) for index in range(2)] == later
    assert sorted(place for batch in later for place in batch) == [row.where for row in WORDS]
    orders = {str([feed.where(epoch, index) for index in range(2)]) for epoch in range(9)}
    assert len(orders) > 1


def test_training_rows_vary_by_seed_epoch_and_row_and_rows_to_measure_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    mode, seen = classes(), list[tuple[int, ...]]()

    def vary(row: object, *seed: int) -> object:
        seen.append(seed)
        return row

    monkeypatch.setattr(mode, "vary", vary)
    RowFeed(mode, Rows(mode, WORDS), 9).batch(0, 0)
    assert seen == []
    RowFeed(mode, Rows(mode, WORDS), 9, seed=3).batch(2, 0)
    assert sorted(seen) == [(3, 2, row) for row in range(4)]


def test_all_rows_are_given_once_for_counting() -> None:
    mode = classes()
    targets = [int(row.target) for row in RowFeed(mode, Rows(mode, WORDS), 2, seed=1).encoded()]
    assert targets == [int(np.asarray(mode.encode(row).target)) for row in WORDS]
