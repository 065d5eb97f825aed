"""The order of rows and the layout of a stream follow from (seed, epoch) alone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.config import Config
from recur.data import RowOrder, StreamLayout, batch_size


@given(st.lists(st.integers(0, 99), max_size=300), st.integers(1, 40), st.booleans(), st.integers(0, 5))
def test_every_row_comes_once_an_epoch(steps: list[int], size: int, bucket: bool, epoch: int) -> None:
    order = RowOrder(np.array(steps, dtype=np.int64), size, 0, bucket)
    batches = order.epoch(epoch)
    assert sorted(int(row) for batch in batches for row in batch) == list(range(len(steps)))
    assert len(batches) == -(-len(steps) // size)
    assert sum(len(batch) < size for batch in batches) <= 1


def test_the_same_epoch_is_the_same_order_and_another_is_not() -> None:
    order = RowOrder(np.arange(100), 8, seed=3)
    first = [batch.tolist() for batch in order.epoch(1)]
    assert [batch.tolist() for batch in RowOrder(np.arange(100), 8, seed=3).epoch(1)] == first
    assert [batch.tolist() for batch in order.epoch(2)] != first
    assert [batch.tolist() for batch in RowOrder(np.arange(100), 8, seed=4).epoch(1)] != first


def test_similar_lengths_are_together() -> None:
    steps = np.random.default_rng(0).integers(1, 200, 2000)
    spread = {
        bucket: np.mean([np.ptp(steps[batch]) for batch in RowOrder(steps, 20, 0, bucket).epoch(0)])
        for bucket in (True, False)
    }
    assert spread[True] < spread[False] / 5


@given(st.integers(2, 5000), st.integers(1, 40), st.integers(1, 50), st.integers(1, 50))
def test_windows_of_a_stream_reach_every_step_once(symbols: int, streams: int, window: int, stride: int) -> None:
    stride = min(stride, window)
    layout = StreamLayout.of(symbols, streams, window, stride)
    assert layout.streams * layout.steps <= symbols - 1
    spans = [layout.span(index) for index in range(len(layout))]
    assert spans[0][0] == 0
    assert spans[-1][1] == layout.steps
    # what is new in each window: all of the first, then the steps after the last one seen
    new = [spans[0][1]] + [after[1] - before[1] for before, after in pairwise(spans)]
    assert sum(new) == layout.steps
    assert all(0 < step <= max(stride, window) for step in new)


@pytest.mark.parametrize(
    ("options", "window", "stride", "seed"),
    [
        ({"bptt": 16}, 16, 16, None),
        ({"bptt": 16, "bptt_stride": 4}, 16, 4, None),
        ({"bptt": 16, "bptt_variable": True, "seed": 7}, 16, 16, 7),
    ],
)
def test_the_options_of_truncated_bptt_lay_out_a_stream(
    options: dict[str, Any], window: int, stride: int, seed: int | None
) -> None:
    layout = StreamLayout.configured(20_000, Config.of(batch_size=4, **options).training)
    assert (layout.streams, layout.window, layout.stride, layout.seed) == (4, window, stride, seed)


def test_a_small_file_still_makes_fifty_updates() -> None:
    assert batch_size(None, 10_000) == 32
    assert batch_size(None, 400) == 8
    assert batch_size(None, 3) == 3
    assert batch_size(100, 3) == 100
    assert len(StreamLayout.of(20_000, None, 64, 64)) >= 50
