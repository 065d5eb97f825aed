"""Whether a run can continue with the settings that are given, and what to type where it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recur.config import Config
from recur.errors import RunError
from recur.run import RunFolder
from recur.run.opened import FORMAT, KIND
from recur.training.resuming import check_same_settings, resume_hint


def started(tmp_path: Path, **options: Any) -> RunFolder:
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    run.info = {
        "kind": KIND, "format": FORMAT, "command": "recur train a.csv --out run", "roles": {"mode": "synced"},
        "rows": {"train": {"rows": 100}},
    }  # fmt: skip
    run.configure(Config.of(**{"source": "a.csv", "hidden_size": 8, **options}))
    return run


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"epochs": 99},
        {"patience": 3},
        {"device": "cpu"},
        {"mode": "synced"},
        {"embedding_size": 8},
        {"header": True},
    ],
    ids=["the same", "more epochs", "patience", "device", "mode as inferred", "size as inferred", "how a file is read"],
)  # fmt: skip
def test_what_changes_nothing_of_what_was_learned_continues(tmp_path: Path, more: dict[str, Any]) -> None:
    run = started(tmp_path)
    check_same_settings(run, Config.of(**{"source": "a.csv", "hidden_size": 8, **more}), None)
    assert run.load()["config"]["training"]["epochs"] == more.get("epochs", Config().training.epochs)


@pytest.mark.parametrize(
    ("more", "said"),
    [({"hidden_size": 9}, "hidden_size was 8, now 9"), ({"lr": 0.5}, "now 0.5"),
     ({"mode": "many-to-one"}, "many-to-one"),
     ({"embedding_size": 9}, "embedding.size was None, now 9")],
    ids=["size", "rate", "another mode", "another size than inferred"],
)  # fmt: skip
def test_another_setting_is_refused_with_both_values(tmp_path: Path, more: dict[str, Any], said: str) -> None:
    with pytest.raises(RunError, match="holds a run with other settings") as caught:
        check_same_settings(started(tmp_path), Config.of(**{"source": "a.csv", "hidden_size": 8, **more}), None)
    assert caught.match(said)


def test_the_same_file_by_another_path_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = started(tmp_path)
    check_same_settings(run, Config.of(source=str(tmp_path / "a.csv"), hidden_size=8), None)


def test_the_hint_names_the_first_command_and_one_with_a_new_folder(tmp_path: Path) -> None:
    run = started(tmp_path)
    assert resume_hint(run, "recur train a.csv --lr 1 --out=run") == (
        f"to resume: recur train a.csv --out run; for a new run: recur train a.csv --lr 1 --out {tmp_path}/run-2; "
        "--fresh removes the run that is there"
    )
    (tmp_path / "run-2").mkdir()
    said = resume_hint(run, None, resume="wait")
    assert said == f'to resume: wait; for a new run: out="{tmp_path}/run-3"; fresh=True removes the run that is there'
