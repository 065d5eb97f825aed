"""Training in a folder touches nothing of the user: links are refused, folders that are not ours stay."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from examples.files import reviews

import recur
from recur.errors import RecurError, RunError, WriteError
from recur.run.layout import CODEC_FILES, FILES

OPTIONS: dict[str, Any] = {"hidden_size": 4, "max_steps": 2, "progress": False, "threads": 1}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    reviews(folder / "a.csv")
    with contextlib.chdir(folder):
        recur.fit("a.csv", out="run", **OPTIONS)
    return folder


@pytest.fixture
def place(trained: Path, tmp_path: Path) -> Path:
    """A finished run beside its data, and something of the user's."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "000001").mkdir()
    (tmp_path / "mine" / "000001" / "resume.pt").write_text("mine")
    (tmp_path / "bashrc").write_text("mine")
    return tmp_path


def again(place: Path, *, fresh: bool = False) -> None:
    # by relative names, so that a copy of the folder is the same run
    with contextlib.chdir(place):
        recur.fit("a.csv", out="run", fresh=fresh, **{**OPTIONS, "max_steps": 2 if fresh else 4})


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("fresh", [False, True])
def test_a_linked_checkpoint_folder_is_refused_and_stays(place: Path, fresh: bool) -> None:
    shutil.rmtree(place / "run" / "checkpoint")
    (place / "run" / "checkpoint").symlink_to(place / "mine", target_is_directory=True)
    before = contents(place)
    with pytest.raises(WriteError, match="checkpoint is not written to: it is a link to"):
        again(place, fresh=fresh)
    assert contents(place) == before


@pytest.mark.parametrize("name", ["mine", "7", "000007/notes.txt", "000007/sub/a", "000001/mine.txt", "LATEST.txt"])
def test_what_a_user_put_into_checkpoint_stays(place: Path, name: str) -> None:
    path = place / "run" / "checkpoint" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    again(place)
    assert path.read_text() == "mine"
    before = contents(place / "run")
    with pytest.raises(RunError, match="was not written by recur"):
        again(place, fresh=True)
    assert contents(place / "run") == before


@pytest.mark.parametrize("fresh", [False, True])
def test_a_link_among_the_checkpoints_and_what_it_leads_to_stay(place: Path, fresh: bool) -> None:
    link = place / "run" / "checkpoint" / "000009"
    link.symlink_to(place / "mine" / "000001", target_is_directory=True)
    if fresh:
        with pytest.raises(RunError, match="was not written by recur"):
            again(place, fresh=True)
    else:
        again(place)
    assert link.is_symlink()
    assert (place / "mine" / "000001" / "resume.pt").read_text() == "mine"


def make_link(path: Path, precious: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(precious)


def make_hard_link(path: Path, precious: Path) -> None:
    path.unlink(missing_ok=True)
    os.link(precious, path)


@pytest.mark.parametrize("fresh", [False, True])
@pytest.mark.parametrize("name", [*(name for name in FILES if name not in CODEC_FILES), ".lock", "checkpoint/LATEST"])
def test_a_link_in_the_place_of_a_file_is_not_written_through(place: Path, name: str, fresh: bool) -> None:
    make_link(place / "run" / name, place / "bashrc")
    with pytest.raises(RecurError):
        again(place, fresh=fresh)
    assert (place / "bashrc").read_text() == "mine"


@pytest.mark.parametrize("name", ["log.jsonl", "samples.jsonl", ".lock"])
def test_a_file_with_a_second_name_is_not_changed_in_place(place: Path, name: str) -> None:
    make_hard_link(place / "run" / name, place / "bashrc")
    with pytest.raises(WriteError, match="2 names"):
        again(place)
    assert (place / "bashrc").read_text() == "mine"


NAMES_IN_USE = ["run.json.part", "config.toml.part", "LATEST.part", "model.safetensors.new", "checkpoint/LATEST.part"]


@pytest.mark.parametrize("make", [make_link, make_hard_link])
def test_links_under_names_of_earlier_temporary_files_are_not_written_through(
    place: Path, make: Callable[[Path, Path], None]
) -> None:
    for name in NAMES_IN_USE:
        make(place / "run" / name, place / "bashrc")
    again(place)
    assert (place / "bashrc").read_text() == "mine"


def test_a_lock_of_something_else_is_left_alone(tmp_path: Path) -> None:
    reviews(tmp_path / "a.csv")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").write_text("my own lock")
    with pytest.raises(RunError, match="not a lock of recur"):
        recur.fit(tmp_path / "a.csv", out=tmp_path / "run", **OPTIONS)
    assert (tmp_path / "run" / ".lock").read_text() == "my own lock"


def test_fresh_keeps_files_of_the_user_with_similar_names(place: Path) -> None:
    kept = ["input_codec.notes.txt", "input_codec.backup/a", "model.safetensors.bak", "mine.txt"]
    for name in kept:
        (place / "run" / name).parent.mkdir(exist_ok=True)
        (place / "run" / name).write_text("mine")
    again(place, fresh=True)
    assert [(place / "run" / name).read_text() for name in kept] == ["mine"] * len(kept)
    recur.load(place / "run")
