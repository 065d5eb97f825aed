"""What is read as it is written, and may be meant otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from recur.data.columns.ambiguities import ambiguities
from recur.data.readers.memory import read_memory

COUNT = 40


def said(label: list[Any], a: list[Any] | None = None, **options: Any) -> list[str]:
    """Doubts about a column a that is read, and a label that is predicted."""
    table = read_memory({"a": a or [0.5 + i for i in range(len(label))], "label": label})
    numeric = ["a"] if not a or all(isinstance(value, (int, float)) for value in a) else []
    return ambiguities(table, ["a"], ["label"], numeric, **options)


def test_a_number_far_from_the_others_may_say_that_one_is_missing() -> None:
    [found] = said(["x", "y"] * 20, [-999.0 if i % 10 == 0 else 5.0 + i % 7 for i in range(COUNT)])
    assert found.startswith("a: -999 occurs 4 times, and the other numbers are from 5 to 11; ")


@pytest.mark.parametrize(
    "values", [[-999.0] + [5.0] * 39, [999.0, 999.0] + [900.0 + i for i in range(38)], [99.0] * 40]
)
def test_a_number_that_is_there_once_or_near_the_others_is_a_number(values: list[float]) -> None:
    assert said(["x", "y"] * 20, values) == []


def test_labels_that_differ_in_capital_letters_are_different() -> None:
    assert said(["Good", "good", "bad", "bad"] * 10) == ["label: 'Good' and 'good' are different classes"]


@pytest.mark.parametrize(
    ("cell", "signs"), [("drama,comedy", "commas"), ("a; b", "semicolons"), ("a|b", "vertical bars")]
)
def test_several_labels_in_one_cell_are_one_class(cell: str, signs: str) -> None:
    found = said(["drama", cell] * 20, labels=True)
    assert found == [f"label: 20 of 40 cells contain {signs}: several labels in one cell are read as one class"]
    assert said(["drama", cell] * 20) == []


def test_a_column_that_is_the_class_in_another_form_is_reported() -> None:
    [found] = said(["x", "y"] * 20, ["ex", "why"] * 20)
    assert found.startswith("a has one value for each class of label")
    assert said(["x", "y"] * 20, ["ex", "why", "why", "ex"] * 10) == []


def test_a_small_table_raises_no_doubts() -> None:
    assert said(["Good", "good"] * 9) == []
