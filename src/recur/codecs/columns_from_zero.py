"""Columns whose zero means nothing, such as the time since the last step: divided by their mean, never shifted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recur.errors import ConfigError, DataError, did_you_mean
from recur.figures import short


class ColumnsFromZero:
    """Checks and scales columns that a cell reads as times, masks or counts.

    A time that is standardised to mean 0 would be negative for half of the steps. So such a column is divided by
    its mean over the training rows: 0 stays 0, and 1 is the usual time. A column of zeros and ones is a mask and is
    not scaled. A missing number is never filled in, since a guessed time is a wrong one.

    Parameters
    ----------
    names : sequence of str
        The columns.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self._masks = set(self.names)

    def places(self, columns: Sequence[str]) -> list[int]:
        """Where the columns are among all.

        Raises
        ------
        ConfigError
            When one of them is not read.
        """
        for name in self.names:
            if name not in columns:
                raise ConfigError(
                    f'the cell reads the column "{name}", which is not among the inputs ({", ".join(columns[:8])}).'
                    f"{did_you_mean(name, columns)}",
                    hint=f'--input "{name}" beside the others; --cell-inputs NAME=COLUMN',
                )
        return [columns.index(name) for name in self.names]

    def check(self, table: np.ndarray, columns: Sequence[str], *, sequence: bool) -> None:
        """Refuse a missing or negative number in the columns of a table (T, C)."""
        for place in self.places(columns) if self.names else ():
            wrong = ~(table[:, place] >= 0)
            if not wrong.any():
                continue
            step = int(np.flatnonzero(wrong)[0])
            where = f" at step {step + 1}" if sequence else ""
            what = "a number is missing" if np.isnan(table[step, place]) else f"{short(table[step, place])} is negative"
            error = DataError(
                f'{what} in column "{columns[place]}"{where}; the cell reads the column as a time since the last step, '
                "a count or a mask: expected a number from 0",
                hint="fix the number, or remove the row; --missing does not fill in this column",
            )
            raise error.at_step(step) if sequence else error

    def observe(self, table: np.ndarray, columns: Sequence[str]) -> None:
        """Note which of the columns are masks, from a table (T, C) of training rows."""
        for name, place in zip(self.names, self.places(columns), strict=True):
            if not np.isin(table[:, place], (0.0, 1.0)).all():
                self._masks.discard(name)

    def scale(self, mean: np.ndarray, deviation: np.ndarray, columns: Sequence[str]) -> None:
        """Change mean and deviation, by which all columns are scaled, so that these keep their zero."""
        for name, place in zip(self.names, self.places(columns), strict=True):
            deviation[place] = 1.0 if name in self._masks or mean[place] <= 0 else mean[place]
            mean[place] = 0.0
