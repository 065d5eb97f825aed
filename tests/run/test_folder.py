"""Writing a run folder: at every moment of a change the folder agrees with itself, and no other folder is touched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import recur.run.folder as folder_room
from recur.atomic import write_bytes
from recur.bounded import fingerprint
from recur.errors import RunError
from recur.run.folder import RunFolder, as_json, claim
from recur.run.layout import INFO, METRICS, WEIGHTS
from recur.run.opened import FORMAT, KIND, digest, read_info
from recur.run.weights import serialised
from tests.modes.helpers import build


class Killed(BaseException):
    """The process ends here."""


def started(tmp_path: Path) -> RunFolder:
    """A folder whose figures have been written once."""
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    run.info = {"kind": KIND, "format": FORMAT}
    run.write_metrics({"loss": 2.0}, status="training")
    return run


def named(run: RunFolder, name: str) -> list[dict[str, Any]]:
    return read_info(run.path)["files"][name]


def test_figures_and_facts_are_written_and_named_by_their_hash(tmp_path: Path) -> None:
    run = started(tmp_path)
    run.write_metrics({"loss": 1.0}, step=7)
    assert json.loads((run.path / METRICS).read_text(encoding="utf-8")) == {"loss": 1.0}
    assert named(run, METRICS) == [fingerprint(run.path / METRICS)]
    assert run.metrics() == {"loss": 1.0}
    info = read_info(run.path)
    assert (info["step"], info["status"]) == (7, "training")


def test_weights_are_published_with_their_figures(tmp_path: Path) -> None:
    run, mode = started(tmp_path), build("one-to-one", "numbers", "class")
    run.publish(mode, {"loss": 0.5}, status="finished")
    assert (run.path / WEIGHTS).read_bytes() == serialised(mode)
    assert named(run, WEIGHTS) == [fingerprint(run.path / WEIGHTS)]
    assert named(run, METRICS) == [fingerprint(run.path / METRICS)]
    run.publish(mode, status="again")
    assert run.metrics() == {"loss": 0.5}


@pytest.mark.parametrize("written", range(3))
def test_a_process_that_is_killed_in_a_change_leaves_a_folder_that_names_what_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    run, count = started(tmp_path), 0

    def killed_after(path: Path, content: bytes) -> None:
        nonlocal count
        if count == written:
            raise Killed
        count += 1
        write_bytes(path, content)

    monkeypatch.setattr(folder_room, "write_bytes", killed_after)
    with pytest.raises(Killed):
        run.write_metrics({"loss": 1.0})
    assert fingerprint(run.path / METRICS) in named(run, METRICS)
    # the next process writes over it, whatever was left
    monkeypatch.undo()
    later = RunFolder(run.path)
    later.load()
    later.write_metrics({"loss": 0.5})
    assert named(later, METRICS) == [fingerprint(run.path / METRICS)]


def test_a_folder_of_format_1_is_given_the_hash_of_its_figures(tmp_path: Path) -> None:
    run = started(tmp_path)
    info = {"kind": KIND, "format": 1, "files": {}}
    (run.path / INFO).write_bytes(as_json({**info, "sha256": digest(info)}))
    found = RunFolder(run.path).load()
    assert found["format"] == FORMAT
    assert found["files"][METRICS] == [fingerprint(run.path / METRICS)]


def test_what_is_written_is_what_is_read_back(tmp_path: Path) -> None:
    run = started(tmp_path)
    run.update(shape=(1, 2), loss=float("nan"), name="\ud800")
    info = read_info(run.path)
    assert info["shape"] == [1, 2]
    assert info["loss"] is None
    json.loads(as_json({"name": "\ud800"}))


def test_a_new_and_an_empty_folder_may_be_written_and_a_run_is_one_already(tmp_path: Path) -> None:
    assert claim(tmp_path / "new") is False
    (tmp_path / "empty").mkdir()
    assert claim(tmp_path / "empty") is False
    assert claim(started(tmp_path).path) is True


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match="is a file, expected a folder") as caught:
        claim(path)
    assert caught.value.hint == "give another --out"


@pytest.mark.parametrize("fresh", [False, True])
def test_a_folder_with_something_else_is_left_alone(tmp_path: Path, fresh: bool) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(RunError, match=r"mine\.txt"):
        claim(tmp_path, fresh=fresh)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
