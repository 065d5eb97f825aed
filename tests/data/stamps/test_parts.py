"""Stamps whose parts are in columns of their own."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from recur.data.stamps.cell import DAY, HOUR, SECOND
from recur.data.stamps.parts import EPOCH, UNREADABLE, Stamps, combine, part_of


def day(year: int, month: int = 1, date_: int = 1) -> int:
    return (date(year, month, date_).toordinal() - EPOCH) * DAY


def stamps(*numbers: int) -> Stamps:
    return Stamps(np.array(numbers), np.array(numbers))


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("7", "hour", 7 * HOUR), ("24", "hour", 24 * HOUR), ("7:30", "hour", 7 * HOUR + 1800 * SECOND),
        ("59", "minute", 3540 * SECOND),
        ("0", "second", 0), ("3", "month", 3), ("Mar", "month", 3), ("12.0", "month", 12), ("Q3", "quarter", 3),
        ("53", "week", 53),
        ("366", "day of year", 366), ("31", "day", 31),
    ],
)  # fmt: skip
def test_a_part_is_a_number_or_a_time(text: str, kind: str, found: int) -> None:
    assert part_of(text, kind) == (found, found)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("25", "hour"), ("61", "minute"), ("0", "month"), ("13", "month"), ("Foo", "month"), ("1.5", "day"), ("32", "day"),
     ("5", "quarter"),
     ("54", "week"), ("367", "day of year"), ("-1", "second"), ("", "hour")],
)  # fmt: skip
def test_what_is_outside_its_range_is_no_part(text: str, kind: str) -> None:
    assert part_of(text, kind) is None


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([("year", day(2020)), ("month", 3), ("day", 5)], day(2020, 3, 5)), ([("year", day(2020)),
        ("quarter", 3)], day(2020, 7)),
        ([("year", day(2021)), ("day of year", 32)], day(2021, 2)), ([("year", day(2021)),
        ("week", 3)], day(2021, 1, 15)),
        ([("year", day(2020)), ("week", 53)], day(2020, 12, 28)), ([("ymd", day(2020, 1, 2)),
        ("hour", 7 * HOUR)], day(2020, 1, 2) + 7 * HOUR),
        ([("ymd", day(2020)), ("clock", 60 * SECOND)], day(2020) + 60 * SECOND),
        ([("year", day(2020)), ("month", 2), ("day", 1), ("hour", HOUR),
        ("minute", 60 * SECOND)], day(2020, 2) + HOUR + 60 * SECOND),
    ],
)  # fmt: skip
def test_parts_in_several_columns_are_one_stamp(parts: list[tuple[str, int]], expected: int) -> None:
    found = combine([(kind, stamps(number)) for kind, number in parts])
    assert (found.at.tolist(), found.wall.tolist()) == ([expected], [expected])


def test_a_date_that_is_not_in_the_calendar_is_unreadable() -> None:
    found = combine([("year", stamps(day(2021), day(2020))), ("month", stamps(2, 2)), ("day", stamps(29, 29))])
    assert found.at.tolist() == [UNREADABLE, day(2020, 2, 29)]


def test_a_row_without_one_of_its_parts_is_unreadable() -> None:
    found = combine([("ymd", stamps(day(2020), UNREADABLE)), ("hour", stamps(UNREADABLE, HOUR))])
    assert found.at.tolist() == found.wall.tolist() == [UNREADABLE] * 2


def test_one_column_is_the_stamp() -> None:
    alone = stamps(1, 2)
    assert combine([("ymd", alone)]) is alone
