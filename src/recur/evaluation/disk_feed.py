"""Batches of rows that stay on the disk: a pool of rows in memory, which batches are cut from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from recur.data.examples.block_order import POOL_ROWS, BlockOrder
from recur.evaluation.disk_rows import DiskRows
from recur.modes import Mode
from recur.network import Batch
from recur.network.batch import Encoded

POOL_BYTES = 48 * 2**20
"""Bytes that the rows of a pool take at most; two pools may be in memory."""


class DiskFeed:
    """Rows in blocks, shuffled by block and by pool; see `recur.data.examples.block_order`.

    Parameters
    ----------
    mode : Mode
        Collates.
    rows : DiskRows
    batch_size : int
    seed : int, optional
        None keeps the rows in order, those of a pool by length, for evaluation.
    bucket : bool
        Whether batches hold rows of similar lengths.
    """

    carries = False

    def __init__(
        self, mode: Mode, rows: DiskRows, batch_size: int, *, seed: int | None = None, bucket: bool = True
    ) -> None:
        self._mode, self.rows, self._seed = mode, rows, seed
        self.order = BlockOrder(len(rows), batch_size, seed, pool_rows=pool_rows(rows), block=rows.block, bucket=bucket)
        self._pools: dict[tuple[int, int], _Pool] = {}

    def __len__(self) -> int:
        return len(self.order)

    def batch(self, epoch: int, index: int) -> Batch:
        number, place = self.order.locate(index)
        pool = self._pool(epoch, number)
        places = pool.batches[place]
        rows = [pool.rows[each] for each in places]
        if self._seed is not None:
            rows = [
                self._mode.vary(row, self._seed, epoch, int(pool.ids[each]))
                for row, each in zip(rows, places, strict=True)
            ]
        return self._mode.collate(rows)

    def where(self, epoch: int, index: int) -> list[str]:
        number, place = self.order.locate(index)
        pool = self._pool(epoch, number)
        return [self.rows.examples[int(pool.ids[each])].where for each in pool.batches[place]]

    def encoded(self) -> Iterable[Encoded]:
        """All rows once, for counting."""
        return iter(self.rows)

    def _pool(self, epoch: int, number: int) -> _Pool:
        # of evaluation every epoch is the same
        key = (epoch if self._seed is not None else 0, number)
        if key not in self._pools:
            made = _Pool(self.rows, self.order, *key)
            # one batch of the pool before may still be asked for, by where()
            self._pools = {**dict(list(self._pools.items())[-1:]), key: made} if self._seed is not None else {key: made}
        return self._pools[key]


class _Pool:
    """The rows of a pool, and its batches."""

    def __init__(self, rows: DiskRows, order: BlockOrder, epoch: int, number: int) -> None:
        self.ids = order.pool(epoch, number)
        self.rows: list[Encoded] = []
        # the rows of a block are next to each other
        cuts = np.flatnonzero(np.diff(self.ids // rows.block)) + 1
        for ids in np.split(self.ids, cuts):
            number_of_block = int(ids[0]) // rows.block
            read = rows.read(number_of_block)
            self.rows += [read[int(each) - number_of_block * rows.block] for each in ids]
        steps = np.array([row.steps for row in self.rows], np.int64)
        self.batches = order.batches(epoch, number, steps)


def pool_rows(rows: DiskRows) -> int:
    """Return the rows of a pool: sixteen thousand, fewer of long rows."""
    # in memory ids take eight bytes, in the file two
    mean = 4 * rows.bytes / max(1, len(rows)) + 300
    return max(1, min(POOL_ROWS, int(POOL_BYTES / mean)))
