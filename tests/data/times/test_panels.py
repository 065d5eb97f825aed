"""Several series in one table: the series of each row."""

from __future__ import annotations

import pytest

from recur.data.times.panels import (
    columns_of,
    constant_within,
    describing,
    series_name,
    series_of,
)
from recur.errors import DataError
from tests.data.timed import days, table

STAMPS = days(*range(1, 6)) * 2


def test_series_come_in_the_order_of_their_first_rows() -> None:
    found = series_of(table({"shop": ["b", "a", "b"], "item": [1, 1, 2], "load": [1.0, 2.0, 3.0]}), "shop")
    assert (found.names, found.of_row.tolist()) == (["b", "a"], [0, 1, 0])
    assert [rows.tolist() for rows in found.rows()] == [[0, 2], [1]]


def test_several_columns_together_name_a_series() -> None:
    made = table({"shop": ["b", "a", "b"], "item": [1, 1, 2], "load": [1.0, 2.0, 3.0]})
    assert series_of(made, "shop,item").names == ["b / 1", "a / 1", "b / 2"]
    assert series_name(made[2], "shop, item", made) == "b / 2"
    assert columns_of("shop, item", ["shop", "item"]) == ["shop", "item"]
    assert columns_of("a,b", ["a,b"]) == ["a,b"]


def test_a_name_that_is_written_once_is_carried_down() -> None:
    found = series_of(table({"shop": ["a", "", "b", ""], "load": [1.0, 2.0, 3.0, 4.0]}), "shop")
    assert found.of_row.tolist() == [0, 0, 1, 1]
    assert found.notes == ["shop is empty in 2 rows: each takes the value of the row above it"]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["", "a", "b"], "row 1: .* the first row has none"),
        (["a", "", "a"], "row 2: .* other values are written on several rows"),
    ],
)
def test_an_empty_name_is_refused_where_it_could_be_any(cells: list[str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        series_of(table({"shop": cells, "load": [1.0, 2.0, 3.0]}), "shop")


def test_what_describes_a_series_is_the_same_in_all_its_rows() -> None:
    made = table(
        {
            "ds": STAMPS,
            "shop": ["a"] * 5 + ["b"] * 5,
            "town": ["X"] * 5 + ["Y"] * 5,
            "load": [0.5 + i for i in range(10)],
        }
    )
    assert describing(made, "shop") == ["town"]
    assert describing(made, None) == []
    assert constant_within(made, series_of(made, "shop"), ["town", "load"]) == ["town"]
