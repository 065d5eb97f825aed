"""Inputs to answer, each with where it comes from."""

from __future__ import annotations

import numpy as np
import pytest

from recur.config import Config
from recur.data import InputQueries, Roles
from recur.data.queries.queries import Following, inputs
from tests.data.reading import refused
from tests.data.timed import days, in_order

TEXT = Roles("many-to-one", ["text"], ["label"], "words", "class", None, False, "", ["text", "label"])
TAGS = Roles("synced", ["a"], ["tag"], "numbers", "tags", "trip", False, "", ["trip", "a", "tag"])


def test_every_row_is_an_input_with_its_number_and_its_place() -> None:
    found = InputQueries({"text": ["one", "two"], "other": [1, 2]}, TEXT, Config())
    assert [(one.value, one.row) for one in found] == [("one", 1), ("two", 2)]
    assert found[1].where == "the data given, row 2"
    assert (found[0].series, found[0].rows, found[0].stamps) == (None, None, None)
    assert [one.value for one in found[0:2]] == ["one", "two"]
    assert inputs({"text": ["one", "two"]}, TEXT, Config()) == ["one", "two"]


@pytest.mark.parametrize("index", [-1, 2])
def test_there_is_no_input_outside_the_table(index: int) -> None:
    with pytest.raises(IndexError, match=f"input {index} of 2"):
        InputQueries({"text": ["one", "two"]}, TEXT, Config())[index]


def test_a_column_that_is_read_is_there() -> None:
    error = refused(lambda: InputQueries({"txt": ["one", "two"]}, TEXT, Config()))
    assert "text" in error.message


def test_a_group_is_one_input_whose_steps_are_rows() -> None:
    found = InputQueries({"trip": ["x", "y", "x"], "a": [1.5, 2.5, 3.5]}, TAGS, Config())
    assert len(found) == 2
    assert (found[0].series, found[0].row, found[0].rows) == ("x", 1, [1, 3])
    assert [float(step) for step in np.ravel(found[0].value)] == [1.5, 3.5]
    assert found.rows_of(1).tolist() == [1]


def test_the_times_after_a_row_are_made_when_they_are_asked_for() -> None:
    table = in_order({"ds": days(1, 2, 3), "load": [1.0, 2.0, 3.0]})
    after = Following(table, 2)
    assert [after[place] for place in (0, 2, 1)] == days(4, 6, 5)
    assert Following(table, 2, skipped=1)[0] == "2020-01-05"
    assert len(after) > 10**9
