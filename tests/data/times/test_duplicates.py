"""Rows of equal time in one series: equal rows count once, one is kept on request, others are refused."""

from __future__ import annotations

import pytest

from tests.data.reading import refused, rows
from tests.data.timed import days, in_order


@pytest.mark.parametrize(("how", "value"), [("first", 2.0), ("last", 6.0), ("mean", 4.0)])
def test_of_rows_of_one_time_one_is_kept(how: str, value: float) -> None:
    table = in_order({"ds": days(1, 2, 2, 3), "load": [1.0, 2.0, 6.0, 3.0]}, duplicates=how)
    assert [row["load"] for row in rows(table)] == [1.0, value, 3.0]
    assert any(note.startswith("duplicates: 1 row with the time of another row") for note in table.order.notes)


def test_rows_of_one_time_are_refused_with_both_places() -> None:
    error = refused(lambda: in_order({"ds": days(1, 2, 2, 3), "load": [1.0, 2.0, 6.0, 3.0]}))
    assert error.message == (
        "the data given, row 2 and the data given, row 3 have the same time, 2020-01-02, and different values; "
        "expected one row for each time"
    )
    assert "--duplicates first, last or mean" in str(error.hint)


def test_equal_rows_count_once() -> None:
    table = in_order({"ds": days(1, 2, 2, 3), "load": [1.0, 2.0, 2.0, 3.0]})
    assert [row["load"] for row in rows(table)] == [1.0, 2.0, 3.0]
    assert "duplicates: 1 row that equals another row in every column: left out" in table.order.notes
