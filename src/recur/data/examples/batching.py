"""The order of training rows, and the layout of one long stream: both depend only on (seed, epoch)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from recur.config import TrainingConfig

POOL = 50  # batches whose rows are sorted by length together
USUAL = 32  # rows of a batch
UPDATES = 50  # of an epoch, which a small file should still make
SHORT = 0.05  # of the drawn windows that are half as long
JITTER = 5.0  # steps by which drawn windows differ


def batch_size(requested: int | None, rows: int) -> int:
    """Return the rows of a batch: as asked, or 32, or of a small file so few that an epoch makes fifty updates.

    >>> batch_size(None, 100_000), batch_size(None, 400), batch_size(16, 400)
    (32, 8, 16)
    """
    if requested is not None:
        return requested
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

    Examples
    --------
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
class StreamLayout:
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
    seed : int, optional
        Windows of lengths drawn around k2, other ones in every epoch, so that no step is always the first of its
        window: k2 mostly and k2 / 2 now and then, give or take 5 (Merity et al. 2018, section 5). All epochs have as
        many windows. None for windows that are all alike.
    """

    streams: int
    steps: int
    window: int
    stride: int
    seed: int | None = None

    @classmethod
    def of(cls, symbols: int, streams: int | None, window: int, stride: int, seed: int | None = None) -> StreamLayout:
        """Lay out N symbols as at most ``streams`` streams; a short text as fewer, for fifty windows."""
        predictions = max(1, symbols - 1)
        streams = max(1, min(streams or USUAL, predictions // (UPDATES * stride)))
        return cls(streams, predictions // streams, window, stride, seed)

    @classmethod
    def configured(cls, symbols: int, training: TrainingConfig) -> StreamLayout:
        """Lay out N symbols as the options of truncated BPTT say."""
        bptt = training.bptt
        seed = training.seed if bptt.variable else None
        return cls.of(symbols, training.batch_size, bptt.steps, bptt.update_every, seed)

    def __len__(self) -> int:
        """Number of windows."""
        if self.seed is not None:
            usual = (1 - SHORT) * self.window + SHORT * self.window / 2
            return max(1, round(self.steps / usual))
        return 1 + max(0, -(-(self.steps - self.window) // self.stride))

    def span(self, index: int, epoch: int = 0) -> tuple[int, int]:
        """First and last (excluded) step of a window."""
        if self.seed is not None:
            cuts = _drawn_cuts(self.steps, self.window, len(self), self.seed, epoch)
            return int(cuts[index]), int(cuts[index + 1])
        first = index * self.stride
        return first, min(first + self.window, self.steps)

    def share(self, index: int, epoch: int = 0) -> float:
        """The length of a window beside k2, by which the learning rate of its update is to be multiplied."""
        first, last = self.span(index, epoch)
        return (last - first) / self.window if self.seed is not None else 1.0


@lru_cache(maxsize=4)
def _drawn_cuts(steps: int, window: int, windows: int, seed: int, epoch: int) -> np.ndarray:
    """Where windows of drawn lengths begin and end, (windows + 1,); the lengths are scaled so that they fill it."""
    draw = np.random.default_rng((seed, epoch))
    usual = np.where(draw.random(windows) < SHORT, window / 2, window)
    lengths = np.maximum(usual + JITTER * draw.standard_normal(windows), min(JITTER, window / 2))
    cuts = np.round(np.cumsum(lengths) / lengths.sum() * steps).astype(np.int64)
    return np.concatenate([[0], cuts])
