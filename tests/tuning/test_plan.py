"""The plan of a study is written, read and compared."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.config import Config
from recur.errors import RunError
from recur.tuning.plan import read_plan
from tests.tuning.studies import TINY, plan


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    assert read_plan(tmp_path) is None
    plan().write(tmp_path)
    assert read_plan(tmp_path) == plan()
    assert plan().start == {"lr": 2e-3, "cell": "lstm"}


def test_more_trials_threads_and_another_path_are_no_differences_but_other_settings_are() -> None:
    record = plan().record()
    assert (
        plan(trials=9, config=Config.of(**{**TINY, "threads": 2}, source="there/films.csv")).differences(record) == []
    )
    assert plan(pruner="none").differences(record) == ["--pruner was 'median', now 'none'"]
    assert plan(rows={"train": 3}).differences(record) == ["the data has other rows"]
    assert plan(config=Config.of(**{**TINY, "epochs": 3}, source="films.csv")).differences(record) == [
        "training.epochs was 2, now 3"
    ]


def test_a_damaged_plan_is_refused(tmp_path: Path) -> None:
    for text in ("{", "[]", '{"format": 9}', '{"format": 1}'):
        (tmp_path / "study.json").write_text(text)
        with pytest.raises(RunError, match=r"study\.json"):
            read_plan(tmp_path)


def test_evaluations_are_numbered_by_epoch_or_by_updates() -> None:
    assert plan().round_of(37, 2) == 2
    every = plan(config=Config.of(**TINY, source="films.csv", evaluate_every=10))
    assert [every.round_of(step, 1) for step in (10, 20, 23)] == [1, 2, 3]
