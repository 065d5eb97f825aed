"""Metrics on held-out rows: sums over batches, the state that is carried, and what is told on the way."""

from __future__ import annotations

import pytest
import torch

from recur.config import Config
from recur.data import Example
from recur.evaluation.evaluate import collect, evaluate, feed_to_measure, measure
from recur.evaluation.feed import RowFeed, Rows
from recur.evaluation.text_feed import MeasureFeed
from tests.continuation.models import STREAM, model
from tests.modes.helpers import LABELS, TEXTS, build, same

ROWS = [
    Example(text, label, f"rows.csv:{line}") for line, (text, label) in enumerate(zip(TEXTS, LABELS, strict=True), 2)
]


@pytest.mark.parametrize("batch", [1, 3, 9])
def test_metrics_do_not_depend_on_the_size_of_batches(batch: int) -> None:
    mode = build("many-to-one", "words", "class")
    found = measure(mode, RowFeed(mode, Rows(mode, ROWS), batch))
    whole = mode.eval().loss(mode.collate([mode.encode(row) for row in ROWS]))
    assert found is not None
    same(found["loss"], float(whole.mean.detach()))
    assert found["accuracy"] == whole.sums["accuracy"][0] / 4


def test_the_network_is_left_in_training_and_the_random_state_alone() -> None:
    mode = build("many-to-one", "words", "class", dropout=0.5).train()
    before = torch.get_rng_state()
    feed = RowFeed(mode, Rows(mode, ROWS), 2)
    assert measure(mode, feed) == measure(mode, feed)
    assert mode.training
    assert torch.equal(torch.get_rng_state(), before)


def test_what_is_done_is_told_and_may_stop_it() -> None:
    mode = build("many-to-one", "words", "class")
    feed, told = RowFeed(mode, Rows(mode, ROWS), 1), list[float]()
    assert collect(mode, feed, tell=told.append) is not None
    assert told == [0.0, 0.25, 0.5, 0.75]
    assert measure(mode, feed, stop=lambda: len(told) > 5, tell=told.append) is None
    assert len(told) == 6


def test_the_state_goes_from_batch_to_batch_of_a_long_text() -> None:
    mode = model("characters", stream=True)
    with torch.no_grad():
        # what was read long ago then matters
        for parameter in mode.parameters():
            parameter.mul_(6)
    text = STREAM * 12
    feed = feed_to_measure(mode, [Example(text, None, "text:1")], Config(), stream=True)
    assert isinstance(feed, MeasureFeed)
    assert len(feed) > 1
    found = measure(mode, feed)
    ids = torch.from_numpy(mode.target_codec.encode(text))[None]
    with mode.answering():
        outputs, _ = mode.run(ids[:, :-1])
        log_p = mode.output.log_probs(outputs)[0]
    assert found is not None
    same(found["loss"], -float(log_p[torch.arange(len(log_p)), ids[0, 1:]].mean()))


def test_rows_are_read_in_batches_of_twice_the_size_of_training_in_order_of_length() -> None:
    mode = build("many-to-one", "words", "class")
    feed = feed_to_measure(mode, ROWS, Config.of(batch_size=1))
    assert len(feed) == 2
    lengths = [row.input.split() for row in ROWS]
    places = [feed.where(0, index) for index in range(2)]
    order = sorted(range(4), key=lambda row: len(lengths[row]))
    assert [place for batch in places for place in batch] == [ROWS[row].where for row in order]


def test_an_evaluation_has_metrics_and_tables() -> None:
    mode = build("many-to-one", "words", "class")
    found = evaluate(mode, ROWS, Config())
    assert {"loss", "accuracy", "macro_accuracy"} <= set(found)
