"""Two checkpoints are kept; a damaged one is replaced by the one before, and training never starts over unasked."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from examples.files import reviews

from recur import config_file
from recur.errors import RunError
from recur.training import learn
from recur.training.progress import Silent

STEPS = 8


class Heard(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def train(folder: Path, run: str, steps: int, **more: Any) -> list[str]:
    heard = Heard()
    told = {
        "hidden_size": 4,
        "max_steps": steps,
        "save_every": 2,
        "threads": 1,
        "dropout": 0.2,
        "epochs": 9,
        "schedule": "constant",
    }
    config = config_file.from_options({**told, "source": "a.csv"})
    # by a relative name, so that a copy of the folder is the same run
    with contextlib.chdir(folder):
        learn(config, out=folder / run, progress=heard, **more)
    return heard.said


def names(run: Path) -> list[str]:
    return sorted(path.name for path in (run / "checkpoint").iterdir())


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 8 updates, and one of 6."""
    folder = tmp_path_factory.mktemp("runs")
    reviews(folder / "a.csv")
    train(folder, "whole", STEPS)
    train(folder, "part", 6)
    return folder


@pytest.fixture
def folder(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_two_checkpoints_are_kept(trained: Path) -> None:
    found = names(trained / "part")
    assert len(found) == 3
    assert found[-1] == "LATEST"
    assert (trained / "part" / "checkpoint" / "LATEST").read_text().strip() == found[1]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("file", ["weights.safetensors", "resume.pt", "manifest.json"])
@pytest.mark.parametrize("damage", [cut, empty, Path.unlink, pipe])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(folder: Path, file: str, damage: Any) -> None:
    before, last, _ = names(folder / "part")
    damage(folder / "part" / "checkpoint" / last / file)
    said = " ".join(train(folder, "part", STEPS))
    assert f"Training continues from the checkpoint {folder / 'part' / 'checkpoint' / before}" in said
    assert file in said
    assert same(folder)


@pytest.mark.parametrize("content", [None, "", "000099", "../../mine", "\0", "9" * 5000])
def test_without_a_pointer_the_newest_whole_checkpoint_is_used(folder: Path, content: str | None) -> None:
    pointer = folder / "part" / "checkpoint" / "LATEST"
    pointer.unlink() if content is None else pointer.write_text(content)
    said = " ".join(train(folder, "part", STEPS))
    assert "LATEST" in said
    assert f"Training continues from the checkpoint {folder / 'part' / 'checkpoint' / '00000'}" in said
    assert same(folder)


@pytest.mark.parametrize("lost", ["checkpoint", "all", "manifests"])
def test_a_run_without_a_whole_checkpoint_is_refused_with_what_to_type(folder: Path, lost: str) -> None:
    place = folder / "part" / "checkpoint"
    if lost == "checkpoint":
        shutil.rmtree(place)
    for name in names(folder / "part")[:2] if lost != "checkpoint" else ():
        shutil.rmtree(place / name) if lost == "all" else (place / name / "manifest.json").write_text("{")
    before = (folder / "part" / "log.jsonl").read_bytes(), (folder / "part" / "model.safetensors").read_bytes()
    with pytest.raises(RunError, match="cannot be resumed, because all its checkpoints are damaged") as caught:
        train(folder, "part", STEPS)
    assert "--fresh" in (caught.value.hint or "")
    assert before == (
        (folder / "part" / "log.jsonl").read_bytes(),
        (folder / "part" / "model.safetensors").read_bytes(),
    )
    train(folder, "part", STEPS, fresh=True)
    assert same(folder)


def test_a_log_that_lost_lines_is_reported(folder: Path) -> None:
    (folder / "part" / "samples.jsonl").write_bytes(b"")
    assert any("lines of earlier sessions are missing" in said for said in train(folder, "part", STEPS))


def same(folder: Path) -> bool:
    """Whether the last weights of both runs are the same bytes."""
    last = [
        folder / run / "checkpoint" / (folder / run / "checkpoint" / "LATEST").read_text().strip()
        for run in ("whole", "part")
    ]
    return last[0].joinpath("weights.safetensors").read_bytes() == last[1].joinpath("weights.safetensors").read_bytes()
