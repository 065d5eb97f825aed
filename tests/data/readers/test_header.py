"""The header of a table: whether there is one, and names where there is none."""

from __future__ import annotations

import pytest

from recur.data.readers.header import (
    column_names,
    default_names,
    has_header,
    is_moment,
    is_number,
    names_without_header,
    repeats_a_name,
)
from tests.data.reading import refused


@pytest.mark.parametrize(
    ("records", "headed"),
    [
        ([["a", "b"], ["1", "2"]], True), ([["1", "2"], ["3", "4"]], False), ([["text", "label"]], True),
        ([["rot", "gut"]], False), ([["a", "a"], ["1", "2"]], False), ([["", ""], ["1", "2"]], False),
        ([["good", "x"], ["good", "y"], ["bad", "z"]], False), ([["day", "n"], ["2020-01-01", "x"]], True),
        ([["2019-12-31", "p"], ["2020-01-01", "q"]], False), ([["word", "tag"], ["the sky is", "so blue"]], True),
        ([["flower"], *([["rose"], ["lily"]] * 10)], True), ([["", "b"], ["0", "1"], ["1", "2"]], True),
        ([["the sky is very blue", "1"], ["so it is", "2"]], False), ([["a", "b"], ["a", "b"], ["x", "y"]], True),
    ],
)  # fmt: skip
def test_a_first_row_names_the_columns_where_the_others_differ_from_it(records: list[list[str]], headed: bool) -> None:
    assert has_header(records) is headed


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2020-01-31", True), ("31.1.20", True), ("2020/01/31 12:30", True), ("12:30", True),
        ("2020-01-31T12:30:00Z", True),
        ("20200131T1230", True), ("1/2", True), ("12", False), ("1.5-2", False), ("a 12:30", False), ("", False),
    ],
)  # fmt: skip
def test_dates_and_times_look_like_moments(cell: str, moment: bool) -> None:
    assert is_moment(cell) is moment


@pytest.mark.parametrize(("cell", "number"), [("1,5", True), ("1 000", True), ("NA", True), ("", True), ("x", False)])
def test_a_number_is_one_in_some_style_or_missing(cell: str, number: bool) -> None:
    assert is_number(cell) is number


@pytest.mark.parametrize(
    ("records", "names"),
    [
        ([["1"], ["2"]], ["value"]), ([["a"], ["2"]], ["text"]),
        ([[f"a text {i}", "ab"[i % 2]] for i in range(20)], ["text", "label"]),
        ([["ab"[i % 2], f"a text {i}"] for i in range(20)], ["label", "text"]),
        ([[f"the {i}", f"le {i}"] for i in range(20)], ["source", "target"]),
        ([[str(i), str(i * i)] for i in range(20)], ["column1", "column2"]),
        ([["a", "b", "c"]], ["column1", "column2", "column3"]),
    ],
)  # fmt: skip
def test_columns_without_names_are_named_after_what_they_hold(records: list[list[str]], names: list[str]) -> None:
    assert default_names(records) == names


def test_known_names_are_taken_where_they_are_as_many_as_the_columns() -> None:
    assert names_without_header([["1", "2", "3"]], ["a", "b", "c"]) == ["a", "b", "c"]
    assert names_without_header([["1", "2", "3"]], ["a"]) == ["column1", "column2", "column3"]


def test_an_unnamed_column_has_its_place_and_a_name_is_there_once() -> None:
    assert column_names([" a ", "", "b"], "x.csv:1") == ["a", "Unnamed: 1", "b"]
    error = refused(lambda: column_names(["a", "b", "a"], "x.csv:1"))
    assert (error.message, error.hint) == ('x.csv:1: two columns are named "a"', "give each column its own name")


@pytest.mark.parametrize(
    ("records", "twice"),
    [([["a", "a"], ["1", "2"]], True), ([["a", "b"], ["1", "2"]], False), ([["a", "a"], ["1", "x"]], False),
     ([["a", "a"]], False)],
)  # fmt: skip
def test_a_word_above_two_columns_of_numbers_is_one_name_for_both(records: list[list[str]], twice: bool) -> None:
    assert repeats_a_name(records) is twice
