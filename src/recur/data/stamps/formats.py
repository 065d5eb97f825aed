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

from collections import Counter
from collections.abc import Sequence
from datetime import date

from recur.codecs.plain_text import shorten
from recur.data.cells.names import is_dated
from recur.data.stamps.cell import MONTHLY, Cell, cell, clock_of
from recur.data.stamps.instants import (
    ORDERS,
    POINT_MONTH,
    SHEET,
    SINCE_1970,
    StampFormat,
    compact_stamp,
    day_of,
    is_sheet_day,
    season_start,
)
from recur.data.stamps.parts import EPOCH
from recur.errors import DataError

_COMPACT = {14: "%Y%m%d%H%M%S", 12: "%Y%m%d%H%M", 10: "%Y%m%d%H", 8: "%Y%m%d", 6: "%Y%m"}


def infer_format(texts: Sequence[str], name: str, *, requested: str | None = None) -> StampFormat | None:
    """Return the format of a column, by all of its cells.

    Parameters
    ----------
    texts : sequence of str
        Every cell; empty ones are missing.
    name : str
        The column, for messages.
    requested : str, optional
        The format of ``--time-format``.

    Returns
    -------
    StampFormat or None
        None where less than half of the cells are stamps.

    Raises
    ------
    DataError
        When days and months cannot be distinguished, or the column mixes stamps with and without a zone.

    >>> infer_format(["13/01/2020", "14/01/2020"], "date").format
    'day first'
    """
    present = [text for text in texts if text]
    if requested is not None and requested not in ORDERS:
        return _requested(requested)
    if len(present) > 1 and all(map(season_start, present)):
        return StampFormat("seasons", "year", False)
    cells = [stamp for stamp in map(cell, present) if stamp is not None]
    if not cells or 2 * len(cells) < len(present):
        return None
    if are_clocks(present):
        return StampFormat("clock", "clock", False)
    shapes = Counter(each.shape for each in cells)
    shape = shapes.most_common(1)[0][0]
    if shape == "number":
        return _numbers(present, name)
    same = [each for each in cells if each.shape == shape]
    if shape == "clock":
        return StampFormat("clock", "clock", False)
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
    form = _order(same, present, name, requested) if shape == "abc" else requested or _named(shape)
    return StampFormat(form, resolution, zoned == {True})


def are_clocks(texts: Sequence[str]) -> bool:
    """Return whether cells are times of day; 12.10.15 is a date unless another one, such as 17.00.00, is none."""
    shapes = [stamp.shape if (stamp := cell(text)) else "" for text in texts]
    return "clock" in shapes and all(
        shape == "clock" or clock_of(text) is not None for text, shape in zip(texts, shapes, strict=True)
    )


def _named(shape: str) -> str:
    known = {"ymd": "year first", "yq": "quarters", "qy": "quarters", "week": "weeks", "ym": "year and month"}
    return known.get(shape, "year and month" if shape == "my" else "month names")


def _requested(requested: str) -> StampFormat:
    if requested in SINCE_1970:
        return StampFormat(requested, "time", True)
    if requested == "counter":
        return StampFormat(requested, "number", False)
    clock = any(sign in requested for sign in ("%H", "%I", "%M", "%S", "%c", "%X"))
    days = any(sign in requested for sign in ("%d", "%j", "%x", "%c", "%e"))
    month = "%m" in requested or "%b" in requested
    resolution = "time" if clock else "day" if days else "month" if month else "year"
    return StampFormat(requested, resolution, "%z" in requested)


def _order(cells: Sequence[Cell], present: Sequence[str], name: str, requested: str | None) -> str:
    """Return whether days or months are first, by what the cells allow."""
    if requested is not None:
        return requested
    if cells[0].sign == ".":
        return "day first"
    short = all(each.parts[2] < 100 for each in cells)
    orders = [order for order in ORDERS if short or order != "year first"]
    allowed = [[order for order in orders if day_of(each, order) is not None] for each in cells]
    possible = [each for each in allowed if each]
    fitting = [order for order in orders if all(order in each for each in possible)]
    if short and len(fitting) > 1 and "year first" in fitting and any(each.parts[0] == 0 for each in cells):
        fitting = ["year first"]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        # a cell such as 01/01/2020 reads alike in both
        place = next((i for i, each in enumerate(cells) if len({day_of(each, order) for order in fitting}) > 1), None)
        if place is None:
            return fitting[0]
        texts = [text for text in present if (stamp := cell(text)) is not None and stamp.shape == "abc"]
        example = shorten(texts[place], 30)
        readings = " or ".join(f"{_iso(cells[place], order)} ({order})" for order in fitting)
        raise DataError(
            f'column "{name}": "{example}" is {readings}, and none of the {len(present):,} cells decides which',
            hint=" or ".join(f'--time-format "{order}"' for order in fitting),
        )
    one, other = (_only(present, allowed, order) for order in orders[:2])
    raise DataError(
        f'column "{name}" mixes days before months and months before days: "{one}" and "{other}"',
        hint="write all stamps in one way, such as 2020-01-31",
    )


def _only(present: Sequence[str], allowed: Sequence[list[str]], order: str) -> str:
    """A cell that can be read in one order alone."""
    texts = [text for text in present if (stamp := cell(text)) is not None and stamp.shape == "abc"]
    return next((text for text, each in zip(texts, allowed, strict=True) if each == [order]), "")


def _first(present: Sequence[str], shape: str, zone: bool | None = None) -> str:
    """The first cell of a shape."""
    for text in present:
        stamp = cell(text)
        if stamp is not None and stamp.shape == shape and (zone is None or (stamp.zone is not None) == zone):
            return text
    return ""


def _numbers(present: Sequence[str], name: str) -> StampFormat:
    """Return what a column of numbers counts."""
    if all(map(POINT_MONTH.fullmatch, present)) and any(".0" in text for text in present):
        return StampFormat("year.month", "month", False)
    if is_dated(name) and all(map(is_sheet_day, present)):
        return StampFormat(SHEET, "time" if any("." in text for text in present) else "day", False)
    whole = [text for text in present if text.lstrip("+-").isdigit()]
    digits = Counter(len(text.lstrip("+-")) for text in present if text in set(whole) or "." in text)
    longest = digits.most_common(1)[0][0]
    if len(whole) == len(present) and len(digits) == 1:
        pattern = _COMPACT.get(longest)
        if pattern and all(compact_stamp(text, pattern) is not None for text in present):
            resolution = {6: "month", 8: "day"}.get(longest, "time")
            return StampFormat(pattern, resolution, False)
        if longest == 4 and all(1500 <= int(text) <= 2200 for text in present):
            return StampFormat("year", "year", False)
    sizes = {len(text.split(".")[0].lstrip("+-")) for text in present}
    for unit, (size, _) in SINCE_1970.items():
        if sizes <= {size, size - 1} and len(present) > 0 and min(sizes) >= 9:
            return StampFormat(unit, "time", True)
    return StampFormat("counter", "number", False)


def _iso(stamp: Cell, order: str) -> str:
    days = day_of(stamp, order)
    return "no date" if days is None else date.fromordinal(days + EPOCH).isoformat()
