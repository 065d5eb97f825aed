"""Columns of numbers: names, units and scales, missing numbers, events, pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from recur.figures import short


@dataclass(frozen=True)
class EventTraits:
    """Columns of zeros and ones: events that happen at a step or not.

    Attributes
    ----------
    share : float or ndarray
        The share of steps at which each event happens, over the training rows.
    verb : str
        What an event does, in the third person, such as "sounds".
    """

    share: float | np.ndarray = 0.5
    verb: str = "happens"


class Columns:
    """Columns and what they mean. The defaults suit columns without names, units or scale.

    Attributes
    ----------
    size : int
        Number of columns.
    numeric : bool
        Whether values are plain numbers in units of their own, which can be forecast and continued.
    events : EventTraits or None
        Of columns of zeros and ones.
    grid : tuple of int or None
        Height, width and channels, where each step, or each value, is a picture.
    season : int
        Of a series: steps after which it repeats, where that is known; 1 elsewhere.
    missing_count : int
        Number of missing numbers in the training rows.
    from_zero : sequence of str
        Columns that are divided by their mean and not shifted: 0 stays 0, and none is negative or missing.
    fill : float or None
        The encoded number that replaces a missing one; None where an earlier number replaces it, or it is refused.
    units : sequence of str
        The unit of each column; empty where no unit is known.
    """

    size: int
    numeric: ClassVar[bool] = False
    events: EventTraits | None = None
    grid: tuple[int, int, int] | None = None
    season: int = 1
    missing_count: int = 0
    from_zero: Sequence[str] = ()

    @property
    def fill(self) -> float | None:
        """The encoded number that replaces a missing one; None where there is no such number."""
        return None

    @property
    def units(self) -> Sequence[str]:
        """The unit of each column; empty where no unit is known."""
        return ()

    def column_names(self) -> list[str]:
        """Return the name of each column."""
        return [str(index) for index in range(self.size)]

    def column_deviations(self) -> list[float]:
        """Return what 1 in each encoded column is worth in the column's own unit."""
        return [1.0] * self.size

    def normalisation(self) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and deviation by which columns, or the channels of pictures, are standardised.

        Columns that are read without a scale have 0 and 1.
        """
        return np.zeros(self.size, np.float32), np.ones(self.size, np.float32)

    def step_labels(self, array: np.ndarray) -> list[str]:
        """Return what a person reads for each step of an array (T, C): "step 1", "step 2", ..."""
        return [f"step {step + 1}" for step in range(len(array))]

    def column_labels(self, array: np.ndarray) -> list[str]:
        """Return what a person reads for each column of the array (C,) of one value."""
        return [f"{name} {short(float(one), 3)}" for name, one in zip(self.column_names(), array, strict=True)]

    def format_number(self, number: float, column: int) -> str:
        """Return a number of a column, in its own unit, for a person."""
        del column
        return short(number)
