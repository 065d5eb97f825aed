"""Examples: windows of a series that overlap, and their rows once."""

from __future__ import annotations

from typing import Any

import pytest

from recur import data
from recur.config import Config
from recur.data import GroupExamples, each_target_once


def series_of(rows: list[dict[str, float]], **options: Any) -> data.Dataset:
    config = Config.of(**options, mode="synced", bptt=8)
    return data.load(config, rows)


@pytest.mark.parametrize("count", [9, 12, 40, 41])
@pytest.mark.parametrize("horizon", [1, 3])
def test_every_target_of_a_series_that_predicts_itself_is_met_once(count: int, horizon: int) -> None:
    dataset = series_of([{"value": float(step)} for step in range(count)], input=["value"], horizon=horizon)
    once = each_target_once(dataset.train, dataset.roles, horizon)
    assert isinstance(once, GroupExamples)
    rows = [int(row) for window in once.sequences for row in window[horizon:]]
    last = max(int(window[-1]) for window in dataset.train.sequences)
    assert rows == list(range(horizon, last + 1))


def test_every_row_of_a_series_with_targets_is_met_once() -> None:
    rows = [{"x": float(step % 7), "y": float(step * step)} for step in range(50)]
    dataset = series_of(rows, input=["x"], target=["y"])
    once = each_target_once(dataset.train, dataset.roles, 1)
    assert [target for one in once for (target,) in one.target] == [float(step * step) for step in range(45)]


def test_series_of_two_groups_are_each_met_once() -> None:
    rows = [{"ds": f"2024-01-{day:02}", "store": store, "y": float(day)} for store in "ab" for day in range(1, 32)]
    dataset = series_of(rows, input=["y"])
    once = each_target_once(dataset.train, dataset.roles, 1)
    assert isinstance(once, GroupExamples)
    met = [int(row) for window in once.sequences for row in window[1:]]
    assert len(met) == len(set(met))
    every = {int(row) for window in dataset.train.sequences for row in window[1:]}
    assert set(met) == every


def test_rows_that_are_no_windows_stay_as_they_are() -> None:
    dataset = data.load(
        Config(), [(f"a {word} film", "good" if word == "fine" else "bad") for word in ["fine", "dull"] * 20]
    )
    assert each_target_once(dataset.train, dataset.roles, 1) is dataset.train
