"""Which rows are held out to choose on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.data.examples.split import (
    at_the_end,
    by_hash,
    by_threshold,
    of_a_text,
    share,
    share_of_a_text,
    value_hash,
)
from recur.data.readers.text import TextTable
from tests.data.reading import refused, written


@given(
    st.lists(st.integers(0, 30), min_size=2, max_size=80).filter(lambda values: len(set(values)) > 1),
    st.floats(0.01, 0.99),
)
def test_equal_inputs_are_on_one_side_and_neither_side_is_empty(values: list[int], fraction: float) -> None:
    train, dev = by_hash(len(values), fraction, 0, values.__getitem__, None)
    assert sorted([*train, *dev]) == list(range(len(values)))
    assert len(train) > 0 < len(dev)
    assert not {values[row] for row in train} & {values[row] for row in dev}
    assert list(train) == sorted(train)
    assert list(dev) == sorted(dev)


def test_a_share_of_every_class_is_held_out() -> None:
    train, dev = by_hash(1000, 0.1, 0, lambda row: row, lambda row: row % 10 == 0)
    assert (len(train), len(dev)) == (900, 100)
    assert sum(row % 10 == 0 for row in dev) == 10


def test_the_rows_do_not_depend_on_their_order_and_depend_on_the_seed() -> None:
    forward = by_hash(100, 0.2, 0, lambda row: row, None)[1]
    backward = by_hash(100, 0.2, 0, lambda row: 99 - row, None)[1]
    assert sorted(99 - backward) == list(forward)
    assert list(by_hash(100, 0.2, 1, lambda row: row, None)[1]) != list(forward)


def test_a_label_that_only_one_row_has_is_learned_from() -> None:
    labels = ["rare" if row in (3, 4) else "often" for row in range(40)]
    for seed in range(8):
        train, _ = by_hash(40, 0.3, seed, lambda row: row, None, lambda row: {(1, labels[row] + str(row) * (row == 3))})
        assert 3 in train


@pytest.mark.parametrize(
    ("count", "input_of", "said"),
    [
        (0, str, "there are no rows to learn from"), (1, str, "there is one row: expected at least two different ones"),
        (5, lambda _: "same", "there are 5 rows with the same input"),
    ],
)  # fmt: skip
def test_rows_that_cannot_be_divided_are_refused(count: int, input_of: Callable[[int], Any], said: str) -> None:
    error = refused(lambda: by_hash(count, 0.1, 0, input_of, None))
    assert said in error.message
    assert error.hint == "add rows, or give hold-out rows in their own file: --dev FILE"


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("a", "a", True), ("a", "b", False), ("1", 1, False), (np.arange(3), np.arange(3), True),
        ((1, 2), [1, 2], False),
        (np.arange(6), np.arange(6).reshape(2, 3), False), (np.zeros(2000), np.r_[np.zeros(1999), 1], False),
    ],
)  # fmt: skip
def test_equal_values_have_equal_hashes(first: Any, second: Any, same: bool) -> None:
    assert (value_hash(first) == value_hash(second)) is same
    assert 0 <= value_hash(first) < 2**63
    assert value_hash(first, 1) != value_hash(first, 2)


def test_the_hash_of_a_value_is_the_same_on_every_machine() -> None:
    assert value_hash("a") == int.from_bytes(hashlib.blake2b(b"0 'a'", digest_size=8).digest(), "big") >> 1


@pytest.mark.parametrize(
    ("count", "fraction", "least", "place"),
    [(100, 0.1, 1, 90), (10, 0.01, 1, 9), (10, 0.1, 4, 6), (2, 0.9, 1, None), (5, 0.1, 3, None)],
)
def test_the_end_of_a_series_has_at_least_some_steps(
    count: int, fraction: float, least: int, place: int | None
) -> None:
    if place is not None:
        assert at_the_end(count, fraction, least) == place
    else:
        assert f"expected at least {2 * least}" in refused(lambda: at_the_end(count, fraction, least)).message


@pytest.mark.parametrize(
    ("held", "total", "asked", "said"),
    [(10, 100, 0.1, "10 %"), (1, 9, 0.1, "11.1 % (1 of 9)"), (0, 0, 0.1, "0 % (0 of 0)"), (1000, 10_000, 0.1, "10 %")],
)
def test_the_real_share_is_said_where_it_is_another(held: int, total: int, asked: float, said: str) -> None:
    assert share(held, total, asked) == said


def test_the_end_of_a_text_is_its_last_bytes(tmp_path: Path) -> None:
    table = TextTable(written(tmp_path / "a.txt", "x\n" * 50 + "y" * 99 + "\n"))
    assert of_a_text(table, 0.5) == 50
    assert share_of_a_text(table, 50, 0.5) == "50 %"
    assert of_a_text(table, 0.001) == len(table) - 1
    assert of_a_text(table, 0.999) == 1


def test_one_line_is_no_text_to_divide(tmp_path: Path) -> None:
    table = TextTable(written(tmp_path / "a.txt", "alone\n"))
    assert "has one line; expected at least two" in refused(lambda: of_a_text(table, 0.1)).message


@given(
    st.lists(st.integers(0, 60), min_size=2, max_size=120).filter(lambda values: len(set(values)) > 1),
    st.floats(0.01, 0.99), st.integers(1, 6),
)  # fmt: skip
def test_a_threshold_keeps_equal_inputs_on_one_side_and_every_label_in_training(
    values: list[int], fraction: float, classes: int
) -> None:
    def labels_of(row: int) -> set[tuple[int, str]]:
        return {(1, str(values[row] % classes))}

    train, dev = by_threshold(len(values), fraction, 0, values.__getitem__, labels_of)
    assert sorted([*train, *dev]) == list(range(len(values)))
    assert len(train) > 0 < len(dev)
    assert not {values[row] for row in train} & {values[row] for row in dev}
    learned = set().union(*(labels_of(row) for row in train))
    alone = set().union(*(labels_of(row) for row in dev)) - learned
    # where every input has a label that no other has, one is held out nevertheless
    assert not alone or len({label for row in range(len(values)) for label in labels_of(row)}) == len(set(values))


def test_a_threshold_holds_out_the_same_rows_whatever_rows_come_before() -> None:
    values = list(range(2000))
    _, dev = by_threshold(2000, 0.1, 7, values.__getitem__)
    _, later = by_threshold(1000, 0.1, 7, values[1000:].__getitem__)
    assert 150 < len(dev) < 250
    assert [row for row in dev.tolist() if row >= 1000] == [row + 1000 for row in later.tolist()]
