"""The order of rows on the disk: whole, keyed by (seed, epoch, pool), and found from the middle."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recur.data.examples.block_order import BlockOrder


def _epoch(order: BlockOrder, epoch: int, steps: np.ndarray) -> list[list[int]]:
    """The rows of every batch."""
    batches = []
    for index in range(len(order)):
        number, place = order.locate(index)
        rows = order.pool(epoch, number)
        batches.append(rows[order.batches(epoch, number, steps[rows])[place]].tolist())
    return batches


@given(
    st.integers(1, 300), st.integers(1, 9), st.integers(1, 17), st.integers(1, 64), st.booleans(),
    st.one_of(st.none(), st.integers(0, 3)),
)  # fmt: skip
def test_every_row_is_in_one_batch_of_an_epoch_and_only_one_batch_is_short(
    rows: int, size: int, block: int, pool: int, bucket: bool, seed: int | None
) -> None:
    order = BlockOrder(rows, size, seed, pool_rows=pool, block=block, bucket=bucket)
    steps = np.random.default_rng(0).integers(1, 9, rows)
    for epoch in (0, 3):
        batches = _epoch(order, epoch, steps)
        assert len(batches) == len(order)
        assert sorted(row for batch in batches for row in batch) == list(range(rows))
        assert sum(len(batch) < size for batch in batches) <= 1


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    steps = np.ones(400, np.int64)
    first = _epoch(BlockOrder(400, 8, 1, pool_rows=64, block=16), 2, steps)
    assert first == _epoch(BlockOrder(400, 8, 1, pool_rows=64, block=16), 2, steps)
    assert first != _epoch(BlockOrder(400, 8, 1, pool_rows=64, block=16), 3, steps)
    assert first != _epoch(BlockOrder(400, 8, 2, pool_rows=64, block=16), 2, steps)


def test_rows_of_a_pool_come_from_many_blocks_and_batches_mix_them() -> None:
    order = BlockOrder(4096, 16, 0, pool_rows=1024, block=64)
    rows = order.pool(0, 0)
    assert len({int(row) // 64 for row in rows}) == 16
    batch = rows[order.batches(0, 0, np.ones(1024, np.int64))[0]]
    assert len({int(row) // 64 for row in batch}) > 6


def test_without_a_seed_rows_are_read_in_their_order() -> None:
    order = BlockOrder(50, 8, None, pool_rows=16, block=4)
    assert [row for pool in range(order.pools) for row in order.pool(0, pool)] == list(range(50))
