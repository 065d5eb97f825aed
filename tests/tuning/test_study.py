"""A whole study on a tiny network: trials, repeats, the best run, and what is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import recur
from recur import config_file
from recur.config import Config
from recur.errors import ConfigError, RunError, TrainingError
from recur.tuning.study import Search, Tuned, search
from tests.tuning.studies import ROWS, TINY, written

SETTINGS = {**TINY, "seed": 3}
ASKED = Search(trials=3, wanted={"hidden_size": None, "lr": None}, repeats=2, pruner="none")


def study(folder: Path, asked: Search = ASKED, rows: Any = None, **changes: Any) -> tuple[Tuned, list[str]]:
    said: list[str] = []
    source = None if rows is not None else str(folder / "films.csv")
    config = Config.of(**{**SETTINGS, **({} if source is None else {"source": source}), **changes})
    found = search(config, asked, folder / "study", source=rows, say=said.append, command="recur tune films.csv")
    return found, said


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Tuned, list[str]]:
    from recur.config.search import between

    folder = tmp_path_factory.mktemp("tuning")
    written(folder)
    asked = replace(ASKED, wanted={"hidden_size": between(4, 8), "lr": between(1e-4, 1e-1, log=True)})
    return folder, *study(folder, asked, test=str(written(folder)), hidden_size=4)


def test_the_best_settings_are_trained_tested_once_and_written(done: tuple[Path, Tuned, list[str]]) -> None:
    folder, found, said = done
    assert found.facts["complete"] == 3
    values = [row["value"] for row in found.trials]
    best = next(row for row in found.trials if row["value"] == max(values))
    assert found.metrics["held_out"]["accuracy"] == best["value"]
    assert found.metrics["test"] is not None
    written_config = config_file.read(folder / "study" / "best.toml")
    assert written_config == found.config
    assert written_config.training.optimizer.lr == best["values"]["lr"]
    assert "The best of 3 trials (3 complete)" in (folder / "study" / "best.toml").read_text()
    assert recur.load(folder / "study" / "best").config == found.config
    assert any("seed 3 in every trial" in line for line in said)


def test_the_same_call_continues_and_more_trials_are_added(done: tuple[Path, Tuned, list[str]]) -> None:
    from recur.config.search import between

    folder, found, _ = done
    asked = replace(ASKED, wanted={"hidden_size": between(4, 8), "lr": between(1e-4, 1e-1, log=True)})
    again, said = study(folder, asked, test=str(folder / "films.csv"))
    assert again == found
    assert not any("trial 3" in line for line in said)
    with pytest.raises(RunError, match="holds a study with other settings: training.epochs was 2, now 3"):
        study(folder, asked, test=str(folder / "films.csv"), epochs=3)


def test_rows_of_this_process_are_searched_too(tmp_path: Path) -> None:
    from recur.config.search import among

    found, _ = study(tmp_path, Search(trials=1, wanted={"hidden_size": among(4, 5)}, repeats=0), ROWS)
    assert found.comparison["outcome"] == "same"
    assert found.importance == {}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (replace(ASKED, trials=0), "--trials 0, expected at least 1"),
        (replace(ASKED, repeats=-1), "--repeats -1, expected at least 0"),
        (replace(ASKED, processes=0), "--processes 0"),
        (replace(ASKED, processes=2), "2 processes cannot read rows"),
    ],
)
def test_a_search_that_cannot_be_made_is_refused(tmp_path: Path, asked: Search, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        study(tmp_path, asked, ROWS)
    assert not (tmp_path / "study").exists()


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "thesis.tex").write_text("")
    with pytest.raises(RunError, match=r"thesis\.tex"):
        study(tmp_path, ASKED, ROWS)


def test_trials_that_all_fail_end_the_search_with_the_reason(tmp_path: Path) -> None:
    from recur.config.search import between

    asked = Search(trials=6, wanted={"lr": between(1e30, 1e35)}, repeats=0)
    with pytest.raises(TrainingError, match="the first 5 trials all failed"):
        study(tmp_path, asked, ROWS, clip=0.0, optimizer="sgd")
