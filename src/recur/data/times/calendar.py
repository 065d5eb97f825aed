"""Columns computed from time stamps: the position in the day, the week or the year, in the local time as written.

hour, weekday, month, yearday -> sin and cos of 2 pi (where in the cycle), so that its end is next to its beginning
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from recur.data.readers.table import Row, Table
from recur.data.stamps.instants import moment
from recur.data.stamps.parts import UNREADABLE
from recur.errors import DataError

# the share of its cycle that a time has reached
_CYCLES: dict[str, Callable[[datetime], float]] = {
    "hour": lambda at: (at.hour + at.minute / 60 + at.second / 3600) / 24,
    "weekday": lambda at: at.weekday() / 7,
    "month": lambda at: (at.month - 1) / 12,
    "yearday": lambda at: (at.timetuple().tm_yday - 1) / 365.25,
}
_TOO_LONG = {
    "hour": ("day", "week", "month", "quarter", "year"), "weekday": ("week", "month", "quarter", "year"),
    "month": ("year",), "yearday": ("year",),
}  # fmt: skip


def names(features: Sequence[str]) -> list[str]:
    """Return the names of the columns that features become.

    >>> names(["hour"])
    ['hour sin', 'hour cos']
    """
    return [f"{feature} {wave}" for feature in features for wave in ("sin", "cos")]


class CalendarTable(Table):
    """A table with additional columns computed from its time stamps.

    Parameters
    ----------
    table : Table
        With a column of times.
    features : sequence of str
        hour, weekday, month, yearday.

    Raises
    ------
    DataError
        When no column is a time, or its stamps name something longer than a feature: the hour of a date is always 0.
    """

    def __init__(self, table: Table, features: Sequence[str]) -> None:
        self._table, self._features = table, list(features)
        self.name, self.kind, self.holds = table.name, table.kind, table.holds
        timeline = table.timeline
        if timeline is None or timeline.timing.counted:
            raise DataError(
                f"{table.name} has no time column to compute {', '.join(features)} from; its columns are "
                f"{', '.join(table.columns[:12])}",
                hint="--time COLUMN names it; or leave out --time-features",
            )
        for feature in features:
            if timeline.timing.resolution in _TOO_LONG[feature]:
                raise DataError(
                    f"{table.name}: {timeline.timing} names a {timeline.timing.resolution}, "
                    f"so {feature} would be the same in all rows",
                    hint=f"leave out --time-features {feature}, or give the time of day: --time DATE --time HOUR",
                )
        self.timeline, self._wall = timeline, timeline.stamps.wall
        self.columns = [*table.columns, *names(features)]
        self.path = getattr(table, "path", None)
        self.styles = table.styles

    def __len__(self) -> int:
        return len(self._table)

    def row(self, index: int) -> Row:
        """Return the row with the columns that were made."""
        row = self._table[index]
        wall = int(self._wall[index])
        return row if wall == UNREADABLE else {**row, **calendar_values(self._features, wall)}

    def where(self, index: int) -> str:
        """Return the place of a row."""
        return self._table.where(index)

    @property
    def folder(self) -> Path | None:
        """Where the paths in its cells begin."""
        return self._table.folder

    @property
    def files(self) -> list[Path]:
        """Those of the table."""
        return self._table.files

    def columns_at(self, wall: int) -> Row:
        """Return the columns that were made, for a row at another time."""
        return calendar_values(self._features, wall)


def calendar_values(features: Sequence[str], wall: int) -> Row:
    """Return the columns that a stamp becomes."""
    at = moment(wall)
    columns: Row = {}
    for feature in features:
        angle = 2 * math.pi * _CYCLES[feature](at)
        columns |= {f"{feature} sin": math.sin(angle), f"{feature} cos": math.cos(angle)}
    return columns


def refuse_constant(table: Table, features: Sequence[str]) -> None:
    """Refuse a feature that is the same in all rows.

    Raises
    ------
    DataError
    """
    timeline = table.timeline
    if timeline is None or len(timeline.rows) < 2:
        return
    for feature in features:
        seen = {_CYCLES[feature](moment(int(timeline.stamps.wall[row]))) for row in timeline.rows[:5000]}
        if len(seen) == 1 and len(timeline.rows) <= 5000:
            raise DataError(
                f"{table.name}: {feature} is the same in all {len(timeline.rows):,} rows ({timeline.timing})",
                hint=f"leave out --time-features {feature}"
                + (", or name the column of the hour: --time DATE --time HOUR" if feature == "hour" else ""),
            )
