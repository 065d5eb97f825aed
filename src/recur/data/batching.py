"""In which order rows are learned from, and how one long stream is laid out: both follow from (seed, epoch) alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

POOL = 50  # batches whose rows are sorted by length together
USUAL = 32  # rows of a batch
UPDATES = 50  # of an epoch, which a small file should still make


def batch_size(asked: int | None, rows: int) -> int:
    """Return the rows of a batch: as asked, or 32, or of a small file so few that an epoch makes fifty updates.

    >>> batch_size(None, 100_000), batch_size(None, 400), batch_size(16, 400)
    (32, 8, 16)
    """
    if asked is not None:
        return asked
    return max(1, min(USUAL, max(4, rows // UPDATES), rows))


class RowOrder:
    """Batches of rows in random order, those of similar lengths together.

    The rows are shuffled, cut into pools of 50 batches, sorted by length within each pool and cut into batches, which
    are shuffled again: little padding, and other neighbours in every epoch (Morishita 2017).

    Parameters
    ----------
    steps : ndarray of int
        Length of each row.
    batch_size : int
        Rows of a batch.
    seed : int
    bucket : bool
        Whether lengths matter.

    Example
    -------
    >>> order = RowOrder(np.array([3, 9, 4, 8]), batch_size=2, seed=0)
    >>> sorted(sorted(batch.tolist()) for batch in order.epoch(0))
    [[0, 2], [1, 3]]
    """

    def __init__(self, steps: np.ndarray, batch_size: int, seed: int, bucket: bool = True) -> None:
        self.steps, self.batch_size, self.seed, self.bucket = steps, batch_size, seed, bucket

    def epoch(self, number: int) -> list[np.ndarray]:
        """Return the rows of every batch of an epoch; the same for the same number, always as many batches."""
        draw = np.random.default_rng([self.seed, number])
        rows = draw.permutation(len(self.steps))
        if self.bucket:
            pool = POOL * self.batch_size
            parts = [rows[start : start + pool] for start in range(0, len(rows), pool)]
            # the last batch is the only short one, so pools hold whole batches
            rows = np.concatenate([part[np.argsort(self.steps[part], kind="stable")] for part in parts] or [rows])
        batches = [rows[start : start + self.batch_size] for start in range(0, len(rows), self.batch_size)]
        return [batches[place] for place in draw.permutation(len(batches))]


@dataclass(frozen=True)
class Layout:
    """One long stream of N symbols as B parallel streams, read in windows.

    ::

        stream 0   x_0      ... x_{n-1}           all but the first, and at most B - 1 last ones, are predicted once
        stream 1   x_n      ... x_{2n-1}
        window w   steps w k1 ... w k1 + k2 - 1 of all streams

    Attributes
    ----------
    streams : int
        B.
    steps : int
        n, predictions of one stream.
    window : int
        k2, steps of a window.
    stride : int
        k1, steps between the beginnings of two windows.
    """

    streams: int
    steps: int
    window: int
    stride: int

    @classmethod
    def of(cls, symbols: int, streams: int | None, window: int, stride: int) -> Layout:
        """Lay out N symbols as at most so many streams; of a short text as so few that there are fifty windows."""
        predictions = max(1, symbols - 1)
        streams = max(1, min(streams or USUAL, predictions // (UPDATES * stride)))
        return cls(streams, predictions // streams, window, stride)

    def __len__(self) -> int:
        """Number of windows."""
        return 1 + max(0, -(-(self.steps - self.window) // self.stride))

    def span(self, index: int) -> tuple[int, int]:
        """First and last (excluded) step of a window."""
        first = index * self.stride
        return first, min(first + self.window, self.steps)
