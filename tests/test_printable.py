"""What a terminal would obey never reaches it: the rule, and the places that write."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from recur.cli.app import main
from recur.cli.output import emit, emit_json, note
from recur.config import Config
from recur.printable import TEXT, printable, printable_data
from recur.training.check import check
from recur.training.progress import Lines
from recur.views import matrix, report, terminal
from recur.views.explained import compared

HIDDEN = [
    "\x1b[2J",
    "\x1b]0;title\x07",
    "\x9b31m",
    "a\rb",
    "\u202eabc",
    "\u2066x\u2069",
    "\ud800",
    "\x7f",
    "\u2028",
    "\0",
]


def obeyed(text: str) -> set[str]:
    """The characters of a text that a terminal would obey, line ends and tabs left aside."""
    marks = "\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    spans = (("\0", "\x20"), ("\x7f", "\xa0"), ("\ud800", "\ue000"))
    hidden = {each for each in text if each in marks or any(low <= each < high for low, high in spans)}
    return hidden - {"\n", "\t"}


@pytest.mark.parametrize("text", HIDDEN)
def test_a_hidden_character_is_written_as_json_writes_it(text: str) -> None:
    shown = printable(text)
    assert not obeyed(shown)
    assert json.loads(f'"{shown}"') == text


@pytest.mark.parametrize("text", ["", "plain", "naïve 日本語 🎉", "שלום \u200f", "ن\u200c", "e\u0301", "a\u00a0b"])
def test_letters_of_every_script_stay(text: str) -> None:
    assert printable(text) == text


def test_line_ends_and_tabs_stay_only_where_a_text_has_several_lines() -> None:
    assert printable("a\n\tb", TEXT) == "a\n\tb"
    assert printable("a\n\tb") == "a\\u000a\\u0009b"
    assert printable_data({"a": ["\n", "x\n"]}) == {"a": ["\n", "x\\u000a"]}


@pytest.mark.parametrize("text", HIDDEN)
def test_everything_that_writes_cleans(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    emit(f"a {text}\n\tb")
    note(text)
    emit_json({text: [text]})
    Lines().say(text)
    for line in (*terminal.shares([(text, 0.5), ("b", 0.5)], 60), *matrix.lines([text, "b"], [[1, 0], [0, 1]])):
        emit(line, styled=True)
    run = {"label": text, "relative": [1.0, 0.1], "sentence": text}
    for line in compared({"title": text, "runs": [run, run]}, 60):
        emit(line, styled=True)
    said = capsys.readouterr()
    assert not obeyed(said.out)
    assert not obeyed(said.err)
    assert "\n\tb" in said.out


def test_an_error_message_is_cleaned(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "none\x1b[31m.csv"]) == 2
    assert main(["check", "--no\x1b[2J"]) == 2
    assert main(["\x1b[2J"]) == 2
    assert not obeyed(capsys.readouterr().err)


def test_the_report_of_a_check_is_cleaned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    rows = [f'"a {n} b c","{["bad", "a" + chr(27) + "[2J" + chr(10) + "b"][n % 2]}"' for n in range(40)]
    path.write_text("te\x1bxt,label\n" + "\n".join(rows) + "\n")
    assert main(["check", str(path), "--input", "te\x1bxt"]) == 0
    out = capsys.readouterr().out
    assert not obeyed(out)
    assert "a\\u001b[2J\\u000ab" in out
    found = check(Config.of(source=str(path), input=["te\x1bxt"]))
    assert len(found.classes) == 2


def test_a_document_of_json_keeps_its_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"label": "a\x1b\u202e\ud800\x7f\n"}
    emit_json(value)
    assert json.loads(capsys.readouterr().out) == value


def test_a_stream_of_another_encoding_is_written_with_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", stream)
    emit("naïve █")
    stream.seek(0)
    assert stream.read() == "na\\xefve \\u2588\n"


def test_data_in_a_page_cannot_end_its_element_and_can_be_written() -> None:
    hostile = "</script><script>alert(1)</script><!--\ud800\u2028\u202e"
    page = report.comparison({"title": hostile, "runs": [], "look": "", "how": "", "sentence": hostile})
    page.encode("utf-8")
    assert "alert(1)</script>" not in page
    assert page.count("</script>") == 2
    assert "<title>&lt;/script&gt;" in page
    start = page.index('id="data">') + len('id="data">')
    assert json.loads(page[start : page.index("</script>", start)])["title"] == hostile


def test_a_dollar_sign_in_a_label_is_no_formula(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    matrix.picture(["$\\frac$", "\x1b$"], [[1, 0], [0, 1]], tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000
