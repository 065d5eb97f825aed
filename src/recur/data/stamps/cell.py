"""One cell of a column of time stamps: its parts as written, before the order of day and month is known."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from recur.codecs.missing import TIME_WORDS

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan ene gen sty янв oca", "feb fev fév lut фев şub", "mar mär mrz mae maa mrt мар",
            "apr abr avr kwi апр nis", "may mai mag mei maj май мая", "jun juin giu cze июн haz",
            "jul juil lug lip июл tem", "aug ago aoû sie авг ağu", "sep set wrz сен eyl", "oct okt out ott paź окт eki",
            "nov lis ноя kas", "dec dez dic déc gru дек ara",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_ZONES = {"z": 0, "utc": 0, "gmt": 0, "wet": 0} | {
    name: 3600 * hours
    for name, hours in {
        "bst": 1, "west": 1, "cet": 1, "cest": 2, "eet": 2, "eest": 3, "msk": 3, "jst": 9, "aest": 10,
        "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7,
    }.items()
}  # fmt: skip
_FIRST_OF_1900 = 50  # two digits from here on are years of the 1900s

_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)[a-z]*\.?,?\s+)?"
_MINUTES = r"[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?"
_CLOCK = rf"(?P<hour>\d{{1,2}})(?:{_MINUTES})?(?:\s*(?P<half>[ap])\.?m\.?)?(?:\s*uhr)?"
_ZONE = rf"(?:\s*(?P<zone>{'|'.join(_ZONES)}|[+-]\d{{2}}(?::?\d{{2}})?))?"
_DATES = {
    "ymd": r"(?P<a>\d{4})(?P<sign>[-/.])(?P<b>\d{1,2})(?P=sign)(?P<c>\d{1,2})\.?",
    "abc": r"(?P<a>\d{1,2})(?P<sign>[-/.])(?P<b>\d{1,2})(?P=sign)(?P<c>\d{4}|\d{2})",
    "ym": r"(?P<a>\d{4})[-/.](?P<b>\d{1,2})",
    "my": r"(?P<b>\d{1,2})[-/.](?P<a>\d{4})",
    "dny": r"(?P<c>\d{1,2})(?:st|nd|rd|th)?[-./\s]*(?P<name>[^\W\d_]{3,12})\.?[-,./\s]*(?P<a>\d{4}|\d{2})",
    "ndy": r"(?P<name>[^\W\d_]{3,12})\.?\s*(?P<c>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<a>\d{4})",
    # "Jan 15" may be a day
    "ny": r"(?P<name>[^\W\d_]{3,12})\.?(?:[-,/\s]*(?=\d{4})|\s*[-/'\u2019]\s*)(?P<a>\d{4}|\d{2})",
    "yn": r"(?P<a>\d{4})[-/\s]*(?P<name>[^\W\d_]{3,12})\.?",
    "yq": r"(?P<a>\d{4})[-/\s]*q(?P<b>[1-4])",
    "qy": r"q(?P<b>[1-4])[-/\s]*(?P<a>\d{4})",
    "cjk": r"(?P<a>\d{4})\s*[年년]\s*(?P<b>\d{1,2})\s*[月월]\s*(?P<c>\d{1,2})\s*[日일号]",
    "cjkm": r"(?P<a>\d{4})\s*[年년]\s*(?P<b>\d{1,2})\s*[月월]",
    "week": r"(?P<a>\d{4})-?w(?P<b>\d{2})(?:-?(?P<c>[1-7]))?",
    "compact": r"(?P<a>\d{4})(?P<b>\d{2})(?P<c>\d{2})(?=t)",
}
_COMPACT_CLOCK = r"(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?P<part>)(?P<half>)"
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")
_ALONE = re.compile(rf"(?P<hour>\d{{1,2}}){_MINUTES}(?:\s*(?P<half>[ap])\.?m\.?)?", re.IGNORECASE)
_MAY_BE_DAY = re.compile(r"(?:0?[1-9]|[12]\d|3[01])\.(?:0?[1-9]|1[0-2])\.\d{2}")
_NAMED_LAST = re.compile(
    rf"{_WEEKDAY}(?P<name>[a-z]{{3,12}})\s+(?P<c>\d{{1,2}})\s+{_CLOCK}{_ZONE}\s+(?P<a>\d{{4}})", re.IGNORECASE
)
_WITH_CLOCK = {
    shape: re.compile(
        rf"{_WEEKDAY}{date_}(?:t{_COMPACT_CLOCK}{_ZONE})" if shape == "compact"
        else rf"{_WEEKDAY}{date_}(?:(?:t|,\s*|\s+|_|:){_CLOCK}{_ZONE})?",
        re.IGNORECASE,
    )
    for shape, date_ in _DATES.items()
}  # fmt: skip
MONTHLY = {"ym": "month", "my": "month", "ny": "month", "yn": "month", "yq": "quarter", "qy": "quarter",
           "week": "week"}  # fmt: skip
"""Shapes whose stamps are longer than a day, and how long."""


class Cell(NamedTuple):
    """The content of a cell.

    Attributes
    ----------
    shape : str
        ``abc`` where the order of day and month is open, ``number``, ``clock``, or the order of its parts.
    parts : tuple of int
        Year, month and day; for ``abc`` three numbers as written.
    clock : int or None
        Microseconds since midnight.
    zone : int or None
        Seconds east of Greenwich.
    sign : str
        What separates the parts of ``abc``.
    """

    shape: str
    parts: tuple[int, int, int]
    clock: int | None = None
    zone: int | None = None
    sign: str = ""


def text_of(value: Any) -> str:
    """Return a raw value as text: nothing for a missing one, ISO for a date of Python.

    >>> text_of(1577836800.0), text_of(None)
    ('1577836800', '')
    """
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() else f"{value:.9f}".rstrip("0")
    if isinstance(value, (datetime, date)):
        return "" if str(value) == "NaT" else value.isoformat()
    text = name_of(value)
    return "" if text.lower() in TIME_WORDS else text


def name_of(value: Any) -> str:
    """Return a raw value that names a series: as its text, in which NA is a name.

    >>> name_of("NA"), name_of(7.0), name_of(None)
    ('NA', '7', '')
    """
    if isinstance(value, float):
        return text_of(value)
    return "" if value is None or str(value) in ("NaT", "<NA>") else str(value).strip()


@lru_cache(maxsize=2**16)
def cell(text: str) -> Cell | None:
    """Return the parts of one stamp, None where it is not a stamp.

    >>> cell("2016-07-01 13:00")
    Cell(shape='ymd', parts=(2016, 7, 1), clock=46800000000, zone=None, sign='')
    >>> cell("1/2/2020").shape, cell("Total") is None
    ('abc', True)
    """
    if not text or len(text) > 60:
        return None
    if _NUMBER.fullmatch(text):
        # a month written as 1949.02 cannot be distinguished from a number: it is a number
        return Cell("number", (0, 0, 0))
    clock = clock_of(text)
    # "12.10.15" is taken for a date where it can be one; what it is in its column is judged there
    if clock is not None and not _MAY_BE_DAY.fullmatch(text):
        return Cell("clock", (0, 0, 0), clock)
    for shape, pattern in _WITH_CLOCK.items():
        match = pattern.fullmatch(text)
        if match:
            stamp = _dated(shape, match)
            if stamp is not None:
                return stamp
    last = _NAMED_LAST.fullmatch(text)
    return _dated("ndy", last) if last else None


def clock_of(text: str) -> int | None:
    """Return the time of day that a text is, in microseconds; None where it is none.

    >>> clock_of("01:30"), clock_of("12.10.15") == clock_of("12:10:15"), clock_of("1.50")
    (5400000000, True, None)
    """
    alone = None if _NUMBER.fullmatch(text) else _ALONE.fullmatch(text)
    return _clock(alone) if alone else None


def _dated(shape: str, match: re.Match[str]) -> Cell | None:
    groups = match.groupdict()
    month = groups.get("b") or "1"
    if groups.get("name") is not None:
        number = month_of(groups["name"])
        if number is None:
            return None
        month = str(number)
    year, middle, day = int(groups["a"]), int(month), int(groups.get("c") or 1)
    clock: int | None = None
    zone: int | None = None
    if groups.get("hour") is not None:
        clock = _clock(match)
        zone = _zone(groups.get("zone"))
        if clock is None or shape in (*MONTHLY, "cjkm"):
            return None
    if shape == "abc":
        return Cell(shape, (year, middle, day), clock, zone, groups["sign"])
    if shape in ("yq", "qy"):
        middle = 3 * middle - 2
    if len(groups["a"]) == 2:
        year = century(year)
    known = {"compact": "ymd", "cjk": "ymd", "cjkm": "ym", "dny": "named", "ndy": "named"}.get(shape, shape)
    return Cell(known, (year, middle, day), clock, zone)


def month_of(name: str) -> int | None:
    """Return the number of a month's name or abbreviation in the most common languages of Europe."""
    lowered = name.lower().rstrip(".")
    return _MONTHS.get(lowered) or _MONTHS.get(lowered[:4]) or _MONTHS.get(lowered[:3])


def century(year: int) -> int:
    """Return the year that two digits stand for: 00 to 49 are of this century."""
    return year + (1900 if year >= _FIRST_OF_1900 else 2000)


def _clock(match: re.Match[str]) -> int | None:
    groups = match.groupdict()
    hour, minute, second = int(groups["hour"]), int(groups["minute"] or 0), int(groups["second"] or 0)
    half = (groups.get("half") or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    # the end of a day may be written as 24:00, and a leap second as 60
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        return None
    part = int((groups.get("part") or "0")[:6].ljust(6, "0"))
    return ((hour * 60 + minute) * 60 + second) * SECOND + part


def _zone(text: str | None) -> int | None:
    if not text:
        return None
    if text.lower() in _ZONES:
        return _ZONES[text.lower()]
    digits = text[1:].replace(":", "").ljust(4, "0")
    return (-1 if text[0] == "-" else 1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)
