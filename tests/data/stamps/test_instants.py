"""Time stamps read in a known format, and shown as exactly as their column is."""

from __future__ import annotations

import doctest

import pytest

from recur.data.stamps import instants
from recur.data.stamps.instants import StampFormat, read, shown
from recur.data.stamps.parts import UNREADABLE

# format, resolution, cell -> the stamp as it is shown
READ = [
    ("year first", "day", "2020-01-31", "2020-01-31"), ("day first", "day", "01/02/2020", "2020-02-01"),
    ("month first", "day", "01/02/2020", "2020-01-02"), ("seconds", "time", "1577836800", "2020-01-01 00:00"),
    ("%d.%m.%Y", "day", "31.01.2020", "2020-01-31"), ("year", "year", "1999", "1999"),
    ("year.month", "month", "2015.1", "2015-10"), ("seasons", "year", "2016/17", "2016"),
    ("days of a spreadsheet", "day", "44197", "2021-01-01"), ("counter", "number", "2.5", "2.5"),
]  # fmt: skip


@pytest.mark.parametrize(("form", "resolution", "text", "stamp"), READ)
def test_a_cell_is_read_in_its_format(form: str, resolution: str, text: str, stamp: str) -> None:
    stamps = read([text], StampFormat(form, resolution, zone=False))
    assert shown(int(stamps.wall[0]), resolution) == stamp


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("year first", "01/02/2020"), ("day first", "13/13/2020"), ("seconds", "a"), ("%d.%m.%Y", "2020-01-31"),
        ("year", "0"), ("seasons", "2016/18"), ("year.month", "2015.13"), ("days of a spreadsheet", "5"),
        ("counter", "nan"), ("year first", ""),
    ],
)  # fmt: skip
def test_a_cell_of_another_format_is_unreadable(form: str, text: str) -> None:
    assert read([text], StampFormat(form, "day", zone=False)).at.tolist() == [UNREADABLE]


def test_a_stamp_without_a_zone_is_unreadable_where_the_others_have_one() -> None:
    stamps = read(["2020-01-01 12:00+02:00", "2020-01-01 12:00"], StampFormat("year first", "time", zone=True))
    assert stamps.wall[0] - stamps.at[0] == 7200 * 10**6
    assert stamps.at[1] == UNREADABLE


def test_an_offset_is_shown_with_its_sign() -> None:
    assert shown(0, "time", -5400 * 10**6) == "1970-01-01 00:00-01:30"


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(instants).failed == 0
