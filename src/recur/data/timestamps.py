"""A column of time stamps, read in one format that is judged by all of its cells.

=====================================  ====================================================================
``2016-07-01 13:00``, ``2016/7/1``     year first; with or without a clock, and a zone (``Z``, ``+02:00``, CET)
``01.07.2016``                         day first, as dates with points are
``01/07/2016``, ``01-07-16``           day first or month first: what the cells allow; refused where both are
``1 July 2016``, ``Jul 1, 2016``       month names
``2016-07``, ``Jul 2016``, ``2016``    months, years; ``2016Q3`` and ``2016-W27`` too
``20160701``, ``2016070113``           year, month, day, hour, ... without signs
``1467378000``, ``1467378000000``      seconds, milliseconds, microseconds or nanoseconds since 1970
other numbers                          a counter: 1, 2, 3, or seconds since a beginning
=====================================  ====================================================================

Stamps with a zone are put in order in UTC; where they are shown, and for features such as the hour, the clock is the
one that is written. Stamps without a zone are taken as written, for a clock without daylight saving.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from recur.codecs.codec import shorten
from recur.data.stamp_cells import DAY, HOUR, MONTHLY, SECOND, Cell, cell, century, month_of
from recur.errors import DataError

UNREADABLE = np.iinfo(np.int64).min
_EPOCH = date(1970, 1, 1).toordinal()
SINCE_1970 = {"seconds": (10, 10**6), "milliseconds": (13, 10**3), "microseconds": (16, 1), "nanoseconds": (19, 1)}
_COMPACT = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 10: "%Y%m%d%H", 8: "%Y%m%d", 6: "%Y%m"}
_PART_UNITS = {"hour": HOUR, "minute": 60 * SECOND, "second": SECOND}
_ORDERS = {"day first": (2, 1, 0), "month first": (2, 0, 1), "year first": (0, 1, 2)}


class Judged(NamedTuple):
    """The format of a column, and how long what its stamps name is: time, day, week, month, quarter, year, number."""

    format: str
    resolution: str
    zone: bool


@dataclass(frozen=True)
class Stamps:
    """The stamps of all rows.

    Attributes
    ----------
    at : ndarray of int
        Microseconds by which rows are put in order: of UTC where a zone is written; `UNREADABLE` for what is no stamp.
    wall : ndarray of int
        The same on the clock that is written.
    """

    at: np.ndarray
    wall: np.ndarray


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
        When days and months cannot be told from each other, or the column mixes stamps with and without a zone.

    >>> judge(["13/01/2020", "14/01/2020"], "date").format
    'day first'
    """
    present = [text for text in texts if text]
    if asked is not None and asked not in _ORDERS:
        return _asked(asked)
    cells = [made for made in map(cell, present) if made is not None]
    if not cells or 2 * len(cells) < len(present):
        return None
    shapes = Counter(each.shape for each in cells)
    shape = shapes.most_common(1)[0][0]
    if shape == "number":
        return _numbers(present)
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


def _numbers(present: Sequence[str]) -> Judged:
    """Return what a column of numbers counts."""
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
    if kind == "year":
        return _year(text)
    if kind in ("month", "day", *_PART_UNITS):
        return _part(text, kind)
    made = cell(text)
    if made is None or made.shape == "number":
        return None
    if kind == "clock":
        return (made.clock or 0,) * 2 if made.shape == "clock" else None
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


def _year(text: str) -> tuple[int, int] | None:
    if not text.isdigit() or not 1 <= int(text) <= 9999:
        return None
    return ((date(int(text), 1, 1).toordinal() - _EPOCH) * DAY,) * 2


def _part(text: str, kind: str) -> tuple[int, int] | None:
    """A month, day, hour, minute or second that has a column of its own: months and days as numbers, others in time."""
    made = cell(text) if kind == "hour" else None
    if made is not None and made.shape == "clock":
        return (made.clock or 0,) * 2
    month = month_of(text) if kind == "month" else None
    try:
        value = float(text) if month is None else month
    except ValueError:
        return None
    most = {"month": 12, "day": 31, "hour": 24, "minute": 60, "second": 61}[kind]
    if value != int(value) or not (1 if kind in ("month", "day") else 0) <= value <= most:
        return None
    return (int(value) * _PART_UNITS.get(kind, 1),) * 2


def _day(made: Cell, order: str) -> int | None:
    """Days since 1970 of a cell; None where there is no such day."""
    year, month, day = made.parts
    if made.shape == "abc":
        places = _ORDERS[order]
        year, month, day = (made.parts[place] for place in places)
        year = century(year) if year < 100 else year
    try:
        if made.shape == "week":
            return date.fromisocalendar(year, month, day).toordinal() - _EPOCH
        return date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None


def _iso(made: Cell, order: str) -> str:
    days = _day(made, order)
    return "no date" if days is None else date.fromordinal(days + _EPOCH).isoformat()


def combine(columns: Sequence[tuple[str, Stamps]]) -> Stamps:
    """Return the stamps of rows whose parts are in several columns: a date and an hour; year, month, day and hour.

    Parameters
    ----------
    columns : sequence of (format, Stamps)
    """
    if len(columns) == 1:
        return columns[0][1]
    lost = np.any([stamps.at == UNREADABLE for _, stamps in columns], axis=0)
    parts = dict(columns)
    whole = next((s for kind, s in columns if kind not in ("month", "day", "clock", *_PART_UNITS)), None)
    wall, at = (whole.wall.copy(), whole.at.copy()) if whole is not None else (np.zeros(len(lost), np.int64),) * 2
    if "month" in parts:
        wall = _months(wall, parts["month"].wall, parts["day"].wall if "day" in parts else None, lost)
        lost |= wall == UNREADABLE
        at = wall.copy()
    for kind in ("clock", *_PART_UNITS):
        if kind in parts:
            clock = np.where(lost, 0, parts[kind].wall)
            wall, at = np.where(lost, 0, wall) + clock, np.where(lost, 0, at) + clock
    return Stamps(np.where(lost, UNREADABLE, at), np.where(lost, UNREADABLE, wall))


def _months(years: np.ndarray, months: np.ndarray, days: np.ndarray | None, lost: np.ndarray) -> np.ndarray:
    found = np.full(len(years), UNREADABLE, dtype=np.int64)
    for index in np.flatnonzero(~lost):
        year = date.fromordinal(int(years[index] // DAY) + _EPOCH).year
        try:
            made = date(year, int(months[index]), 1 if days is None else int(days[index]))
        except ValueError:
            continue
        found[index] = (made.toordinal() - _EPOCH) * DAY
    return found


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
