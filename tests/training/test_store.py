"""Where a run is stored: in memory its best weights, in a folder everything."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from recur.errors import RunError
from recur.run import WEIGHTS, RunFolder
from recur.run.opened import FORMAT, KIND
from recur.training.store import Disk, Memory, Store
from tests.modes.helpers import build


def disk(tmp_path: Path, said: list[str] | None = None) -> Disk:
    run = RunFolder(tmp_path / "run")
    run.path.mkdir(exist_ok=True)
    run.info = {"kind": KIND, "format": FORMAT}
    return Disk(run, (said if said is not None else []).append)


@pytest.mark.parametrize("kind", ["memory", "disk"])
def test_the_best_weights_come_back_whatever_was_learned_since(tmp_path: Path, kind: str) -> None:
    mode = build("one-to-one", "numbers", "class")
    store: Store = Memory() if kind == "memory" else disk(tmp_path)
    store.load_best(mode)  # nothing is kept yet
    store.publish(mode, 3, {"loss": 1.0})
    best = {name: value.clone() for name, value in mode.state_dict().items()}
    with torch.no_grad():
        for parameter in mode.parameters():
            parameter.add_(1.0)
    store.load_best(mode)
    for name, value in mode.state_dict().items():
        assert torch.equal(value, best[name]), name


def test_in_memory_nothing_is_resumed() -> None:
    store = Memory()
    store.checkpoint(build("one-to-one", "numbers", "class"), {"step": 1})
    assert store.resume(build("one-to-one", "numbers", "class")) is None
    assert store.folder is None


def test_a_new_folder_has_nothing_to_resume(tmp_path: Path) -> None:
    store = disk(tmp_path)
    assert store.resume(build("one-to-one", "numbers", "class")) is None
    store.close()


def test_a_checkpoint_comes_back_with_its_weights_and_is_known_to_the_folder(tmp_path: Path) -> None:
    mode, store = build("one-to-one", "numbers", "class"), disk(tmp_path)
    store.resume(mode)
    store.checkpoint(mode, {"step": 7})
    store.close()
    assert store.run.info["checkpointed"] is True
    other, later = build("one-to-one", "numbers", "class", seed=1), Disk(store.run)
    found = later.resume(other)
    later.close()
    assert found is not None
    assert (found["step"], found["journals"]) == (7, {"log": 0, "samples": 0})
    for name, value in other.state_dict().items():
        assert torch.equal(value, mode.state_dict()[name]), name


def test_a_run_that_learned_and_has_no_checkpoint_is_not_begun_again(tmp_path: Path) -> None:
    mode, store = build("one-to-one", "numbers", "class"), disk(tmp_path)
    store.publish(mode, 1)
    assert (store.run.path / WEIGHTS).is_file()
    with pytest.raises(RunError, match="cannot be resumed, because all its checkpoints are damaged") as caught:
        store.resume(mode)
    assert "--fresh starts over" in (caught.value.hint or "")


def test_a_session_that_left_only_a_log_begins_again_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    store = disk(tmp_path, said)
    (store.run.path / "log.jsonl").write_text('{"step": 1}\n', encoding="utf-8")
    assert store.resume(build("one-to-one", "numbers", "class")) is None
    store.close()
    assert said == ["the earlier session ended before its first checkpoint; training starts from the beginning"]


def test_texts_and_figures_are_files_of_the_folder(tmp_path: Path) -> None:
    store = disk(tmp_path)
    store.write_text("README.md", "card")
    store.write_json("autopsy.json", {"loss": 1.0})
    store.write_metrics({"loss": 2.0})
    store.update(status="paused")
    names = {path.name for path in store.run.path.iterdir()}
    assert {"README.md", "autopsy.json", "metrics.json", "run.json"} <= names
    assert store.run.load()["status"] == "paused"
