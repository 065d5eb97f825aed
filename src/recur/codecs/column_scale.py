"""Mean and deviation of columns: measured over blocks with missing numbers, and read from a file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.files import field
from recur.errors import RunError


class Moments:
    """Count, mean and deviation of each column, updated block by block (Chan, Golub and LeVeque 1983).

    >>> moments = Moments()
    >>> for block in ([[1.0], [3.0]], [[math.nan], [5.0]]):
    ...     moments.update(np.array(block))
    >>> moments.count, moments.mean, moments.deviation().round(3)
    (array([3.]), array([3.]), array([1.633]))
    """

    def __init__(self) -> None:
        self.count, self.mean, self._squares = (np.zeros(0) for _ in range(3))

    def update(self, block: np.ndarray) -> None:
        """Add the numbers (T, C) of one value, NaN where one is missing."""
        if self.count.size != block.shape[1]:
            self.count, self.mean, self._squares = (np.zeros(block.shape[1]) for _ in range(3))
        present = ~np.isnan(block)
        added = present.sum(axis=0)
        block_mean = np.where(present, block, 0.0).sum(axis=0) / np.maximum(added, 1)
        block_squares = (np.where(present, block - block_mean, 0.0) ** 2).sum(axis=0)
        total = self.count + added
        share = np.divide(added, total, out=np.zeros_like(self.mean), where=total > 0)
        gap = np.where(added > 0, block_mean - self.mean, 0.0)
        self._squares += block_squares + gap**2 * self.count * share
        self.mean += gap * share
        self.count = total

    def deviation(self) -> np.ndarray:
        """Return the deviation of each column, (C,) float64."""
        deviation: np.ndarray = np.sqrt(self._squares / self.count)
        return deviation


def restore_scale(state: dict[str, Any], size: int, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation of a state that was read from ``path``, each (size,) float64.

    Raises
    ------
    RunError
        When they are not ``size`` finite numbers, or a deviation is not positive.
    """
    found = []
    for key in ("mean", "deviation"):
        values = field(state, key, list, path)
        good = all(isinstance(each, (int, float)) and math.isfinite(each) for each in values)
        if not good or len(values) != size or (key == "deviation" and min(values, default=1.0) <= 0):
            raise RunError(f'{path} is damaged: "{key}" should hold {size} finite numbers')
        found.append(np.array(values, np.float64))
    return found[0], found[1]
