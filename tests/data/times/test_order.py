"""A table in the order of time: sorted, one row a time, in pieces or filled."""

from __future__ import annotations

from typing import Any

from recur.data.times.order import OrderedTable, Piece
from tests.data.reading import rows
from tests.data.timed import days, in_order


def loads(table: OrderedTable) -> list[Any]:
    return [row["load"] for row in rows(table)]


def test_rows_are_sorted_by_time_and_know_their_places() -> None:
    table = in_order({"ds": days(3, 1, 2), "load": [3.0, 1.0, 2.0]})
    assert loads(table) == [1.0, 2.0, 3.0]
    assert [table.row_number(index) for index in range(3)] == [2, 3, 1]
    assert [table.time(index) for index in range(3)] == days(1, 2, 3)
    assert table.pieces == [Piece(0, 3, None)]
    assert table.series(0) is None
    assert any(note.startswith("sorted: 1 of 3 rows was out of order") for note in table.order.notes)


def test_rows_that_are_newest_first_are_reported() -> None:
    table = in_order({"ds": days(3, 2, 1), "load": [3.0, 2.0, 1.0]})
    assert loads(table) == [1.0, 2.0, 3.0]
    assert "sorted: the rows are newest first in the file, and are read oldest first" in table.order.notes


def test_rows_in_order_are_left_as_they_are_and_their_span_is_reported() -> None:
    table = in_order({"ds": days(1, 2, 3), "load": [1.0, 2.0, 3.0]})
    assert table.order.notes == ["time: ds (year first), every day, from 2020-01-01 to 2020-01-03"]


def test_series_come_one_after_the_other() -> None:
    table = in_order({"ds": days(1, 1, 2, 2), "shop": ["b", "a", "a", "b"], "load": [1.0, 10.0, 20.0, 2.0]}, "shop")
    assert loads(table) == [1.0, 2.0, 10.0, 20.0]
    assert table.pieces == [Piece(0, 2, "b"), Piece(2, 4, "a")]
    assert [table.series(index) for index in range(4)] == ["b", "b", "a", "a"]
    assert "series: 2 by shop (b, a), 2 rows each" in table.order.notes


def test_the_stamps_after_a_row_are_a_step_apart() -> None:
    assert in_order({"ds": days(1, 2, 3), "load": [1.0, 2.0, 3.0]}).following(2, 2) == days(4, 5)
