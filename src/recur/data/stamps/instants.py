"""Time stamps read in a known format, as microseconds since 1970, and shown as ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from recur.data.stamps.cell import DAY, SECOND, Cell, cell, century, clock_of
from recur.data.stamps.parts import EPOCH, PART_UNITS, PARTS, UNREADABLE, Stamps, part_of

SINCE_1970 = {"seconds": (10, 10**6), "milliseconds": (13, 10**3), "microseconds": (16, 1), "nanoseconds": (19, 1)}
ORDERS = {"day first": (2, 1, 0), "month first": (2, 0, 1), "year first": (0, 1, 2)}
POINT_MONTH = re.compile(r"(\d{4})\.(0[1-9]|1[0-2]|1)")
SHEET = "days of a spreadsheet"
_SEASON = re.compile(r"(\d{2})?(\d{2})[-/\u2013](?:\d{2})?(\d{2})")
_EPOCH_OF_SHEETS, _DAYS_OF_SHEETS = 25569, (10_000, 80_000)  # 1970 is day 25569; from 1927 to 2119


class StampFormat(NamedTuple):
    """The format of a column, and how long what its stamps name is: time, day, week, month, quarter, year, number."""

    format: str
    resolution: str
    zone: bool


def read(texts: Sequence[str], form: StampFormat) -> Stamps:
    """Return the stamps of cells in a format."""
    at = np.full(len(texts), UNREADABLE, dtype=np.int64)
    wall = at.copy()
    known: dict[str, tuple[int, int] | None] = {}
    for index, text in enumerate(texts):
        if text not in known:
            known[text] = _read(text, form)
        instant = known[text]
        if instant is not None:
            at[index], wall[index] = instant
    return Stamps(at, wall)


def _read(text: str, form: StampFormat) -> tuple[int, int] | None:
    """Return (at, wall) of one cell."""
    kind = form.format
    if not text:
        return None
    if kind in SINCE_1970 or kind == "counter":
        return _counted(text, kind)
    if "%" in kind:
        return _by_pattern(text, kind)
    if kind in ("year", "seasons", "year.month"):
        return _year(text, kind)
    if kind == SHEET:
        return _sheet_day(text)
    if kind in (*PARTS, *PART_UNITS):
        return part_of(text, kind)
    if kind == "clock":
        clock = clock_of(text)
        return None if clock is None else (clock, clock)
    stamp = cell(text)
    if stamp is None or stamp.shape == "number":
        return None
    # two digits first may be a year: 16-07-01
    fits = kind in ORDERS if stamp.shape == "abc" else kind not in ("day first", "month first")
    if stamp.shape == "clock" or not fits:
        return None
    if form.zone and stamp.clock is not None and stamp.zone is None:
        return None
    days = day_of(stamp, kind)
    if days is None:
        return None
    wall = days * DAY + (stamp.clock or 0)
    return wall - (stamp.zone or 0) * SECOND, wall


def _counted(text: str, kind: str) -> tuple[int, int] | None:
    try:
        value = Decimal(text)
    except ArithmeticError:
        return None
    if not value.is_finite() or abs(value) > 10**19:
        return None
    if kind == "nanoseconds":
        value /= 1000
    microseconds = int(value * {"counter": SECOND}.get(kind, SINCE_1970.get(kind, (0, 1))[1]))
    return (microseconds, microseconds) if abs(microseconds) < 2**62 else None


def _by_pattern(text: str, pattern: str) -> tuple[int, int] | None:
    try:
        time = datetime.strptime(text, pattern)
    except ValueError:
        return None
    zone = time.utcoffset() or timedelta()
    clock = time.replace(tzinfo=None) - datetime(1970, 1, 1)
    wall = clock // timedelta(microseconds=1)
    return wall - zone // timedelta(microseconds=1), wall


def _year(text: str, kind: str) -> tuple[int, int] | None:
    month = 1
    if kind == "year.month":
        match = POINT_MONTH.fullmatch(text)
        # a spreadsheet writes 2015.10 as 2015.1
        text, month = (match[1], 10 if match[2] == "1" else int(match[2])) if match else ("", 1)
    elif kind == "seasons":
        text = str(season_start(text) or "")
    if not text.isdigit() or not 1 <= int(text) <= 9999:
        return None
    return ((date(int(text), month, 1).toordinal() - EPOCH) * DAY,) * 2


def _sheet_day(text: str) -> tuple[int, int] | None:
    if not is_sheet_day(text):
        return None
    # five digits of a fraction of a day are a second or so
    seconds = round((float(text) - _EPOCH_OF_SHEETS) * DAY / SECOND)
    return (seconds * SECOND,) * 2


def day_of(stamp: Cell, order: str) -> int | None:
    """Return the days since 1970 of a cell; None where there is no such day."""
    year, month, day = stamp.parts
    if stamp.shape == "abc":
        places = ORDERS[order]
        year, month, day = (stamp.parts[place] for place in places)
        year = century(year) if year < 100 else year
    try:
        if stamp.shape == "week":
            return date.fromisocalendar(year, month, day).toordinal() - EPOCH
        return date(year, month, day).toordinal() - EPOCH
    except ValueError:
        return None


def season_start(text: str) -> int | None:
    """Return the year in which a season such as 2016/17 begins."""
    match = _SEASON.fullmatch(text)
    if not match or int(match[3]) != (int(match[2]) + 1) % 100:
        return None
    return int(match[1] + match[2]) if match[1] else None


def is_sheet_day(text: str) -> bool:
    """Return whether a text is a day as spreadsheets count them, from 1927 to 2119."""
    return text.replace(".", "", 1).isdigit() and _DAYS_OF_SHEETS[0] < float(text) < _DAYS_OF_SHEETS[1]


def compact_stamp(text: str, pattern: str) -> datetime | None:
    """Return a stamp of digits alone; None where it is not one of the years 1800 to 2200."""
    try:
        time = datetime.strptime(text, pattern)
    except ValueError:
        return None
    return time if 1800 <= time.year <= 2200 else None


def moment(wall: int) -> datetime:
    """Return microseconds since 1970 as a time."""
    return datetime(1970, 1, 1) + timedelta(microseconds=int(wall))


def shown(wall: int, resolution: str, offset: int | None = None) -> str:
    """Return a stamp for people and for files: ISO 8601, as exact as the column is.

    Parameters
    ----------
    wall : int
        Microseconds on the clock.
    resolution : str
        Of `StampFormat`.
    offset : int, optional
        Microseconds east of Greenwich, where the column has zones.

    >>> shown(46800000000, "time"), shown(0, "month")
    ('1970-01-01 13:00', '1970-01')
    """
    if resolution == "number":
        value = int(wall) / SECOND
        return str(int(value)) if value.is_integer() else f"{value:.6f}".rstrip("0")
    try:
        time = moment(wall)
    except OverflowError:
        return str(wall)
    if resolution in ("year", "month", "day", "week", "quarter"):
        return {
            "year": f"{time.year:04d}", "month": f"{time.year:04d}-{time.month:02d}",
            "quarter": f"{time.year:04d}-Q{(time.month + 2) // 3}",
        }.get(resolution, time.date().isoformat())  # fmt: skip
    exact = "microseconds" if time.microsecond else "seconds" if time.second else "minutes"
    text = time.isoformat(" ", exact)
    if offset is None:
        return text
    minutes = abs(offset) // (60 * SECOND)
    return f"{text}{'-' if offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
