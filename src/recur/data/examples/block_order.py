"""The order of training rows that stay on the disk: shuffled by block and by buffer, keyed by (seed, epoch).

::

    blocks    128 neighbouring rows each, permuted by (seed, epoch)
    pool      the next rows of that order, which are in memory together, shuffled by (seed, epoch, pool)
    batches   within a pool sorted by length, 50 batches at a time, and shuffled

Batch i of an epoch is in pool i // (batches of a pool), so that it is found without those before it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from recur.data.examples.batching import POOL

BLOCK = 128
"""Rows of a block."""
POOL_ROWS = 16_384
"""Rows of a pool, where they fit into the memory that a pool may take."""


class BlockOrder:
    """Batches of rows in an order that reads neighbouring rows together.

    Parameters
    ----------
    rows : int
        Rows in all.
    batch_size : int
        Rows of a batch; the last batch of the last pool may have fewer.
    seed : int, optional
        None keeps blocks and batches in the order of the rows, for evaluation.
    pool_rows : int
        Rows of a pool; the next whole number of batches is taken.
    block : int
        Rows of a block.
    bucket : bool
        Whether batches hold rows of similar lengths.

    Examples
    --------
    >>> order = BlockOrder(10, batch_size=4, seed=0, pool_rows=8, block=2)
    >>> len(order), order.pools, order.locate(2)
    (3, 2, (1, 0))
    >>> sorted(int(row) for pool in range(2) for row in order.pool(0, pool))
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    """

    def __init__(
        self, rows: int, batch_size: int, seed: int | None, *, pool_rows: int = POOL_ROWS, block: int = BLOCK,
        bucket: bool = True,
    ) -> None:  # fmt: skip
        self.rows, self.batch_size, self.seed, self.block, self.bucket = rows, batch_size, seed, block, bucket
        self._batches = max(1, pool_rows // batch_size)

    def __len__(self) -> int:
        """Batches of an epoch."""
        return -(-self.rows // self.batch_size)

    @property
    def pools(self) -> int:
        """Pools of an epoch."""
        return -(-len(self) // self._batches)

    def locate(self, index: int) -> tuple[int, int]:
        """Return the pool of a batch and the place of the batch in it."""
        return divmod(index, self._batches)

    def pool(self, epoch: int, number: int) -> np.ndarray:
        """Return the rows of a pool, (N,) int64, in the order in which they are read: block after block."""
        first = number * self._batches * self.batch_size
        last = min(first + self._batches * self.batch_size, self.rows)
        blocks, starts = _blocks(self.rows, self.block, self.seed, epoch)
        begin = int(np.searchsorted(starts, first, side="right")) - 1
        end = int(np.searchsorted(starts, last, side="left"))
        parts = [np.arange(each * self.block, min((each + 1) * self.block, self.rows)) for each in blocks[begin:end]]
        rows = np.concatenate(parts)
        return rows[first - int(starts[begin]) :][: last - first]

    def batches(self, epoch: int, number: int, steps: np.ndarray) -> list[np.ndarray]:
        """Return the batches of a pool as places within it.

        Parameters
        ----------
        epoch, number : int
        steps : ndarray of int
            Length of each row of the pool.
        """
        size = self.batch_size
        if self.seed is None:
            places = np.argsort(steps, kind="stable") if self.bucket else np.arange(len(steps))
            return [places[start : start + size] for start in range(0, len(places), size)]
        draw = np.random.default_rng([self.seed, epoch, number, 1])
        places = draw.permutation(len(steps))
        if self.bucket:
            group = POOL * size
            parts = [places[start : start + group] for start in range(0, len(places), group)]
            places = np.concatenate([part[np.argsort(steps[part], kind="stable")] for part in parts])
        cut = [places[start : start + size] for start in range(0, len(places), size)]
        return [cut[place] for place in draw.permutation(len(cut))]


@lru_cache(maxsize=2)
def _blocks(rows: int, block: int, seed: int | None, epoch: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the blocks of an epoch in order, and how many rows come before each and in all."""
    count = -(-rows // block)
    blocks = np.arange(count) if seed is None else np.random.default_rng([seed, epoch]).permutation(count)
    sizes = np.minimum((blocks + 1) * block, rows) - blocks * block
    return blocks, np.concatenate([[0], np.cumsum(sizes)])
