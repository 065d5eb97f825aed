"""Batches made ahead: those of the feed, in any order of asking, with its errors and the time that was waited."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest
import torch

from recur.data import Example
from recur.errors import DataError
from recur.evaluation.ahead import Ahead
from recur.evaluation.disk_feed import DiskFeed
from recur.evaluation.disk_rows import DiskRows
from recur.evaluation.feed import RowEncoder
from recur.modes import Mode
from recur.network import Batch
from tests.modes.helpers import LABELS, TEXTS, build

ROWS = [Example(TEXTS[place % 4], LABELS[place % 4], f"rows.csv:{place + 2}") for place in range(30)]


def _feed() -> DiskFeed:
    mode = build("many-to-one", "words", "class")
    return DiskFeed(mode, DiskRows(ROWS, RowEncoder(mode, ROWS), None), 4, seed=1)


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "recur-ahead"}


def test_batches_are_those_of_the_feed_over_epochs_and_after_a_jump() -> None:
    feed, ahead = _feed(), Ahead(_feed())
    order = [(epoch, index) for epoch in range(2) for index in range(len(feed))]
    for epoch, index in [*order, (0, 3), (0, 4), (1, 0)]:
        assert torch.equal(ahead.batch(epoch, index).targets, feed.batch(epoch, index).targets)
    assert ahead.where(0, 2) == feed.where(0, 2)
    assert (len(ahead), ahead.carries) == (len(feed), feed.carries)
    ahead.close()


def test_the_thread_ends_with_the_object_and_with_close() -> None:
    before = _threads()
    one, other = Ahead(_feed()), Ahead(_feed())
    one.batch(0, 0), other.batch(0, 0)
    started = _threads() - before
    assert len(started) == 2
    one.close()
    del other
    assert not started & _threads()


class _Broken(DiskFeed):
    def batch(self, epoch: int, index: int) -> Batch:
        if index == 2:
            raise DataError("rows.csv:9 cannot be read")
        return super().batch(epoch, index)


def test_an_error_is_raised_where_its_batch_is_asked_for() -> None:
    mode = build("many-to-one", "words", "class")
    ahead = Ahead(_Broken(mode, DiskRows(ROWS, RowEncoder(mode, ROWS), None), 4, seed=1))
    ahead.batch(0, 0), ahead.batch(0, 1)
    with pytest.raises(DataError, match="rows.csv:9 cannot be read"):
        ahead.batch(0, 2)


class _Slow(DiskFeed):
    """Takes a second for each of two batches, by a clock that nothing else moves, and never makes the third."""

    def __init__(self, mode: Mode) -> None:
        super().__init__(mode, DiskRows(ROWS, RowEncoder(mode, ROWS), None), 4, seed=1)
        self.now, self.over = 0.0, threading.Event()

    def batch(self, epoch: int, index: int) -> Batch:
        if index < 2:
            self.now += 1.0
        else:
            self.over.wait()
        return super().batch(epoch, index)


def test_the_time_waited_is_counted_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = _Slow(build("many-to-one", "words", "class"))
    monkeypatch.setattr("recur.evaluation.ahead.time", SimpleNamespace(perf_counter=lambda: feed.now))
    ahead = Ahead(feed)
    ahead.batch(0, 0)
    waited = ahead.waited
    assert waited >= 1.0
    # a batch that is ready is not waited for
    deadline = time.monotonic() + 60
    while ahead.ready == 0:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    ahead.batch(0, 1)
    assert ahead.waited == waited
    assert ", 10.0 % of " in ahead.describe(10 * ahead.waited)
    feed.over.set()
    ahead.close()
