"""Several series in one table: which columns say to which one a row belongs."""

from __future__ import annotations

from typing import Any

import pytest

from recur.data.times.panels import (
    check_group,
    columns_of,
    constant_within,
    describing,
    infer_group,
    series_name,
    series_of,
)
from recur.errors import ConfigError, DataError
from tests.data.timed import days, table


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


@pytest.mark.parametrize(
    ("cells", "said"),
    [([1.5, 2.5, 1.5], "holds decimal numbers, such as 1.5"), ([1, 2, 3], "has 3 different values in 3 rows")],
)
def test_a_measurement_and_a_number_of_rows_are_no_series(cells: list[Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_group(table({"shop": cells, "load": [1.0, 2.0, 3.0]}), "shop")


STAMPS = days(*range(1, 6)) * 2


@pytest.mark.parametrize(
    ("columns", "group"),
    [
        ({"ds": STAMPS, "shop": ["a"] * 5 + ["b"] * 5}, "shop"),
        ({"ds": days(*range(1, 11)), "shop": ["a"] * 5 + ["b"] * 5}, None),
        ({"ds": STAMPS, "label": ["a"] * 5 + ["b"] * 5}, None), ({"ds": STAMPS, "size": [1.5] * 5 + [2.5] * 5}, None),
        ({"ds": days(*range(1, 5)) * 4, "shop": ["a"] * 8 + ["b"] * 8,
         "item": (["x"] * 4 + ["y"] * 4) * 2}, "shop,item"),
        ({"ds": STAMPS, "code": [1] * 5 + [2] * 5, "shop": ["a"] * 5 + ["b"] * 5}, "code"),
    ],
)  # fmt: skip
def test_the_fewest_columns_that_make_stamps_unique_name_the_series(
    columns: dict[str, list[Any]], group: str | None
) -> None:
    made = table(columns | {"load": [0.5 + value for value in range(len(columns["ds"]))]})
    assert made.timeline is not None
    assert infer_group(made, made.timeline, []) == group


def test_columns_that_would_each_do_are_refused_with_both() -> None:
    made = table(
        {
            "ds": STAMPS,
            "left": ["a"] * 5 + ["b"] * 5,
            "right": ["x", "y"] * 2 + ["x"] + ["y", "x"] * 2 + ["y"],
            "load": [0.5] * 10,
        }
    )
    assert made.timeline is not None
    with pytest.raises(ConfigError, match="stamps repeat, so there are several series") as caught:
        infer_group(made, made.timeline, [])
    assert str(caught.value.hint).startswith("--group left or --group right")


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
