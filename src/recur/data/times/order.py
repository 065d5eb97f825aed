"""A table in the order of time: sorted within each series, one row per time, split or filled at gaps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from recur.codecs.numbers import number
from recur.config import DataConfig
from recur.data.readers.table import Row, Table
from recur.data.stamps.frequency import Frequency, frequency_of
from recur.data.stamps.timing import Timeline, Timing
from recur.data.times.calendar import CalendarTable
from recur.data.times.panels import Series, series_of
from recur.errors import ConfigError, DataError

_SHOWN = 3


class Piece(NamedTuple):
    """Consecutive rows of one series, a step apart.

    Attributes
    ----------
    first, last : int
        Rows of the ordered table, last excluded.
    series : str or None
        Whose rows they are, where there are several.
    """

    first: int
    last: int
    series: str | None


@dataclass(frozen=True)
class Order:
    """The rows of an ordered table: rows of the table below it, or made ones, which count from -1 down."""

    source: np.ndarray
    at: np.ndarray
    wall: np.ndarray
    made: list[Row]
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
    def pieces(self) -> list[Piece]:
        """Rows without a gap, series after series."""
        return self.order.pieces

    def row(self, index: int) -> Row:
        """Return a row as it is read, or as it was made to fill a gap."""
        place = int(self.order.source[index])
        if place >= 0:
            return self.table[place]
        row = dict(self.order.made[-1 - place])
        if isinstance(self.table, CalendarTable):
            row |= self.table.columns_at(int(self.order.wall[index]))
        return row

    def where(self, index: int) -> str:
        """Return the place of a row in its file; of one that fills a gap, that of the row before it."""
        before = index
        while before > 0 and self.order.source[before] < 0:
            before -= 1
        said = self.table.where(int(self.order.source[before]))
        return said if before == index else f"{said} (filled, {index - before} after it)"

    def row_number(self, index: int) -> int | None:
        """Return the number of a row in the table below, from 1; None for one that fills a gap or is a mean."""
        place = int(self.order.source[index])
        return place + 1 if place >= 0 else None

    def series(self, index: int) -> str | None:
        """Return the series of a row; None where there is only one."""
        place = bisect_right(self._firsts, index) - 1
        return self.pieces[place].series

    def is_made(self, index: int) -> bool:
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
    table: Table, timeline: Timeline, data: DataConfig, group: str | None, *, known: bool = False,
    numeric: Sequence[str] = (), answers: Sequence[str] = (),
) -> OrderedTable:  # fmt: skip
    """Return a table in the order of time.

    Parameters
    ----------
    table : Table
    timeline : Timeline
        Of the same table.
    data : DataConfig
        ``duplicates`` and ``fill``.
    group : str, optional
        Column, or columns with commas between them, whose value says to which series a row belongs.
    known : bool
        Whether the step is that of the timeline, which was measured on the training data.
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
    series = series_of(table, group) if group else Series([""], np.zeros(len(table), dtype=np.int64))
    at, wall = timeline.stamps.at, timeline.stamps.wall
    notes = [f"time: {timeline.timing}"]
    keep = np.zeros(len(table), dtype=bool)
    keep[timeline.rows] = True
    by_series = [rows[keep[rows]] for rows in series.rows()]
    by_series, names = [rows for rows in by_series if len(rows)], [
        name for name, rows in zip(series.names, by_series, strict=True) if len(rows)
    ]  # fmt: skip
    sorted_rows = [rows[np.argsort(at[rows], kind="stable")] for rows in by_series]
    direction = _direction([at[rows] for rows in by_series])
    single = _Single(table, timeline, data, numeric)
    sorted_rows = [single.rows(rows) for rows in sorted_rows]
    clocks = [wall[rows] if _daily(wall[rows]) else at[rows] for rows in sorted_rows]
    timing = timeline.timing
    step = timing.frequency if known else frequency_of(clocks, counted=timing.counted)
    if not known:
        timing = timeline.with_frequency(step).timing
    if data.table.fill and step.unit == "none":
        raise ConfigError(
            f"{table.name}: rows have no regular step in {timing}, so the missing rows are unknown: "
            f"--fill {data.table.fill}",
            hint="leave out --fill",
        )
    built = _Built(table, single, data.table.fill, numeric, [name for name in answers if name in table.columns])
    for name, rows, clock in zip(names, sorted_rows, clocks, strict=True):
        built.add(name if group else None, rows, at[rows], wall[rows], step, clock)
    notes[0] += f", {step}, {_span(built, timing)}"
    notes += _about_series(names, [len(rows) for rows in sorted_rows], group)
    notes += [*direction, *series.notes, *single.notes(), *_left_out(timeline), *built.notes(timing)]
    order = Order(
        np.concatenate(built.source), np.concatenate(built.at), np.concatenate(built.wall), single.made, built.pieces,
        timing, notes,
    )  # fmt: skip
    return OrderedTable(table, order)


