"""What a command writes: data to stdout, words about it to stderr."""

from __future__ import annotations

import errno
import io
import json
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from recur.cli import output
from recur.errors import DataError, WriteError


class Pair(NamedTuple):
    """A value that json writes as a list."""

    word: str
    share: float


def test_what_would_steer_a_terminal_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    output.emit("a\tb\x1b[31m")
    output.note("c\x1b[31m")
    found = capsys.readouterr()
    assert found.out.startswith("a\tb")
    assert "\x1b" not in found.out + found.err
    output.emit("\x1b[1mbold\x1b[0m", styled=True)
    assert capsys.readouterr().out == "\x1b[1mbold\x1b[0m\n"


def test_data_for_a_pipe_is_written_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    output.write_out("a\x1bb")
    assert capsys.readouterr().out == "a\x1bb"


def test_a_stream_of_another_encoding_shows_what_it_lacks_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    output.emit("caf\xe9")
    assert raw.getvalue() == b"caf\\xe9\n"


def test_a_full_disk_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    # not pytest's own stdout, which the command would turn away
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="utf-8"))
    monkeypatch.setattr(sys.stdout, "write", full)
    with pytest.raises(WriteError, match="stdout cannot be written: no space left on device"):
        output.emit("a")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": np.float32(0.5), "b": np.array([1, 2])}, {"a": 0.5, "b": [1, 2]}),
        ({"path": Path("x/y"), "set": {2, 1}}, {"path": "x/y", "set": [1, 2]}),
        ({"loss": float("nan"), "most": float("inf")}, {"loss": None, "most": None}),
        ([Pair("a", 0.5)], [["a", 0.5]]),
    ],
    ids=["arrays", "paths and sets", "not finite", "named tuples"],
)
def test_an_answer_is_one_document_that_every_reader_knows(
    capsys: pytest.CaptureFixture[str], value: object, expected: object
) -> None:
    output.emit_json(value)
    assert json.loads(capsys.readouterr().out) == expected


def test_a_folder_in_the_place_of_a_file_is_refused_before_the_work(tmp_path: Path) -> None:
    output.refuse_folders(None, tmp_path / "new.html")
    with pytest.raises(DataError, match="is a folder, expected a file to write") as caught:
        output.refuse_folders(tmp_path / "new.html", tmp_path)
    assert caught.value.hint == "name a file in it"


def test_only_what_was_asked_for_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn: list[Path] = []
    assert not output.draw(html=None, png=None, page=lambda: "<p>", picture=drawn.append)
    assert output.draw(html=tmp_path / "a.html", png=tmp_path / "a.png", page=lambda: "<p>", picture=drawn.append)
    assert (tmp_path / "a.html").read_text(encoding="utf-8") == "<p>"
    assert drawn == [tmp_path / "a.png"]
    assert capsys.readouterr().err.count("wrote") == 2


def test_long_work_says_how_far_it_is_every_few_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = iter([0.0, 2.0, 4.0, 5.0, 10.0])
    monkeypatch.setattr(output.time, "monotonic", lambda: next(times))
    waiting = output.WorkProgress("reading")
    for share in (0.1, 0.5, 0.6, 0.0):
        waiting.tell(share)
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("reading: 50 %, 4")
    assert first.endswith(" left")
    assert second == "reading: 0 %"


def test_stopped_work_says_how_to_resume_and_has_its_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert output.report_stop("interrupted", "type this") == 130
    assert capsys.readouterr().err == "stopped: interrupted\nhint: type this\n"


def test_figures_are_laid_out_under_one_another() -> None:
    assert list(output.table({"rows": 3, "macro_accuracy": 0.5}))[1].startswith("macro accuracy  ")
    assert list(output.table({})) == []
    assert list(output.grid([])) == [""]
    assert list(output.grid([{"name": "a", "step": 1}, {"name": "bcd", "step": 12}])) == [
        "name  step", "a        1", "bcd     12",
    ]  # fmt: skip
