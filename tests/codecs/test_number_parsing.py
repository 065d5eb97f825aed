"""Raw values as numbers; what is no number is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from recur.codecs.number_parsing import number, split_numbers
from recur.codecs.number_style import NumberStyle
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