class _Single:
    """One row a stamp: what happens to rows of equal stamps in one series."""

    def __init__(self, table: Table, timeline: Timeline, data: DataConfig, numeric: Sequence[str]) -> None:
        self.table, self.timeline, self.data, self.numeric = table, timeline, data, numeric
        self.made: list[Row] = []
        self.equal = self.settled = 0
        self.stand_for: dict[int, int] = {}

    def rows(self, rows: np.ndarray) -> np.ndarray:
        """Return sorted rows, one of each stamp; a mean stands for its first row."""
        at = self.timeline.stamps.at[rows]
        if not (np.diff(at) == 0).any():
            return rows
        kept = []
        for same in np.split(rows, np.flatnonzero(np.diff(at)) + 1):
            kept.append(int(same[0]) if len(same) == 1 else self._one(same))
        return np.array(kept, dtype=np.int64)

    def _one(self, same: np.ndarray) -> int:
        found = [self.table[int(index)] for index in same]
        if all(row == found[0] for row in found[1:]):
            self.equal += len(same) - 1
            return int(same[0])
        how = self.data.table.duplicates
        if how == "error":
            stamps, timing = self.timeline.stamps, self.timeline.timing
            stamp = timing.show(int(stamps.wall[same[0]]), int(stamps.at[same[0]]))
            places = " and ".join(self.table.where(int(index)) for index in same[:2])
            raise DataError(
                f"{places} have the same time, {stamp}, and different values; expected one row for each time",
                hint="--group COLUMN where there are several series, --duplicates first, last or mean to keep one row"
                + ("" if timing.zone else "; at the end of daylight saving, write stamps with their zone (+02:00)"),
            )
        self.settled += len(same) - 1
        if how != "mean":
            return int(same[0 if how == "first" else -1])
        mean = dict(found[0])
        for name in self.numeric:
            values = [number(row[name]) for row in found]
            present = [value for value in values if value == value]
            mean[name] = sum(present) / len(present) if present else None
        self.made.append(mean)
        self.stand_for[int(same[0])] = -len(self.made)
        return int(same[0])

    def notes(self) -> list[str]:
        """What became of rows of equal stamps."""
        said = []
        if self.equal:
            said.append(
                f"duplicates: {self.equal:,} row{'s' * (self.equal > 1)} equal to another one in every column left out"
            )
        if self.settled:
            what = (
                "one row is their mean"
                if self.data.table.duplicates == "mean"
                else f"the {self.data.table.duplicates} one counts"
            )
            said.append(
                f"duplicates: {self.settled:,} row{'s' * (self.settled > 1)} of a time that is there twice; {what}"
            )
        return said


