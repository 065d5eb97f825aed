"""The time of a table's rows as it was read: columns, formats and resolution, and the stamp of each row."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from recur.data.stamps.frequency import Frequency
from recur.data.stamps.instants import SINCE_1970, shown
from recur.data.stamps.parts import Stamps

PARTS = frozenset({
    "year", "quarter", "month", "week", "day", "day of year", "hour", "minute", "second", "clock",
})  # fmt: skip
"""Formats of columns that hold a part of a stamp."""


@dataclass(frozen=True)
class Timing:
    """How the time of rows is read; kept in a run, so that later files are read alike.

    Attributes
    ----------
    columns, formats : list of str
        The columns that say it, and the format of each.
    resolution : str
        How long what a stamp names is: time, day, week, month, quarter, year, or number for a counter.
    zone : bool
        Whether stamps have a zone.
    unit, step : str, int
        Of the `Frequency` of the training data.
    """

    columns: list[str]
    formats: list[str]
    resolution: str
    zone: bool = False
    unit: str = "none"
    step: int = 0

    @property
    def frequency(self) -> Frequency:
        """The step of the series."""
        return Frequency(self.unit, self.step)

    @property
    def counted(self) -> bool:
        """Whether stamps are a counter and no times."""
        return self.resolution in ("number", "clock")

    def show(self, wall: int, at: int) -> str:
        """Return a stamp for people and files."""
        written = self.zone and self.formats[0] not in SINCE_1970
        return shown(wall, self.resolution, wall - at if written else 0 if self.zone else None)

    def __str__(self) -> str:
        formats = dict(zip(self.columns, self.formats, strict=True))
        if len(formats) == 1:
            name, form = next(iter(formats.items()))
            return (
                f"{name} (counts)"
                if form == "counter"
                else f"{name} ({form}{' since 1970' * form.endswith('seconds')})"
            )
        return ", ".join(name if form in PARTS else f"{name} ({form})" for name, form in formats.items())


@dataclass(frozen=True)
class Timeline:
    """The time of every row of a table.

    Attributes
    ----------
    timing : Timing
    stamps : Stamps
        By row.
    rows : ndarray
        Rows with a stamp, in the order of the table.
    left_out : list of str
        Rows without one, in words.
    """

    timing: Timing
    stamps: Stamps
    rows: np.ndarray
    left_out: list[str] = field(default_factory=list)

    @property
    def sure(self) -> bool:
        """Whether the column is a time beyond doubt: a year, a counter or an hour may as well be a value."""
        return not self.timing.counted and self.timing.formats != ["year"]

    def with_frequency(self, frequency: Frequency) -> Timeline:
        """Return a copy with a step."""
        return replace(self, timing=replace(self.timing, unit=frequency.unit, step=frequency.step))
