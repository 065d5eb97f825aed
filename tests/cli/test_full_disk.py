"""A disk that is full: each command that writes ends with a sentence, and the files that were there stay whole."""

from __future__ import annotations

import errno
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest
from examples.files import reviews

from recur.codecs.notes import NotesCodec
from recur.errors import WriteError
from recur.views import pieces
from tests.cli.running import run

TINY = ("--hidden-size", "6", "--batch-size", "16", "--seed", "1", "--device", "cpu", "--epochs", "1")
TEXT = "a dull film"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("full")
    reviews(folder / "reviews.csv")
    assert run("train", folder / "reviews.csv", "--out", folder / "run", *TINY).code == 0
    return folder


WRITING = {
    "predict.csv": ("predict", "RUN", "--file", "DATA", "--out", "FILE"),
    "predict.jsonl": ("predict", "RUN", "--file", "DATA", "--out", "FILE"),
    "predict.parquet": ("predict", "RUN", "--file", "DATA", "--out", "FILE"),
    "inspect.html": ("inspect", "RUN", TEXT, "--html", "FILE"),
    "inspect.png": ("inspect", "RUN", TEXT, "--png", "FILE"),
    "compare.html": ("compare", "RUN", "RUN", "--html", "FILE"),
    "network.onnx": ("export", "RUN", "--onnx", "FILE"),
}
NEEDS = {".parquet": "pyarrow", ".png": "matplotlib", ".onnx": "onnx"}


@pytest.mark.parametrize("name", WRITING)
def test_a_full_disk_is_said_and_the_earlier_file_stays(
    place: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / name
    needed = NEEDS.get(file.suffix)
    if needed is not None and importlib.util.find_spec(needed) is None:
        pytest.skip(f"needs {needed}")
    earlier = "earlier, by recur"  # an export replaces no other file
    file.write_text(earlier, encoding="utf-8")
    words = {"RUN": place / "run", "DATA": place / "reviews.csv", "FILE": file}
    _fill(monkeypatch)
    outcome = run(*(words.get(word, word) for word in WRITING[name]))
    assert outcome.code == 2
    assert f"error: {file} cannot be written: the disk is full" in outcome.err
    assert "hint: free some space" in outcome.err
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert file.read_text(encoding="utf-8") == earlier


def test_a_training_that_a_full_disk_ended_is_continued(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("train", place / "reviews.csv", "--out", tmp_path / "run", *TINY)
    with monkeypatch.context() as full:
        _fill(full, after=3)
        outcome = run(*words)
    assert outcome.code == 2
    assert "cannot be written: the disk is full" in outcome.err
    assert f"hint: free some space, or write to another disk; then continue with: recur train {place}" in outcome.err
    assert not [one for one in tmp_path.rglob("*") if one.suffix == ".part"]
    assert run(*words).code == 0
    assert run("predict", tmp_path / "run", TEXT).code == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_stdout_is_named(place: Path, unbuffered: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full, the file on which every write finds a full disk")
    command = [sys.executable, "-m", "recur", "predict", str(place / "run"), TEXT]
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        said = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert said.returncode == 2
    assert said.stderr.startswith("error: stdout cannot be written: no space left on device")


@pytest.mark.parametrize("name", ["classify", "last-word"])
def test_a_demonstration_leaves_no_empty_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fill(monkeypatch)
    outcome = run("demo", name, "--out", tmp_path / "new" / "demo")
    assert outcome.code == 2
    assert "the disk is full" in outcome.err
    assert not list(tmp_path.iterdir())


def test_a_file_in_new_folders_leaves_none_and_old_folders_stay(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").mkdir()
    _fill(monkeypatch)
    for folder in (tmp_path / "a" / "b", tmp_path / "old"):
        assert run("predict", place / "run", TEXT, "--out", folder / "o.csv").code == 2
    assert [path.name for path in tmp_path.rglob("*")] == ["old"]


def test_notes_whose_picture_is_not_written_are_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    _fill(monkeypatch, after=2)
    with pytest.raises(WriteError, match=r"x.png cannot be written: .*; the notes are in .*x.mid") as caught:
        pieces.write(NotesCodec(), [[60], [62]], tmp_path / "x.mid")
    assert "free some space" in str(caught.value.hint)
    assert [path.name for path in tmp_path.iterdir()] == ["x.mid"]


def _fill(monkeypatch: pytest.MonkeyPatch, after: int = 0) -> None:
    """Refuse to bring to the disk whatever is written after some files."""
    flushed, left = os.fsync, [after]

    def full(handle: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        flushed(handle)

    monkeypatch.setattr("os.fsync", full)
