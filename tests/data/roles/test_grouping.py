"""Columns that name the series of a row: the fewest that make stamps unique."""

from __future__ import annotations

from typing import Any

import pytest

from recur.data.roles.grouping import check_group, infer_group
from recur.errors import ConfigError
from tests.data.timed import days, table


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
