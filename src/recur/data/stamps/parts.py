"""Time stamps with their parts in separate columns: a date and an hour; year, month, day and hour; year and week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from recur.data.stamps.cell import DAY, HOUR, SECOND, cell, month_of

UNREADABLE = np.iinfo(np.int64).min
EPOCH = date(1970, 1, 1).toordinal()
PARTS = {"quarter": 4, "month": 12, "week": 53, "day of year": 366, "day": 31}
PART_UNITS = {"hour": HOUR, "minute": 60 * SECOND, "second": SECOND}


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


def part_of(text: str, kind: str) -> tuple[int, int] | None:
    """A part of a date that has a column of its own: quarters, months, weeks and days as numbers, others in time."""
    stamp = cell(text) if kind == "hour" else None
    if stamp is not None and stamp.shape == "clock":
        return (stamp.clock or 0,) * 2
    month = month_of(text) if kind == "month" else None
    try:
        value = float(text.lstrip("qQ") if kind == "quarter" else text) if month is None else month
    except ValueError:
        return None
    most = {**PARTS, "hour": 24, "minute": 60, "second": 61}[kind]
    if value != int(value) or not (kind in PARTS) <= value <= most:
        return None
    return (int(value) * PART_UNITS.get(kind, 1),) * 2


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
    whole = next((s for kind, s in columns if kind not in ("clock", *PARTS, *PART_UNITS)), None)
    wall, at = (whole.wall.copy(), whole.at.copy()) if whole is not None else (np.zeros(len(lost), np.int64),) * 2
    if any(kind in parts for kind in PARTS):
        wall = _within_years(wall, {kind: parts[kind].wall for kind in PARTS if kind in parts}, lost)
        lost |= wall == UNREADABLE
        at = wall.copy()
    for kind in ("clock", *PART_UNITS):
        if kind in parts:
            clock = np.where(lost, 0, parts[kind].wall)
            wall, at = np.where(lost, 0, wall) + clock, np.where(lost, 0, at) + clock
    return Stamps(np.where(lost, UNREADABLE, at), np.where(lost, UNREADABLE, wall))


def _within_years(years: np.ndarray, parts: Mapping[str, np.ndarray], lost: np.ndarray) -> np.ndarray:
    """Return the days that quarters, months, weeks or days are of, in their years."""
    days_of_rows = np.full(len(years), UNREADABLE, dtype=np.int64)
    # weeks of years that all have 52 are counted from the first of January
    weeks = parts.get("week")
    iso = weeks is not None and bool((weeks[~lost] == PARTS["week"]).any())
    for index in np.flatnonzero(~lost):
        year = date.fromordinal(int(years[index] // DAY) + EPOCH).year
        part = {kind: int(numbers[index]) for kind, numbers in parts.items()}
        month = 3 * part["quarter"] - 2 if "quarter" in part else 1
        try:
            if iso:
                day = date.fromisocalendar(year, part["week"], 1)
            else:
                days = part.get("day of year", 1) - 1 + 7 * (part.get("week", 1) - 1)
                day = date(year, part.get("month", month), part.get("day", 1)) + timedelta(days=days)
        except ValueError:
            continue
        days_of_rows[index] = (day.toordinal() - EPOCH) * DAY
    return days_of_rows
