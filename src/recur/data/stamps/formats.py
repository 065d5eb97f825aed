"""A column of time stamps, read in one format that is inferred from all of its cells.

=====================================  ====================================================================
``2016-07-01 13:00``, ``2016/7/1``     year first; with or without a clock, and a zone (``Z``, ``+02:00``, CET)
``01.07.2016``                         day first, as dates with points are
``01/07/2016``, ``01-07-16``           day first or month first: what the cells allow; refused where both are
``1 July 2016``, ``Jul 1, 2016``       month names
``2016-07``, ``Jul 2016``, ``2016``    months, years; ``2016Q3`` and ``2016-W27`` too; ``2016.07`` where all are such
``2016/17``                            years that begin in one and end in the next
``20160701``, ``2016070113``           year, month, day, hour, ... without signs
``42552``                              days since 1900, as spreadsheets count them, in a column that is called a date
``1467378000``, ``1467378000000``      seconds, milliseconds, microseconds or nanoseconds since 1970
other numbers                          a counter: 1, 2, 3, or seconds since a beginning
=====================================  ====================================================================

Stamps with a zone are put in order in UTC; where they are shown, and for features such as the hour, the clock is the
one that is written. Stamps without a zone are taken as written, for a clock without daylight saving.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from recur.codecs.codec import shorten
from recur.data.cells.names import is_dated
from recur.data.stamps.cell import DAY, MONTHLY, SECOND, Cell, cell, century, clock_of
from recur.data.stamps.parts import EPOCH, PART_UNITS, PARTS, UNREADABLE, Stamps, combine, part_of
from recur.errors import DataError

__all__ = ["SINCE_1970", "UNREADABLE", "Judged", "Stamps", "are_clocks", "combine", "judge", "moment", "read", "shown"]

SINCE_1970 = {"seconds": (10, 10**6), "milliseconds": (13, 10**3), "microseconds": (16, 1), "nanoseconds": (19, 1)}
_COMPACT = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 10: "%Y%m%d%H", 8: "%Y%m%d", 6: "%Y%m"}
_SEASON = re.compile(r"(\d{2})?(\d{2})[-/\u2013](?:\d{2})?(\d{2})")
_POINT_MONTH = re.compile(r"(\d{4})\.(0[1-9]|1[0-2]|1)")
_SHEET = "days of a spreadsheet"
_SHEET_EPOCH, _SHEET_DAYS = 25569, (10_000, 80_000)  # 1970 is day 25569; from 1927 to 2119
_ORDERS = {"day first": (2, 1, 0), "month first": (2, 0, 1), "year first": (0, 1, 2)}


class Judged(NamedTuple):
    """The format of a column, and how long what its stamps name is: time, day, week, month, quarter, year, number."""

    format: str
    resolution: str
    zone: bool


def judge(texts: Sequence[str], name: str, *, asked: str | None = None) -> Judged | None:
    """Return the format of a column, by all of its cells.

    Parameters
    ----------
    texts : sequence of str
        Every cell; empty ones are missing.
    name : str
        The column, for messages.
    asked : str, optional
        What the user says the format is.

    Returns
    -------
    Judged or None
        None where less than half of the cells are stamps.

    Raises
    ------
    DataError
        When days and months cannot be distinguished, or the column mixes stamps with and without a zone.

    >>> judge(["13/01/2020", "14/01/2020"], "date").format
    'day first'
    """
    present = [text for text in texts if text]
    if asked is not None and asked not in _ORDERS:
        return _asked(asked)
    if len(present) > 1 and all(map(_begins, present)):
        return Judged("seasons", "year", False)
    cells = [made for made in map(cell, present) if made is not None]
    if not cells or 2 * len(cells) < len(present):
        return None
    if are_clocks(present):
        return Judged("clock", "clock", False)
    shapes = Counter(each.shape for each in cells)
    shape = shapes.most_common(1)[0][0]
    if shape == "number":
        return _numbers(present, name)
    same = [each for each in cells if each.shape == shape]
    if shape == "clock":
        return Judged("clock", "clock", False)
    timed = any(each.clock is not None for each in same)
    zoned = {each.zone is not None for each in same if each.clock is not None} or {False}
    if len(zoned) > 1:
        raise DataError(
            f'column "{name}" has stamps with a zone and stamps without one, such as '
            f'"{shorten(_first(present, shape, zone=True), 30)}" and '
            f'"{shorten(_first(present, shape, zone=False), 30)}"',
            hint="write all of them with their zone (+01:00), or all without",
        )
    resolution = "time" if timed else MONTHLY.get(shape, "day")
    found = _order(same, present, name, asked) if shape == "abc" else asked or _named(shape)
    return Judged(found, resolution, zoned == {True})


def are_clocks(texts: Sequence[str]) -> bool:
    """Return whether cells are times of day; 12.10.15 is a date unless another one, such as 17.00.00, is none."""
    shapes = [found.shape if (found := cell(text)) else "" for text in texts]
    return "clock" in shapes and all(
        shape == "clock" or clock_of(text) is not None for text, shape in zip(texts, shapes, strict=True)
    )


def _begins(text: str) -> int | None:
    """Return the year in which a season such as 2016/17 begins."""
    found = _SEASON.fullmatch(text)
    if not found or int(found[3]) != (int(found[2]) + 1) % 100:
        return None
    return int(found[1] + found[2]) if found[1] else None


def _named(shape: str) -> str:
    known = {"ymd": "year first", "yq": "quarters", "qy": "quarters", "week": "weeks", "ym": "year and month"}
    return known.get(shape, "year and month" if shape == "my" else "month names")


def _asked(asked: str) -> Judged:
    if asked in SINCE_1970:
        return Judged(asked, "time", True)
    if asked == "counter":
        return Judged(asked, "number", False)
    clock = any(sign in asked for sign in ("%H", "%I", "%M", "%S", "%c", "%X"))
    days = any(sign in asked for sign in ("%d", "%j", "%x", "%c", "%e"))
    return Judged(asked, "time" if clock else "day" if days else "month" if "%m" in asked or "%b" in asked else "year",
                  "%z" in asked)  # fmt: skip


def _order(cells: Sequence[Cell], present: Sequence[str], name: str, asked: str | None) -> str:
    """Return whether days or months are first, by what the cells allow."""
    if asked is not None:
        return asked
    if cells[0].sign == ".":
        return "day first"
    short = all(each.parts[2] < 100 for each in cells)
    orders = [order for order in _ORDERS if short or order != "year first"]
    allowed = [[order for order in orders if _day(each, order) is not None] for each in cells]
    possible = [each for each in allowed if each]
    fitting = [order for order in orders if all(order in each for each in possible)]
    if short and len(fitting) > 1 and "year first" in fitting and any(each.parts[0] == 0 for each in cells):
        fitting = ["year first"]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        # a cell such as 01/01/2020 reads alike in both
        place = next((i for i, each in enumerate(cells) if len({_day(each, order) for order in fitting}) > 1), None)
        if place is None:
            return fitting[0]
        texts = [text for text in present if (made := cell(text)) is not None and made.shape == "abc"]
        example = shorten(texts[place], 30)
        readings = " or ".join(f"{_iso(cells[place], order)} ({order})" for order in fitting)
        raise DataError(
            f'column "{name}": "{example}" is {readings}, and no cell of the {len(present):,} says which',
            hint=" or ".join(f'--time-format "{order}"' for order in fitting),
        )
    one, other = (_only(present, allowed, order) for order in orders[:2])
    raise DataError(
        f'column "{name}" mixes days before months and months before days: "{one}" and "{other}"',
        hint="write all stamps in one way, such as 2020-01-31",
    )


def _only(present: Sequence[str], allowed: Sequence[list[str]], order: str) -> str:
    """A cell that can be read in one order alone."""
    texts = [text for text in present if (made := cell(text)) is not None and made.shape == "abc"]
    return next((text for text, each in zip(texts, allowed, strict=True) if each == [order]), "")


def _first(present: Sequence[str], shape: str, zone: bool | None = None) -> str:
    """The first cell of a shape."""
    for text in present:
        made = cell(text)
        if made is not None and made.shape == shape and (zone is None or (made.zone is not None) == zone):
            return text
    return ""


def _numbers(present: Sequence[str], name: str) -> Judged:
    """Return what a column of numbers counts."""
    if all(map(_POINT_MONTH.fullmatch, present)) and any(".0" in text for text in present):
        return Judged("year.month", "month", False)
    if is_dated(name) and all(map(_is_sheet_day, present)):
        return Judged(_SHEET, "time" if any("." in text for text in present) else "day", False)
    whole = [text for text in present if text.lstrip("+-").isdigit()]
    digits = Counter(len(text.lstrip("+-")) for text in present if text in set(whole) or "." in text)
    longest = digits.most_common(1)[0][0]
    if len(whole) == len(present) and len(digits) == 1:
        pattern = _COMPACT.get(longest)
        if pattern and all(_compact(text, pattern) is not None for text in present):
            resolution = {6: "month", 8: "day"}.get(longest, "time")
            return Judged(pattern, resolution, False)
        if longest == 4 and all(1500 <= int(text) <= 2200 for text in present):
            return Judged("year", "year", False)
    sizes = {len(text.split(".")[0].lstrip("+-")) for text in present}
    for unit, (size, _) in SINCE_1970.items():
        if sizes <= {size, size - 1} and len(present) > 0 and min(sizes) >= 9:
            return Judged(unit, "time", True)
    return Judged("counter", "number", False)


def _is_sheet_day(text: str) -> bool:
    return text.replace(".", "", 1).isdigit() and _SHEET_DAYS[0] < float(text) < _SHEET_DAYS[1]


def _compact(text: str, pattern: str) -> datetime | None:
    try:
        found = datetime.strptime(text, pattern)
    except ValueError:
        return None
    return found if 1800 <= found.year <= 2200 else None


def read(texts: Sequence[str], judged: Judged) -> Stamps:
    """Return the stamps of cells in a format."""
    at = np.full(len(texts), UNREADABLE, dtype=np.int64)
    wall = at.copy()
    known: dict[str, tuple[int, int] | None] = {}
    for index, text in enumerate(texts):
        if text not in known:
            known[text] = _read(text, judged)
        found = known[text]
        if found is not None:
            at[index], wall[index] = found
    return Stamps(at, wall)


def _read(text: str, judged: Judged) -> tuple[int, int] | None:
    """Return (at, wall) of one cell."""
    kind = judged.format
    if not text:
        return None
    if kind in SINCE_1970 or kind == "counter":
        return _counted(text, kind)
    if "%" in kind:
        return _by_pattern(text, kind)
    if kind in ("year", "seasons", "year.month"):
        return _year(text, kind)
    if kind == _SHEET:
        return _sheet_day(text)
    if kind in (*PARTS, *PART_UNITS):
        return part_of(text, kind)
    if kind == "clock":
        clock = clock_of(text)
        return None if clock is None else (clock, clock)
    made = cell(text)
    if made is None or made.shape == "number":
        return None
    # two digits first may be a year: 16-07-01
    fits = kind in _ORDERS if made.shape == "abc" else kind not in ("day first", "month first")
    if made.shape == "clock" or not fits:
        return None
    if judged.zone and made.clock is not None and made.zone is None:
        return None
    days = _day(made, kind)
    if days is None:
        return None
    wall = days * DAY + (made.clock or 0)
    return wall - (made.zone or 0) * SECOND, wall


def _counted(text: str, kind: str) -> tuple[int, int] | None:
    try:
        value = Decimal(text)
    except ArithmeticError:
        return None
    if not value.is_finite() or abs(value) > 10**19:
        return None
    if kind == "nanoseconds":
        value /= 1000
    found = int(value * {"counter": SECOND}.get(kind, SINCE_1970.get(kind, (0, 1))[1]))
    return (found, found) if abs(found) < 2**62 else None


def _by_pattern(text: str, pattern: str) -> tuple[int, int] | None:
    try:
        found = datetime.strptime(text, pattern)
    except ValueError:
        return None
    zone = found.utcoffset() or timedelta()
    clock = found.replace(tzinfo=None) - datetime(1970, 1, 1)
    wall = clock // timedelta(microseconds=1)
    return wall - zone // timedelta(microseconds=1), wall


def _year(text: str, kind: str) -> tuple[int, int] | None:
    month = 1
    if kind == "year.month":
        found = _POINT_MONTH.fullmatch(text)
        # a spreadsheet writes 2015.10 as 2015.1
        text, month = (found[1], 10 if found[2] == "1" else int(found[2])) if found else ("", 1)
    elif kind == "seasons":
        text = str(_begins(text) or "")
    if not text.isdigit() or not 1 <= int(text) <= 9999:
        return None
    return ((date(int(text), month, 1).toordinal() - EPOCH) * DAY,) * 2


def _sheet_day(text: str) -> tuple[int, int] | None:
    if not _is_sheet_day(text):
        return None
    # five digits of a fraction of a day are a second or so
    seconds = round((float(text) - _SHEET_EPOCH) * DAY / SECOND)
    return (seconds * SECOND,) * 2


def _day(made: Cell, order: str) -> int | None:
    """Days since 1970 of a cell; None where there is no such day."""
    year, month, day = made.parts
    if made.shape == "abc":
        places = _ORDERS[order]
        year, month, day = (made.parts[place] for place in places)
        year = century(year) if year < 100 else year
    try:
        if made.shape == "week":
            return date.fromisocalendar(year, month, day).toordinal() - EPOCH
        return date(year, month, day).toordinal() - EPOCH
    except ValueError:
        return None


def _iso(made: Cell, order: str) -> str:
    days = _day(made, order)
    return "no date" if days is None else date.fromordinal(days + EPOCH).isoformat()


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
        Of `Judged`.
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
