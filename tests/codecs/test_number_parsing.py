"""Raw values as numbers; what is no number is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.codecs.number_parsing import number, plain_numbers, split_numbers
from recur.codecs.number_style import NumberStyle, OffStyle
from recur.errors import DataError


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("3.5", 3.5), (" -1e3 ", -1000.0), (7, 7.0), (True, 1.0), (np.float32(0.5), 0.5), (np.bool_(False), 0.0),
        ("+2", 2.0), (".5", 0.5),
    ],
)  # fmt: skip
def test_a_raw_value_is_a_number(value: Any, found: float) -> None:
    assert number(value) == found


@pytest.mark.parametrize("value", [None, "", "  ", "NA", "nan", "NULL", "None", "?", "-", float("nan")])
def test_a_missing_value_is_nan(value: Any) -> None:
    assert math.isnan(number(value))


COMMA, POINT = NumberStyle(","), NumberStyle(".")


@pytest.mark.parametrize(
    ("style", "text", "numbers"),
    [
        (COMMA, "291,5 293,5 295,5", ["291,5", "293,5", "295,5"]), (COMMA, "291,5; 293,5", ["291,5", "293,5"]),
        (COMMA, "291,5, 293,5", ["291,5", "293,5"]), (POINT, "1,2,3", ["1", "2", "3"]),
        (POINT, "1, 2, 3", ["1", "2", "3"]), (POINT, "1.5 2.5", ["1.5", "2.5"]), (POINT, "", []),
        (NumberStyle(".", ","), "1,234 2,345.5", ["1,234", "2,345.5"]), (NumberStyle(), "7", ["7"]),
    ],
)  # fmt: skip
def test_typed_numbers_are_separated_in_the_style_of_the_run(style: NumberStyle, text: str, numbers: list[str]) -> None:
    assert split_numbers(text, style) == numbers


@pytest.mark.parametrize("text", ["291,5 293,5 295,5", "1 2,5 3"])
def test_commas_that_may_be_either_are_refused(text: str) -> None:
    with pytest.raises(DataError, match="two numbers"):
        split_numbers(text, POINT)


@given(st.lists(st.text(alphabet="0123456789.-+e_ \n,\u0663", max_size=6), max_size=4))
def test_plain_numbers_read_in_one_step_are_those_read_one_by_one(texts: list[str]) -> None:
    plain = plain_numbers(texts)
    assert plain is None or plain == [number(text) for text in texts]


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=3).map("{:f}".format), min_size=1))
def test_decimals_are_read_in_one_step(texts: list[str]) -> None:
    assert plain_numbers(texts) == [float(text) for text in texts]


@pytest.mark.parametrize("values", [[OffStyle("12.5", "other style")], ["1\n2"], ["9" * 400], [""], [1.0], []])
def test_values_that_need_a_closer_look_are_not_read_in_one_step(values: list[Any]) -> None:
    assert plain_numbers(values) is None
