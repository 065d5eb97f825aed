"""The lines of Python and the commands that the page shows run as they are printed."""

from __future__ import annotations

import contextlib
import io
import shlex
from pathlib import Path

import pytest

from recur.lecture.page import text
from tests.cli.running import run
from tests.lecture.given import files

CHAPTERS = text("en")["chapters"]


def test_the_commands_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    files(tmp_path)
    said = {}
    for chapter in CHAPTERS:
        for line in chapter["own"].strip().splitlines():
            if line.startswith("recur "):
                outcome = run(*shlex.split(line)[1:])
                assert outcome.code == 0, (line, outcome.err)
                said[line] = outcome.out
    assert (tmp_path / "lstm.svg").exists()
    assert (tmp_path / "gradient.html").exists()
    assert "leaky" in (tmp_path / "mine.html").read_text(encoding="utf-8")
    assert "tanh(W_xh @ x + W_hh @ h + b)" in said["recur cells elman"]


def test_a_file_that_is_no_page_is_never_replaced(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n")
    refused = run("lecture", table)
    assert refused.code == 2
    assert "table.csv does not end in .html" in refused.err
    assert table.read_text() == "a,b\n1,2\n"
    assert run("lecture", tmp_path).code == 2
    assert run("lecture", tmp_path / "page.html", "--language", "xx").code == 2
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("chapter", [one for one in CHAPTERS if "import" in one["own"]], ids=lambda one: one["id"])
def test_the_lines_of_python_run(chapter: dict[str, str]) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(chapter["own"], chapter["id"], "exec"), {})
    assert printed.getvalue().strip()
    if chapter["id"] == "memory":
        assert printed.getvalue() == "True\n"
