"""The storage of a study: what a killed process leaves, what is refused, and which values are drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur.errors import ConfigError, RunError
from recur.tuning.storage import JOURNAL, open_storage, quiet
from tests.tuning.studies import plan, stored


def drawn(folder: Path) -> list[float]:
    storage = stored(folder)
    values = []
    for _ in range(3):
        trial = storage.ask()
        values.append(trial.suggest_float("lr", 1e-3, 1e-1, log=True))
        storage.study.tell(trial, values[-1])
    return values


def test_a_study_draws_the_same_values_however_often_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    whole = drawn(tmp_path / "a")
    assert whole[0] == plan().start["lr"]  # type: ignore[index]  # a plan of this test has a start
    parts = []
    for _ in whole:
        storage = stored(tmp_path / "b")
        trial = storage.ask()
        parts.append(trial.suggest_float("lr", 1e-3, 1e-1, log=True))
        storage.study.tell(trial, parts[-1])
    assert parts == whole


def test_half_a_line_of_a_killed_process_is_removed(tmp_path: Path) -> None:
    storage = stored(tmp_path)
    storage.ask()
    journal = tmp_path / JOURNAL
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"op_code": 5, "trial')
    assert len(stored(tmp_path).trials()) == 1
    assert journal.read_bytes().startswith(whole)
    assert len(stored(tmp_path).trials()) == 1


def test_a_file_that_is_no_journal_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n")
    with pytest.raises(RunError, match="is not a journal of Optuna"):
        open_storage(str(path))
    assert path.read_text() == "my notes\n"


def test_another_study_of_the_same_name_is_refused_with_the_difference(tmp_path: Path) -> None:
    stored(tmp_path)
    with pytest.raises(RunError, match="films with other settings: --pruner was 'median', now 'none'"):
        stored(tmp_path, plan(pruner="none"))


@pytest.mark.parametrize("url", ["nosuch://me:secret@host/db", "sqlite:////nowhere/there/study.db"])
def test_a_database_that_cannot_be_opened_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught, quiet():
        open_storage(url)
    assert "cannot be opened" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_study_is_kept_in_a_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    with quiet():
        from recur.tuning.storage import Storage

        first, second = Storage(open_storage(url), plan()), Storage(open_storage(url), plan())
        first.ask()
        assert len(second.trials()) == 1
