"""What is counted in the rows of a task."""

from __future__ import annotations

from typing import Any

import pytest

from recur.config import Config
from recur.data import count_rows, fit_codecs, load
from recur.data.counts import Epoch, RowCounts


def counts_of(rows: Any, **options: Any) -> RowCounts:
    config = Config.of(**options)
    dataset = load(config, rows)
    return count_rows(config, dataset, *fit_codecs(config, dataset.roles, dataset.train, dataset.labelled))


def test_lengths_are_counted_by_side() -> None:
    pairs = {"english": [f"the house {i}" for i in range(40)], "french": [f"la maison {i} ." for i in range(40)]}
    lengths = counts_of(pairs).lengths
    assert {side: (each.least, each.median, each.most) for side, each in lengths.items()} == {
        "input": (3, 3, 3), "target": (4, 4, 4),
    }  # fmt: skip
    assert lengths["input"].histogram[0][2] == 36


@pytest.mark.parametrize(
    ("options", "epoch"), [({"batch_size": 10}, Epoch(36, 108, 4)), ({"batch_size": 36}, Epoch(36, 108, 1))]
)
def test_the_work_of_an_epoch_is_its_rows_steps_and_updates(options: dict[str, Any], epoch: Epoch) -> None:
    texts = [f"word{i} and more" for i in range(40)]
    assert counts_of({"text": texts, "label": ["a", "b"] * 20}, **options).epoch == epoch


def test_one_long_text_is_counted_in_windows() -> None:
    found = counts_of(["one two three four"] * 200, documents="file", bptt=10, batch_size=4)
    assert found.epoch == Epoch(rows=90, steps=900, updates=90)
    assert found.repeated == found.shared == 0
