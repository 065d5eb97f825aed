"""One row per time: rows of equal time in one series, which are equal, reduced to one, or refused."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recur.codecs.number_parsing import number
from recur.config import DataConfig
from recur.data.readers.table import Row, Table
from recur.data.stamps.timing import Timeline
from recur.errors import DataError


class SingleRows:
    """One row a stamp: what happens to rows of equal stamps in one series."""

    def __init__(self, table: Table, timeline: Timeline, data: DataConfig, numeric: Sequence[str]) -> None:
        self.table, self.timeline, self.data, self.numeric = table, timeline, data, numeric
        self.computed: list[Row] = []
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
        rows = [self.table[int(index)] for index in same]
        if all(row == rows[0] for row in rows[1:]):
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
        mean = dict(rows[0])
        for name in self.numeric:
            values = [number(row[name]) for row in rows]
            present = [value for value in values if value == value]
            mean[name] = sum(present) / len(present) if present else None
        self.computed.append(mean)
        self.stand_for[int(same[0])] = -len(self.computed)
        return int(same[0])

    def notes(self) -> list[str]:
        """What became of rows of equal stamps."""
        notes = []
        if self.equal:
            rows = "row that equals" if self.equal == 1 else "rows that equal"
            notes.append(f"duplicates: {self.equal:,} {rows} another row in every column: left out")
        if self.settled:
            what = (
                "their mean is used"
                if self.data.table.duplicates == "mean"
                else f"the {self.data.table.duplicates} one is kept"
            )
            notes.append(
                f"duplicates: {self.settled:,} row{'s' * (self.settled > 1)} with the time of another row; {what}"
            )
        return notes
