"""A table in the order of time: sorted, one row a time, in pieces or filled."""

from __future__ import annotations

from typing import Any

import pytest

from recur.data.times.order import OrderedTable, Piece
from recur.errors import ConfigError
from tests.data.reading import refused, rows
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
    assert any(note.startswith("sorted: 1 row of 3 came after a later one") for note in table.order.notes)


def test_newest_first_is_said() -> None:
    table = in_order({"ds": days(3, 2, 1), "load": [3.0, 2.0, 1.0]})
    assert loads(table) == [1.0, 2.0, 3.0]
    assert "sorted: the rows are newest first in the file, and are read oldest first" in table.order.notes


def test_rows_in_order_are_left_as_they_are_and_their_span_is_said() -> None:
    table = in_order({"ds": days(1, 2, 3), "load": [1.0, 2.0, 3.0]})
    assert table.order.notes == ["time: ds (year first), every day, from 2020-01-01 to 2020-01-03"]


def test_series_come_one_after_the_other() -> None:
    table = in_order({"ds": days(1, 1, 2, 2), "shop": ["b", "a", "a", "b"], "load": [1.0, 10.0, 20.0, 2.0]}, "shop")
    assert loads(table) == [1.0, 2.0, 10.0, 20.0]
    assert table.pieces == [Piece(0, 2, "b"), Piece(2, 4, "a")]
    assert [table.series(index) for index in range(4)] == ["b", "b", "a", "a"]
    assert "series: 2 by shop (b, a), 2 rows each" in table.order.notes


GAP = {"ds": days(1, 2, 3, 4, 7, 8, 9), "load": [1.0, 2.0, 3.0, 4.0, 10.0, 11.0, 12.0]}


def test_a_gap_ends_a_piece() -> None:
    table = in_order(GAP)
    assert table.pieces == [Piece(0, 4, None), Piece(4, 7, None)]
    assert table.order.notes[-1] == (
        "gaps: 2 rows missing in 1 gap, the longest, of 2 rows, after 2020-01-04; read in 2 pieces (--fill fills gaps)"
    )


@pytest.mark.parametrize(("fill", "made"), [("linear", [6.0, 8.0]), ("zero", [0.0, 0.0]), ("previous", [4.0, 4.0])])
def test_a_gap_is_filled_as_asked(fill: str, made: list[float]) -> None:
    table = in_order(GAP, fill=fill)
    assert table.pieces == [Piece(0, 9, None)]
    assert loads(table)[4:6] == pytest.approx(made, rel=1e-12)
    assert [table.is_made(index) for index in (3, 4, 5, 6)] == [False, True, True, False]
    assert [table.time(index) for index in (4, 5)] == days(5, 6)
    assert table.row_number(4) is None
    assert table.where(5).endswith("(filled, 2 after it)")
    assert table.where(6) == "the data given, row 5"


@pytest.mark.parametrize(("how", "value"), [("first", 2.0), ("last", 6.0), ("mean", 4.0)])
def test_of_rows_of_one_time_one_is_kept(how: str, value: float) -> None:
    table = in_order({"ds": days(1, 2, 2, 3), "load": [1.0, 2.0, 6.0, 3.0]}, duplicates=how)
    assert loads(table) == [1.0, value, 3.0]
    assert any(note.startswith("duplicates: 1 row of a time that is there twice") for note in table.order.notes)


def test_rows_of_one_time_are_refused_with_both_places() -> None:
    error = refused(lambda: in_order({"ds": days(1, 2, 2, 3), "load": [1.0, 2.0, 6.0, 3.0]}))
    assert error.message == (
        "the data given, row 2 and the data given, row 3 have the same time, 2020-01-02, and different values; "
        "expected one row for each time"
    )
    assert "--duplicates first, last or mean" in str(error.hint)


def test_equal_rows_count_once() -> None:
    table = in_order({"ds": days(1, 2, 2, 3), "load": [1.0, 2.0, 2.0, 3.0]})
    assert loads(table) == [1.0, 2.0, 3.0]
    assert "duplicates: 1 row equal to another one in every column left out" in table.order.notes


def test_the_stamps_after_a_row_are_a_step_apart() -> None:
    assert in_order(GAP).following(6, 2) == days(10, 11)


def test_gaps_without_a_step_cannot_be_filled() -> None:
    with pytest.raises(ConfigError, match="no regular step .* so the missing rows are unknown: --fill linear"):
        in_order({"ds": days(1, 2, 5, 13, 29), "load": [1.0] * 5}, fill="linear")
