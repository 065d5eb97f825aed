"""Gaps between the rows of a series: the series is split there, or the missing rows are filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from recur.codecs.number_parsing import number
from recur.data.readers.table import Row, Table
from recur.data.stamps.frequency import Frequency
from recur.data.stamps.timing import Timing
from recur.data.times.duplicates import SingleRows


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


class Pieces:
    """Pieces and filled rows of all series, as they are put together."""

    def __init__(
        self, table: Table, single: SingleRows, fill: str | None, numeric: Sequence[str], answers: Sequence[str]
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
            new_rows = [self._between(rows[0], rows[1], (each + 1) / (count + 1)) for each in range(count)]
            places = []
            for row in new_rows:
                self.single.computed.append(row)
                places.append(-len(self.single.computed))
            offset = int(wall[gap] - at[gap])
            stamps = np.array(step.ahead(int(wall[gap]), count), dtype=np.int64)
            new_source += [source[first : gap + 1], np.array(places, dtype=np.int64)]
            new_wall += [wall[first : gap + 1], stamps]
            new_at += [at[first : gap + 1], stamps - offset]
            first = int(gap) + 1
        parts = ((new_source, source), (new_at, at), (new_wall, wall))
        arrays = [np.concatenate([*new, old[first:]]) for new, old in parts]
        return arrays[0], arrays[1], arrays[2]

    def _row(self, place: int) -> Mapping[str, Any]:
        return self.table[place] if place >= 0 else self.single.computed[-1 - place]

    def _between(self, before: Mapping[str, Any], after: Mapping[str, Any], share: float) -> Row:
        """A row for a missing one; what is no number is that of the row before it."""
        row: Row = dict(before)
        for name in self.numeric:
            if self.fill == "zero":
                row[name] = 0.0
            elif self.fill == "linear":
                one, other = number(before[name]), number(after[name])
                row[name] = one + share * (other - one)
        return row | dict.fromkeys(self.answers)

    def notes(self, timing: Timing) -> list[str]:
        """What is missing, and what was done about it."""
        if not self.gaps:
            return []
        count, name, wall, at = self.longest
        rows, gaps = counted(self.missing, "row"), counted(self.gaps, "gap")
        where = f"the longest, of {counted(count, 'row')}, after {timing.show(wall, at)}{f' of {name}' if name else ''}"
        if self.fill:
            return [f"gaps: {rows} missing in {gaps}, {where}; filled ({self.fill})"]
        return [f"gaps: {rows} missing in {gaps}, {where}; read in {len(self.pieces):,} pieces (--fill fills gaps)"]


def counted(count: int, what: str) -> str:
    """Return a number of things: 1 row, 2 rows."""
    return f"{count:,} {what}{'s' * (count != 1)}"
