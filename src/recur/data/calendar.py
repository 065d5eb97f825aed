"""Columns made of a table's time stamps: where in the day, the week or the year a row stands.

hour, weekday, month, yearday -> sin and cos of 2 pi (where in the cycle), so that its end is next to its beginning
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime

from recur.codecs.codec import shorten
from recur.data.names import is_time
from recur.data.table import Row, Table
from recur.errors import DataError

# the share of its cycle that a time has reached
_CYCLES: dict[str, Callable[[datetime], float]] = {
    "hour": lambda at: (at.hour + at.minute / 60 + at.second / 3600) / 24,
    "weekday": lambda at: at.weekday() / 7,
    "month": lambda at: (at.month - 1) / 12,
    "yearday": lambda at: (at.timetuple().tm_yday - 1) / 365.25,
}
_FORMS = ("%Y-%m", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%Y")


def names(features: Sequence[str]) -> list[str]:
    """Return the names of the columns that features become.

    >>> names(["hour"])
    ['hour sin', 'hour cos']
    """
    return [f"{feature} {wave}" for feature in features for wave in ("sin", "cos")]


class CalendarTable(Table):
    """A table with columns made of its time stamps beside its own.

    Parameters
    ----------
    table : Table
        With a column whose name says time (date, timestamp, month, ...).
    features : sequence of str
        hour, weekday, month, yearday.

    Raises
    ------
    DataError
        When no column is a time.
    """

    def __init__(self, table: Table, features: Sequence[str]) -> None:
        self._table, self._features = table, list(features)
        self.name, self.kind = table.name, table.kind
        times = [name for name in table.columns if is_time(name)]
        if not times:
            raise DataError(
                f"{table.name} has no column of times to make {', '.join(features)} of; its columns are "
                f"{', '.join(table.columns[:12])}",
                hint="call the column date or timestamp, or leave out --time-features",
            )
        self._time = times[0]
        self.columns = [*table.columns, *names(features)]
        self.path = getattr(table, "path", None)
        self.styles = table.styles

    def __len__(self) -> int:
        return len(self._table)

    def row(self, index: int) -> Row:
        """Return the row with the columns that were made."""
        row = self._table[index]
        at = moment(row[self._time], self._table.where(index))
        made: Row = {}
        for feature in self._features:
            angle = 2 * math.pi * _CYCLES[feature](at)
            made |= {f"{feature} sin": math.sin(angle), f"{feature} cos": math.cos(angle)}
        return {**row, **made}

    def where(self, index: int) -> str:
        """Return the place of a row."""
        return self._table.where(index)


def moment(value: object, where: str = "") -> datetime:
    """Return a time stamp as a time: ISO 8601, a month, a German or a slashed date, or a year.

    >>> moment("2016-07-01 13:00:00").hour, moment("1949-02").month
    (13, 2)

    Raises
    ------
    DataError
        When it is none of these.
    """
    text = str(value).strip()
    for read in (datetime.fromisoformat, *(lambda each, form=form: datetime.strptime(each, form) for form in _FORMS)):
        try:
            return read(text)
        except ValueError:
            continue
    raise DataError(
        f'{where}: "{shorten(text, 40)}" is no time', hint="write times as 2016-07-01 13:00:00, or months as 1949-02"
    )
