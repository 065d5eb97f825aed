"""The codec of numbers: standardised, back in their units, missing ones filled or refused, described."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.codecs import (
    NumbersCodec,
)
from recur.errors import DataError
from tests.tolerances import SINGLE


def test_missing_numbers() -> None:
    rows = [[1.0, "3"], ["NA", 4], [2, None], [3.0, ""]]
    with pytest.raises(DataError, match='a number is missing in column "a"'):
        NumbersCodec(sequence=False, columns=["a", "b"]).fit(rows)
    with pytest.raises(DataError, match='a number is missing in column "b" at step 2'):
        NumbersCodec(sequence=True, columns=["a", "b"]).fit([rows[:1]]).encode(rows[0:3:2])
    mean = NumbersCodec(sequence=True, columns=["a", "b"], missing="mean").fit([rows])
    assert mean.missing_count == 3
    assert mean.decode(mean.encode(rows))[1][0] == pytest.approx(2.0)
    previous = NumbersCodec(sequence=True, columns=["a", "b"], missing="previous").fit([rows])
    assert np.array(previous.decode(previous.encode(rows)))[:, 1] == pytest.approx([3, 4, 4, 4], rel=1e-6)
    assert previous.decode(previous.encode([["", "3"]]))[0][0] == pytest.approx(2.0)


def test_units_are_kept_and_shown() -> None:
    codec = NumbersCodec(sequence=False, columns=["Temp [°C]", "Wind"]).fit([[1, 2], [3, 4]])
    assert codec.units == ["°C", ""]
    assert codec.show([1.5, 2]) == "(1.5 °C, 2)"


numbers = st.floats(-1e6, 1e6, allow_nan=False, width=32)


@given(st.integers(1, 3).flatmap(lambda c: st.lists(st.lists(numbers, min_size=c, max_size=c), min_size=2)))
def test_numbers_come_back_in_their_units(rows: list[list[float]]) -> None:
    table = np.array(rows)
    scale = max(np.abs(table).max(), 1e-6)
    single = NumbersCodec(sequence=False).fit(rows)
    for row in rows:
        assert np.abs(np.ravel(single.decode(single.encode(row))) - row).max() <= SINGLE * scale
    series = NumbersCodec(sequence=True, columns=single.columns).fit([rows, rows[:1]])
    decoded = np.reshape(series.decode(series.encode(rows)), table.shape)
    assert np.abs(decoded - table).max() <= SINGLE * scale


@pytest.mark.parametrize("value", [1e300, -1e308, np.float64(1e200)])
def test_a_number_that_no_float32_holds_is_refused_and_not_made_infinite(value: float) -> None:
    codec = NumbersCodec(sequence=False, columns=["x"]).fit([1.0, 2.0, 4.0])
    with pytest.raises(DataError, match='column "x"'):
        codec.encode(value)
    with pytest.raises(DataError, match="squares are too large"):
        NumbersCodec(sequence=False).fit([value, 1.0, -value])


def test_the_scale_is_that_of_the_training_values() -> None:
    codec = NumbersCodec(sequence=False, columns=["a", "b"]).fit([[1, 10], [3, 10]])
    assert codec.mean.tolist() == [2.0, 10.0]
    assert codec.deviation.tolist() == [1.0, 1.0]
    assert codec.encode([5, 12]).tolist() == [3.0, 2.0]
    assert codec.encode({"b": 12, "a": 5}).tolist() == [3.0, 2.0]
    assert codec.decode([3.0, 2.0]) == [5.0, 12.0]


@pytest.mark.parametrize(
    ("missing", "found"), [("mean", [0.0, 1.0, 0.0]), ("previous", [0.0, 1.0, 1.0]), ("mask", [None, 1.0, None])]
)
def test_a_missing_number_becomes_what_was_asked_for(missing: str, found: list[float | None]) -> None:
    codec = NumbersCodec(sequence=True, missing=missing).fit([[-1.0, 1.0]])
    encoded = codec.encode([None, 1.0, None])[:, 0].tolist()
    assert [None if math.isnan(each) else each for each in encoded] == found
    assert codec.fill == (0.0 if missing == "mean" else None)


def test_no_target_is_made_up() -> None:
    codec = NumbersCodec(sequence=False, missing="mean").fit([1.0, 3.0])
    assert math.isnan(codec.encode_target(None)[0])
    assert codec.encode_target(3.0).tolist() == [1.0]


@pytest.mark.parametrize("array", [np.zeros(3), np.zeros((2, 2)), np.zeros(())])
def test_an_array_of_another_width_is_not_decoded(array: np.ndarray) -> None:
    with pytest.raises(DataError, match="expected numbers of shape \\(2,\\), got"):
        NumbersCodec(sequence=False, columns=["a", "b"]).fit([[1, 2], [3, 4]]).decode(array)


@pytest.mark.parametrize(
    ("sequence", "value", "one"),
    [
        (True, [1, 2], True), (True, [[1], [2]], False), (True, np.arange(3), True), (True, [], False),
        (False, [1, 2], False),
        (True, "12", False),
    ],
)  # fmt: skip
def test_a_list_of_numbers_is_one_series(sequence: bool, value: Any, one: bool) -> None:
    assert NumbersCodec(sequence=sequence).is_one_value(value) is one


@pytest.mark.parametrize(("first", "second"), [("1.50", 1.5), ([" 2"], [2.0]), (np.array([1]), np.array([1.0]))])
def test_equal_numbers_have_equal_contents(first: Any, second: Any) -> None:
    codec = NumbersCodec(sequence=False)
    assert codec.content_key(first) == codec.content_key(second)
    assert codec.content_key("x") == "x"


def test_columns_are_described_with_mean_and_deviation() -> None:
    codec = NumbersCodec(sequence=False, columns=["a"]).fit([1, 3])
    assert codec.describe() == "numbers: 1 column (a 2 ± 1)"
    assert codec.column_labels(np.array([1.0])) == ["a 3"]
