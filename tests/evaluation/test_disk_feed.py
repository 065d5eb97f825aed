"""Batches of rows on the disk, beside those of rows in memory."""

from __future__ import annotations

import pytest
import torch

from recur.config import Config
from recur.data import Example
from recur.evaluation import disk_feed
from recur.evaluation.disk_feed import DiskFeed
from recur.evaluation.disk_rows import DiskRows
from recur.evaluation.evaluate import feed_to_measure, measure
from recur.evaluation.feed import RowEncoder
from recur.modes import Mode
from tests import tolerances
from tests.modes.helpers import LABELS, TEXTS, build

ROWS = [Example(TEXTS[place % 4], LABELS[place % 4], f"rows.csv:{place + 2}") for place in range(70)]


@pytest.fixture
def mode() -> Mode:
    return build("many-to-one", "words", "class")


def _feed(mode: Mode, monkeypatch: pytest.MonkeyPatch, seed: int | None) -> DiskFeed:
    monkeypatch.setattr(disk_feed, "POOL_ROWS", 24)
    return DiskFeed(mode, DiskRows(ROWS, RowEncoder(mode, ROWS), None, block=4), 8, seed=seed)


def test_every_row_is_in_an_epoch_once_and_is_named(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    feed = _feed(mode, monkeypatch, 3)
    for epoch in (0, 1):
        places = [place for index in range(len(feed)) for place in feed.where(epoch, index)]
        assert sorted(places) == sorted(row.where for row in ROWS)
        assert sum(len(feed.batch(epoch, index)) for index in range(len(feed))) == len(ROWS)


def test_a_batch_is_the_same_from_the_middle_and_holds_the_rows_that_it_names(
    mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, again = _feed(mode, monkeypatch, 3), _feed(mode, monkeypatch, 3)
    by_place = {row.where: row for row in ROWS}
    for _ in range(2):
        for index in range(len(feed)):
            feed.batch(1, index)
    batch = again.batch(1, 5)
    assert torch.equal(feed.batch(1, 5).targets, batch.targets)
    expected = mode.collate([mode.encode(by_place[place]) for place in again.where(1, 5)])
    assert expected.inputs is not None
    assert batch.inputs is not None
    assert torch.equal(expected.inputs, batch.inputs)
    assert torch.equal(expected.targets, batch.targets)


def test_rows_on_the_disk_are_measured_as_those_in_memory(mode: Mode) -> None:
    config = Config()
    in_memory = measure(mode, feed_to_measure(mode, ROWS, config))
    on_disk = measure(mode, feed_to_measure(mode, ROWS, config, on_disk=True))
    assert in_memory is not None
    assert on_disk is not None
    assert on_disk == pytest.approx(in_memory, rel=tolerances.SINGLE)


def test_a_pool_of_long_rows_has_fewer_of_them(mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = DiskRows(ROWS, RowEncoder(mode, ROWS), None)
    assert disk_feed.pool_rows(rows) == disk_feed.POOL_ROWS
    monkeypatch.setattr(disk_feed, "POOL_BYTES", 1000)
    assert 1 <= disk_feed.pool_rows(rows) < 4