class _Built:
    """Pieces and filled rows of all series, as they are put together."""

    def __init__(
        self, table: Table, single: _Single, fill: str | None, numeric: Sequence[str], answers: Sequence[str]
    ) -> None:
        self.table, self.single, self.fill, self.numeric, self.answers = table, single, fill, numeric, answers
        self.source: list[np.ndarray] = []
        self.at: list[np.ndarray] = []
        self.wall: list[np.ndarray] = []
        self.pieces: list[Piece] = []
        self.length = self.missing = self.gaps = 0
        self.longest = (0, "", 0, 0)

    def add(
        self, name: str | None, rows: np.ndarray, at: np.ndarray, wall: np.ndarray, step: Frequency, clock: np.ndarray
    ) -> None:
        """Add the sorted rows of a series."""
        places = step.places(clock)
        source = np.array([self.single.stand_for.get(int(row), int(row)) for row in rows], dtype=np.int64)
        distances = np.diff(places)
        gaps = np.flatnonzero(distances >= step.least_gap)
        for gap in gaps:
            self.gaps += 1
            self.missing += int(distances[gap]) - 1
            self.longest = max(self.longest, (int(distances[gap]) - 1, name or "", int(wall[gap]), int(at[gap])))
        if self.fill and len(gaps):
            source, at, wall = self._filled(source, at, wall, gaps, distances, step)
            gaps = gaps[:0]
        first = 0
        for last in [*(int(gap) + 1 for gap in gaps), len(source)]:
            self.pieces.append(Piece(self.length + first, self.length + last, name))
            first = last
        self.source.append(source)
        self.at.append(at)
        self.wall.append(wall)
        self.length += len(source)

    def _filled(
        self,
        source: np.ndarray,
        at: np.ndarray,
        wall: np.ndarray,
        gaps: np.ndarray,
        distances: np.ndarray,
        step: Frequency,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Make the rows that are missing."""
        new_source, new_at, new_wall, first = [], [], [], 0
        for gap in gaps:
            count = int(distances[gap]) - 1
            rows = [self._row(int(source[place])) for place in (gap, gap + 1)]
            made = [self._between(rows[0], rows[1], (each + 1) / (count + 1)) for each in range(count)]
            places = []
            for row in made:
                self.single.made.append(row)
                places.append(-len(self.single.made))
            offset = int(wall[gap] - at[gap])
            stamps = np.array(step.ahead(int(wall[gap]), count), dtype=np.int64)
            new_source += [source[first : gap + 1], np.array(places, dtype=np.int64)]
            new_wall += [wall[first : gap + 1], stamps]
            new_at += [at[first : gap + 1], stamps - offset]
            first = int(gap) + 1
        parts = ((new_source, source), (new_at, at), (new_wall, wall))
        found = [np.concatenate([*new, old[first:]]) for new, old in parts]
        return found[0], found[1], found[2]

    def _row(self, place: int) -> Mapping[str, Any]:
        return self.table[place] if place >= 0 else self.single.made[-1 - place]

    def _between(self, before: Mapping[str, Any], after: Mapping[str, Any], share: float) -> Row:
        """A row for a missing one; what is no number is that of the row before it."""
        made: Row = dict(before)
        for name in self.numeric:
            if self.fill == "zero":
                made[name] = 0.0
            elif self.fill == "linear":
                one, other = number(before[name]), number(after[name])
                made[name] = one + share * (other - one)
        return made | dict.fromkeys(self.answers)

    def notes(self, timing: Timing) -> list[str]:
        """What is missing, and what was done about it."""
        if not self.gaps:
            return []
        count, name, wall, at = self.longest
        rows, gaps = _count(self.missing, "row"), _count(self.gaps, "gap")
        where = f"the longest, of {_count(count, 'row')}, after {timing.show(wall, at)}{f' of {name}' if name else ''}"
        if self.fill:
            return [f"gaps: {rows} missing in {gaps}, {where}; filled ({self.fill})"]
        return [f"gaps: {rows} missing in {gaps}, {where}; read in {len(self.pieces):,} pieces (--fill fills gaps)"]


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}{'s' * (count != 1)}"


def _daily(wall: np.ndarray) -> bool:
    """Whether rows are a day or more apart: then the written clock counts, for a day may have 23 or 25 hours."""
    return len(wall) > 1 and float(np.median(np.diff(wall))) >= 23 * 3600e6


def _direction(series: Sequence[np.ndarray]) -> list[str]:
    """Say which order the rows were in."""
    backward = sum(int((np.diff(at) < 0).sum()) for at in series)
    steps = sum(max(0, len(at) - 1) for at in series)
    if not backward:
        return []
    if all((np.diff(at) <= 0).all() for at in series):
        return ["sorted: the rows are newest first in the file, and are read oldest first"]
    return [f"sorted: {_count(backward, 'row')} of {steps + len(series):,} came after a later one"]


def _span(built: _Built, timing: Timing) -> str:
    at, wall = np.concatenate(built.at), np.concatenate(built.wall)
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
    return [f"left out: {_count(len(lost), 'row')}: {'; '.join(lost[:_SHOWN])}{more}"]
