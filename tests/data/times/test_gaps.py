"""Gaps in a series: it is split there, or the missing rows are filled in."""

from __future__ import annotations

import pytest

from recur.data.times.gaps import Piece
from recur.errors import ConfigError
from tests.data.reading import rows
from tests.data.timed import days, in_order

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
    assert [row["load"] for row in rows(table)][4:6] == pytest.approx(made, rel=1e-12)
    assert [table.is_filled(index) for index in (3, 4, 5, 6)] == [False, True, True, False]
    assert [table.time(index) for index in (4, 5)] == days(5, 6)
    assert table.row_number(4) is None
    assert table.where(5).endswith("(filled, 2 after it)")
    assert table.where(6) == "the data given, row 5"


def test_gaps_without_a_step_cannot_be_filled() -> None:
    with pytest.raises(ConfigError, match="no regular step .* so the missing rows are unknown: --fill linear"):
        in_order({"ds": days(1, 2, 5, 13, 29), "load": [1.0] * 5}, fill="linear")
