"""A table in the order of time: sorted within each series, one row per time, split or filled at gaps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recur.config import DataConfig
from recur.data.readers.table import Row, Table
from recur.data.stamps.frequency import Frequency, frequency_of
from recur.data.stamps.timing import Timeline, Timing
from recur.data.times.calendar import CalendarTable
from recur.data.times.duplicates import SingleRows
from recur.data.times.gaps import Piece, Pieces, counted
from recur.data.times.panels import Series, series_of
from recur.errors import ConfigError

_SHOWN = 3


@dataclass(frozen=True)
class Order:
    """The rows of an ordered table: rows of the table below it, or made ones, which count from -1 down."""

    source: np.ndarray
    at: np.ndarray
    wall: np.ndarray
    computed: list[Row]
    pieces: list[Piece]
    timing: Timing
    notes: list[str]


class OrderedTable(Table):
    """The rows of a table in the order of time, series after series."""

    def __init__(self, table: Table, order: Order) -> None:
        self.table, self.order = table, order
        self.name, self.kind, self.columns, self.holds = table.name, table.kind, table.columns, table.holds
        self.timeline = table.timeline
        self.path = getattr(table, "path", None)
        self.styles = table.styles
        self._firsts = [piece.first for piece in order.pieces]

    def __len__(self) -> int:
        return len(self.order.source)

    @property
    def folder(self) -> Path | None:
        """Where the paths in its cells begin."""
        return self.table.folder

    @property
    def files(self) -> list[Path]:
        """Those of the table."""
        return self.table.files

    @property
    def pieces(self) -> list[Piece]:
        """Rows without a gap, series after series."""
        return self.order.pieces

    def row(self, index: int) -> Row:
        """Return a row as it is read, or as it was made to fill a gap."""
        place = int(self.order.source[index])
        if place >= 0:
            return self.table[place]
        row = dict(self.order.computed[-1 - place])
        if isinstance(self.table, CalendarTable):
            row |= self.table.columns_at(int(self.order.wall[index]))
        return row

    def where(self, index: int) -> str:
        """Return the place of a row in its file; of one that fills a gap, that of the row before it."""
        before = index
        while before > 0 and self.order.source[before] < 0:
            before -= 1
        place = self.table.where(int(self.order.source[before]))
        return place if before == index else f"{place} (filled, {index - before} after it)"

    def row_number(self, index: int) -> int | None:
        """Return the number of a row in the table below, from 1; None for one that fills a gap or is a mean."""
        place = int(self.order.source[index])
        return place + 1 if place >= 0 else None

    def series(self, index: int) -> str | None:
        """Return the series of a row; None where there is only one."""
        place = bisect_right(self._firsts, index) - 1
        return self.pieces[place].series

    def is_filled(self, index: int) -> bool:
        """Whether a row fills a gap."""
        return bool(self.order.source[index] < 0)

    def time(self, index: int) -> str:
        """Return the stamp of a row, as ISO 8601."""
        return self.order.timing.show(int(self.order.wall[index]), int(self.order.at[index]))

    def following(self, index: int, steps: int) -> list[str]:
        """Return the stamps of the steps after a row; nothing where rows have no regular step.

        With a zone, the offset is that of the row, also beyond a change to or from daylight saving.
        """
        timing, wall = self.order.timing, int(self.order.wall[index])
        offset = wall - int(self.order.at[index])
        return [timing.show(each, each - offset) for each in timing.frequency.ahead(wall, steps)]


def ordered(
    table: Table, timeline: Timeline, step: Frequency, data: DataConfig, group: str | None, *,
    numeric: Sequence[str] = (), answers: Sequence[str] = (),
) -> OrderedTable:  # fmt: skip
    """Return a table in the order of time.

    Parameters
    ----------
    table : Table
    timeline : Timeline
        Of the same table.
    step : Frequency
        Between the rows of a series, of the training data: `step_of`.
    data : DataConfig
        ``duplicates`` and ``fill``.
    group : str, optional
        Column, or columns with commas between them, whose value says to which series a row belongs.
    numeric : sequence of str
        Columns of numbers, for what is filled and for means.
    answers : sequence of str
        Columns that are predicted and not read: they are missing in rows that are filled.

    Raises
    ------
    DataError
        When a series has two rows of one stamp and nothing says which counts.
    ConfigError
        When gaps are to be filled where rows have no regular step.
    """
    numeric = [name for name in numeric if name in table.columns]
    series = _series(table, group)
    at, wall = timeline.stamps.at, timeline.stamps.wall
    by_series = {name: rows for name, rows in zip(series.names, _timed(series, timeline), strict=True) if len(rows)}
    direction = _direction([at[rows] for rows in by_series.values()])
    single = SingleRows(table, timeline, data, numeric)
    by_series = {name: single.rows(_sorted(rows, at)) for name, rows in by_series.items()}
    timing = timeline.with_frequency(step).timing
    if data.table.fill and step.unit == "none":
        raise ConfigError(
            f"{table.name}: rows have no regular step in {timing}, so the missing rows are unknown: "
            f"--fill {data.table.fill}",
            hint="leave out --fill",
        )
    result = Pieces(table, single, data.table.fill, numeric, [name for name in answers if name in table.columns])
    for name, rows in by_series.items():
        result.add(name if group else None, rows, at[rows], wall[rows], step, _clock(rows, timeline))
    notes = [f"time: {timeline.timing}, {step}, {_span(result, timing)}"]
    notes += _about_series(list(by_series), [len(rows) for rows in by_series.values()], group)
    notes += [*direction, *series.notes, *single.notes(), *_left_out(timeline), *result.notes(timing)]
    source, at, wall = (np.concatenate(each) for each in (result.source, result.at, result.wall))
    order = Order(source, at, wall, single.computed, result.pieces, timing, notes)
    return OrderedTable(table, order)


def step_of(table: Table, timeline: Timeline, group: str | None) -> Frequency:
    """Return the step between the rows of a table, within each series.

    Parameters
    ----------
    table : Table
    timeline : Timeline
        Of the same table.
    group : str, optional
        Column, or columns with commas between them, whose value says to which series a row belongs.
    """
    at = timeline.stamps.at
    by_series = [rows[np.unique(at[rows], return_index=True)[1]] for rows in _timed(_series(table, group), timeline)]
    clocks = [_clock(rows, timeline) for rows in by_series if len(rows)]
    return frequency_of(clocks, counted=timeline.timing.counted)


def _series(table: Table, group: str | None) -> Series:
    return series_of(table, group) if group else Series([""], np.zeros(len(table), dtype=np.int64))


def _timed(series: Series, timeline: Timeline) -> list[np.ndarray]:
    """The rows of each series that have a stamp, in the order of the table."""
    timed = np.zeros(len(series.of_row), dtype=bool)
    timed[timeline.rows] = True
    return [rows[timed[rows]] for rows in series.rows()]


def _sorted(rows: np.ndarray, at: np.ndarray) -> np.ndarray:
    return rows[np.argsort(at[rows], kind="stable")]


def _clock(rows: np.ndarray, timeline: Timeline) -> np.ndarray:
    """The time of sorted rows: the written clock where they are a day or more apart, for a day may have 23 hours."""
    wall = timeline.stamps.wall[rows]
    daily = len(wall) > 1 and float(np.median(np.diff(wall))) >= 23 * 3600e6
    at: np.ndarray = timeline.stamps.at[rows]
    return wall if daily else at


def _direction(series: Sequence[np.ndarray]) -> list[str]:
    """Say which order the rows were in."""
    backward = sum(int((np.diff(at) < 0).sum()) for at in series)
    steps = sum(max(0, len(at) - 1) for at in series)
    if not backward:
        return []
    if all((np.diff(at) <= 0).all() for at in series):
        return ["sorted: the rows are newest first in the file, and are read oldest first"]
    return [f"sorted: {backward:,} of {steps + len(series):,} rows {'was' if backward == 1 else 'were'} out of order"]


def _span(result: Pieces, timing: Timing) -> str:
    at, wall = np.concatenate(result.at), np.concatenate(result.wall)
    first, last = int(at.argmin()), int(at.argmax())
    return f"from {timing.show(int(wall[first]), int(at[first]))} to {timing.show(int(wall[last]), int(at[last]))}"


def _about_series(names: Sequence[str], lengths: Sequence[int], group: str | None) -> list[str]:
    if not group:
        return []
    least, most = min(lengths), max(lengths)
    rows = f"{least:,} rows each" if least == most else f"of {least:,} to {most:,} rows"
    shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
    return [f"series: {len(names):,} by {group.replace(',', ', ')} ({shown}), {rows}"]


def _left_out(timeline: Timeline) -> list[str]:
    lost = timeline.left_out
    if not lost:
        return []
    more = f", and {len(lost) - _SHOWN:,} more" if len(lost) > _SHOWN else ""
    return [f"left out: {counted(len(lost), 'row')}: {'; '.join(lost[:_SHOWN])}{more}"]
