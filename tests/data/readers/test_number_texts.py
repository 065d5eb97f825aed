"""Texts that are numbers in tables that are no CSV file."""

from __future__ import annotations

from typing import Any

import pytest

from recur.codecs.number_style import NumberStyle
from recur.config import DataConfig
from recur.data.readers.memory import read_memory
from recur.data.readers.number_texts import StyledTable, styled
from tests.data.reading import places, rows


def test_texts_of_numbers_are_read_in_the_style_of_their_column() -> None:
    found = styled(read_memory({"a": ["1.234,5", "2,5"], "b": ["x", "y"], "c": [1.5, 2.5]}), DataConfig(), {})
    assert isinstance(found, StyledTable)
    assert [float(row["a"]) for row in rows(found)] == [1234.5, 2.5]
    assert [row["b"] for row in rows(found)] == ["x", "y"]
    assert [row["c"] for row in rows(found)] == [1.5, 2.5]
    assert set(found.styles) == {"a"}


@pytest.mark.parametrize("columns", [{"a": ["x", "y"]}, {"a": [1.5, 2.5]}])
def test_a_table_without_texts_of_numbers_is_left_as_it_is(columns: Any) -> None:
    table = read_memory(columns)
    assert styled(table, DataConfig(), {}) is table


def test_a_known_style_goes_before_what_the_cells_show() -> None:
    known = {"a": NumberStyle(",", ".")}
    found = styled(read_memory({"a": ["1.234", "2.500"]}), DataConfig(), known)
    assert [float(row["a"]) for row in rows(found)] == [1234.0, 2500.0]


def test_a_styled_table_is_that_table_in_all_else() -> None:
    table = read_memory({"a": ["1,5", "2,5"], "b": ["x", "y"]})
    found = StyledTable(table, {"a": NumberStyle(",")})
    assert (len(found), found.columns, found.name, found.kind) == (2, table.columns, table.name, table.kind)
    assert (places(found), found.folder) == (places(table), table.folder)
