"""One cell of a column of stamps: what is written, before the order of day and month is known."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from recur.data.stamps.cell import HOUR, SECOND, Cell, cell, century, clock_of, month_of, name_of, text_of


def at(hour: int, minute: int = 0, second: int = 0, part: int = 0) -> int:
    return hour * HOUR + (60 * minute + second) * SECOND + part


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-07-01", Cell("ymd", (2016, 7, 1))), ("2016/7/1 13:00", Cell("ymd", (2016, 7, 1), at(13))),
        ("2016-07-01T13:00:05.25Z", Cell("ymd", (2016, 7, 1), at(13, 0, 5, 250_000), 0)),
        ("2016-07-01 13:00+02:00", Cell("ymd", (2016, 7, 1), at(13), 7200)),
        ("2016-07-01 13:00 -0530", Cell("ymd", (2016, 7, 1), at(13), -19800)),
        ("1/2/2020", Cell("abc", (1, 2, 2020), sign="/")), ("31.12.99", Cell("abc", (31, 12, 99), sign=".")),
        ("1.2.2020 7:05 pm", Cell("abc", (1, 2, 2020), at(19, 5), sign=".")), ("2020-01", Cell("ym", (2020, 1, 1))),
        ("01/2020", Cell("my", (2020, 1, 1))), ("5 March 2019", Cell("named", (2019, 3, 5))),
        ("March 5th, 2019", Cell("named", (2019, 3, 5))), ("5. M\u00e4rz 49", Cell("named", (2049, 3, 5))),
        ("5-Mar-50", Cell("named", (1950, 3, 5))), ("Mar 2019", Cell("ny", (2019, 3, 1))),
        ("2019 Dez", Cell("yn", (2019, 12, 1))),
        ("2019Q3", Cell("yq", (2019, 7, 1))), ("Q4 2019", Cell("qy", (2019, 10, 1))),
        ("2019-W07", Cell("week", (2019, 7, 1))),
        ("2019-W07-3", Cell("week", (2019, 7, 3))), ("20160701T1300", Cell("ymd", (2016, 7, 1), at(13))),
        ("2020\u5e741\u67082\u65e5", Cell("ymd", (2020, 1, 2))), ("12:30", Cell("clock", (0, 0, 0), at(12, 30))),
        ("Tue Jan 7 10:00:00 2020", Cell("named", (2020, 1, 7), at(10))),
        ("Mon, 6 Jan 2020 10:00 CET", Cell("named", (2020, 1, 6), at(10), 3600)),
        ("42", Cell("number", (0, 0, 0))), ("-1.5", Cell("number", (0, 0, 0))),
    ],
)  # fmt: skip
def test_a_cell_has_the_parts_that_are_written(text: str, expected: Cell) -> None:
    assert cell(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "Total", "x 2020-01-01", "2020-01-01 25:00", "2020-01-01 13:60", "5 Foo 2019", "2019Q5", "1:2:3:4", "a" * 61,
     "2020-01 10:00", "2020-01-01 13:00 pm"],
)  # fmt: skip
def test_what_is_no_stamp_is_none(text: str) -> None:
    assert cell(text) is None


@pytest.mark.parametrize(
    ("text", "time"),
    [("0:00", 0), ("24:00", at(24)), ("12:00 am", 0), ("12:00 pm", at(12)), ("11:59:60", at(11, 59, 60)),
     ("7h30", at(7, 30)),
     ("24:01", None), ("13:00 am", None), ("1.50", None), ("12", None), ("12:10:15,5", at(12, 10, 15, 500_000))],
)  # fmt: skip
def test_a_time_of_day_is_microseconds_since_midnight(text: str, time: int | None) -> None:
    assert clock_of(text) == time


@pytest.mark.parametrize(
    ("name", "number"),
    [("January", 1), ("MAI", 5), ("okt.", 10), ("d\u00e9cembre", 12), ("M\u00e4rz", 3), ("juillet", 7), ("foo", None)],
)
def test_months_have_names_in_several_languages(name: str, number: int | None) -> None:
    assert month_of(name) == number


@pytest.mark.parametrize(("year", "found"), [(0, 2000), (49, 2049), (50, 1950), (99, 1999)])
def test_two_digits_are_years_around_2000(year: int, found: int) -> None:
    assert century(year) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (float("nan"), ""), (2.0, "2"), (2.5, "2.5"), ("NaT", ""), (" n/a ", ""), ("x", "x"), (7, "7"),
        (datetime(2020, 1, 2, 3), "2020-01-02T03:00:00"), (date(2020, 1, 2), "2020-01-02"),
    ],
)  # fmt: skip
def test_a_raw_value_is_read_as_text(value: Any, text: str) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(("value", "name"), [("NA", "NA"), (7.0, "7"), (None, ""), (" a ", "a"), ("NaT", "")])
def test_a_series_may_be_named_na(value: Any, name: str) -> None:
    assert name_of(value) == name
