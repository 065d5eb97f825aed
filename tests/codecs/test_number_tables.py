"""Raw values as tables: series and rows, steps that do not fit, the step of an error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recur.codecs import (
    NumbersCodec,
)
from recur.errors import DataError


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("abc", '"abc" is not a number'),
        ("1_000", '"1_000" is not a number'),
        ("inf", "finite"),
        (np.inf, "finite"),
        (np.array([np.inf]), "finite"),
        (10**400, "a whole number of 1,329 bits"),
        ([1.0, -(10**400)], "a whole number of 1,329 bits"),
        ([1, 2], "expected 1 numbers"),
        ({"a": 1}.keys(), "expected a number, found dict_keys"),
    ],
)
def test_what_is_no_number_is_refused(value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        NumbersCodec(sequence=False).fit([1.0, 2.0, value])


@pytest.mark.parametrize(
    "value",
    [[[1], 2], [[[1], 2]], [[[[1]]]], [{}], [[None, "x"]], b"1", {"a": [1]}, [[1, 2], [3]], "9" * 5000, object(),
     [np.zeros((2, 2)), 1], np.array([[1, {}], [2, 3]], object), 10**400, [float("inf")]],
)  # fmt: skip
def test_values_that_are_no_series_are_refused_with_a_sentence(value: Any) -> None:
    codec = NumbersCodec(sequence=True).fit([[1.0, 2.0, 4.0]])
    with pytest.raises(DataError) as caught:
        codec.encode(value)
    assert len(caught.value.message) < 300


@pytest.mark.parametrize(
    ("value", "shape"), [([1, 2, 3], (3, 1)), ([[1], [2]], (2, 1)), ("1, 2", (2, 1)), ("[1 2 3]", (3, 1)), ([], (0, 1)),
                         (4, (1, 1)), (np.arange(3), (3, 1))],
)  # fmt: skip
def test_a_series_of_one_column_is_one_number_a_step(value: Any, shape: tuple[int, int]) -> None:
    assert NumbersCodec(sequence=True).fit([[0.0, 1.0]]).encode(value).shape == shape


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([[1, 2], [1]], "steps have different numbers of columns: 1 and 2"),
        ([1, 2, 3], "expected 2 numbers .a, b., found 3"),
        ([[1, 2, 3]], "expected 2 numbers \\(a, b\\), found 3"),
        (np.zeros((1, 2, 2)), "expected steps by columns, found numbers of shape"),
        ([[1, "x"]], 'column "b": "x" is not a number'),
        (np.array([[1.0, np.inf]]), 'an infinite one in column "b"'),
    ],
)  # fmt: skip
def test_steps_that_do_not_fit_the_columns_are_refused(value: Any, said: str) -> None:
    codec = NumbersCodec(sequence=True, columns=["a", "b"]).fit([[[0, 0], [1, 1]]])
    with pytest.raises(DataError, match=said):
        codec.encode(value)


@pytest.mark.parametrize("value", [[[1, 2], [3, None]], [[1, 2], [3, "x"]], np.array([[1.0, 2.0], [np.inf, 1.0]])])
def test_an_error_knows_its_step(value: Any) -> None:
    codec = NumbersCodec(sequence=True, columns=["a", "b"]).fit([[[0, 0], [1, 1]]])
    with pytest.raises(DataError) as caught:
        codec.encode(value)
    assert caught.value.step == 1
