"""What leaves `recur predict`: every number and every step, the same from a file and from stdin, as a table."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from examples.files import reviews

import recur
from tests.cli.running import PLAIN, Outcome, run

TINY = {"hidden_size": 8, "batch_size": 16, "seed": 1, "device": "cpu", "progress": False}


def ok(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, outcome.err
    return outcome


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of every kind of answer: a class, numbers, a forecast with quantiles, tags, a written text."""
    folder = tmp_path_factory.mktemp("whole")
    reviews(folder / "reviews.csv")
    recur.fit(folder / "reviews.csv", out=folder / "class", epochs=3, lr=0.01, **TINY)
    hours = [124071.996 + 900 * np.sin(hour / 4) for hour in range(200)]
    load = "load [kW]\n" + "\n".join(f"{hour:.3f}" for hour in hours) + "\n"
    (folder / "load.csv").write_text(load)
    options = {"forecast": "direct", "horizon": 24, "window": 30, "quantiles": [0.1, 0.5, 0.9], "max_steps": 2}
    recur.fit(folder / "load.csv", out=folder / "ahead", **options, **TINY)
    sizes = "".join(f"{i * 7 % 23},{i % 7},{124071.996 + i}\n" for i in range(60))
    (folder / "sizes.csv").write_text("width,depth,price [EUR]\n" + sizes)
    recur.fit(folder / "sizes.csv", mode="one-to-one", target="price [EUR]", out=folder / "price", epochs=2, **TINY)
    tagged = [{"tokens": ["the", word, "sleeps"], "tags": ["D", "N", "V"]} for word in ["cat", "dog", "cow", "hen"] * 5]
    recur.fit(tagged, out=folder / "tags", max_steps=2, **TINY)
    return folder


def test_a_forecast_of_24_steps_is_24_rows_of_whole_numbers(place: Path) -> None:
    said = rows(ok(run("predict", place / "ahead", "--file", place / "load.csv")).out)
    assert [row["step"] for row in said] == [str(step) for step in range(1, 25)]
    assert list(said[0]) == ["series", "step", "load [kW]", "load [kW] 10 %", "load [kW] 90 %"]
    [answer] = json.loads(ok(run("predict", place / "ahead", "--file", place / "load.csv", "--json")).out)
    assert [float(row["load [kW]"]) for row in said] == answer["value"]
    assert [float(row["load [kW] 10 %"]) for row in said] == answer["quantiles"]["0.1"]
    assert all("e" not in row["load [kW]"] for row in said)
    assert answer["units"] == ["kW"]


def test_a_forecast_of_stores_names_store_step_and_day_from_a_file_and_stdin(tmp_path: Path) -> None:
    days = [(f"2024-01-{day:02d}", store, 1000 + day) for day in range(1, 29) for store in ("north", "=south")]
    table = "date,store,sales\n" + "".join(f"{date},{store},{sales}\n" for date, store, sales in days)
    (tmp_path / "sales.csv").write_text(table)
    options = {"forecast": "direct", "horizon": 3, "window": 8, "max_steps": 1}
    recur.fit(tmp_path / "sales.csv", out=tmp_path / "run", **options, **TINY)
    said = ok(run("predict", tmp_path / "run", "--file", tmp_path / "sales.csv")).out
    assert [(row["store"], row["step"], row["time"]) for row in rows(said)] == [
        (store, str(step), f"2024-01-{28 + step}") for store in ("north", "'=south") for step in (1, 2, 3)
    ]
    assert ok(run("predict", tmp_path / "run", "-", stdin=table.replace("\n", "\r\n"))).out == said
    assert ok(run("predict", tmp_path / "run", "-", stdin="Sales of 2024\n\n" + table)).out == said
    answers = json.loads(ok(run("predict", tmp_path / "run", "--file", tmp_path / "sales.csv", "--json")).out)
    assert [(one["series"], one["times"][0]) for one in answers] == [("north", "2024-01-29"), ("=south", "2024-01-29")]


def test_a_typed_series_is_whole_too_and_names_its_number(place: Path) -> None:
    said = rows(ok(run("predict", place / "ahead", "124000 124500", "123000")).out)
    assert len(said) == 48
    assert {row["series"] for row in said} == {"1", "2"}


def test_a_terminal_shows_every_step_with_its_whole_part(place: Path) -> None:
    code = f"import sys; from recur.cli import main; sys.stdout.isatty = lambda: True; sys.exit(main(['predict', {str(place / 'ahead')!r}, '124000 124500']))"  # noqa: E501
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **PLAIN}, timeout=60
    )
    lines = said.stdout.splitlines()
    assert len(lines) == 1 + 24, said.stderr
    assert lines[0].split() == ["series", "step", "load", "[kW]", "load", "[kW]", "10", "%", "load", "[kW]", "90", "%"]
    assert "e+" not in said.stdout
    assert "…" not in said.stdout


@pytest.mark.parametrize(
    ("name", "words", "header"),
    [
        ("class", ["what a dull film"], "row,text,label,probability"),
        ("class", ["what a dull film", "--top", "2"], "row,text,label,probability,label 2,probability 2"),
        ("price", ["3 4"], "row,price [EUR]"),
        ("tags", ["the cat sleeps"], "row,step,tokens,tags"),
    ],
)
def test_each_kind_of_answer_has_its_columns(name: str, words: list[str], header: str, place: Path) -> None:
    assert ok(run("predict", place / name, *words)).out.splitlines()[0] == header


def test_tags_stand_beside_their_words(place: Path) -> None:
    said = rows(ok(run("predict", place / "tags", "the cat sleeps")).out)
    assert [row["tokens"] for row in said] == ["the", "cat", "sleeps"]
    assert [row["step"] for row in said] == ["1", "2", "3"]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("name", ["class", "ahead", "price"])
def test_files_hold_what_json_holds(name: str, ending: str, place: Path, tmp_path: Path) -> None:
    source = place / {"class": "reviews.csv", "ahead": "load.csv", "price": "sizes.csv"}[name]
    if ending == ".parquet":
        pytest.importorskip("pyarrow.parquet", reason='the extra "data" is not installed')
    out = tmp_path / f"answers{ending}"
    said = ok(run("predict", place / name, "--file", source, "--out", out))
    assert (said.out, f"wrote {out}" in said.err) == ("", True)
    truth = json.loads(ok(run("predict", place / name, "--file", source, "--json")).out)
    if ending == ".jsonl":
        assert [json.loads(line) for line in out.read_text().splitlines()] == truth
        return
    if ending == ".csv":
        found = rows(out.read_text())
    else:
        found = pytest.importorskip("pyarrow.parquet").read_table(out).to_pylist()
    column = {"class": "label", "ahead": "load [kW]", "price": "price [EUR]"}[name]
    values = truth[0]["value"] if name == "ahead" else [one["value"] for one in truth]
    assert [row[column] if name == "class" else float(row[column]) for row in found] == values
    if name == "class":
        assert [float(row["probability"]) for row in found] == [one["scores"][0][1] for one in truth]


def test_parquet_without_its_package_names_the_extra_before_the_work(place: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    said = run("predict", place / "class", "a film", "--out", tmp_path / "a.parquet")
    assert said.code == 2
    assert 'pip install "recur-nn[data]"' in said.err


@pytest.mark.parametrize("name", ["a.xlsx", "a"])
def test_a_file_of_another_kind_is_refused_with_a_name_to_type(name: str, place: Path, tmp_path: Path) -> None:
    said = run("predict", place / "class", "a film", "--out", tmp_path / name)
    assert (said.code, "--out a.csv" in said.err) == (2, True)
    assert not list(tmp_path.iterdir())


def test_answers_never_replace_their_inputs_and_are_written_one_way(place: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("text\na film\n")
    for words, said in (
        (["--out", file], "contains the inputs"),
        (["--out", tmp_path / "b.csv", "--json"], "two ways"),
    ):
        refused = run("predict", place / "class", "--file", file, *words)
        assert (refused.code, said in refused.err) == (2, True)
    assert file.read_text() == "text\na film\n"
    (tmp_path / "b.csv").write_text("before")
    ok(run("predict", place / "class", "--file", file, "--out", tmp_path / "b.csv"))
    assert (tmp_path / "b.csv").read_text().startswith("row,text,label")


def test_nothing_is_left_of_a_file_whose_inputs_cannot_all_be_read(place: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("width,depth\n" + "1,2\n" * 100 + "1,\n")
    said = run("predict", place / "price", "--file", tmp_path / "bad.csv", "--out", tmp_path / "out.csv")
    assert said.code == 2
    assert "bad.csv:102" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["bad.csv"]


TEXTS = ["what a dull film", "such a lovely song", "a cold, cold play", 'she said "fine"', "un été"]
TABLE = "text,label\n" + "".join('"{}",good\n'.format(text.replace('"', '""')) for text in TEXTS)
PLAINLY = "\n".join(TEXTS) + "\n"
SHAPES = {
    "as it is": lambda text: text.encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "both": lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(),
    "no final newline": lambda text: text.removesuffix("\n").encode(),
    "empty lines": lambda text: text.replace("\n", "\n\n").encode(),
    "empty lines first": lambda text: b"\n\n" + text.encode(),
    "utf-16": lambda text: text.encode("utf-16"),
    "latin-1": lambda text: text.encode("latin-1"),
    "no header": lambda text: text.removeprefix("text,label\n").encode(),
    "jsonl": lambda text: "".join(json.dumps({"text": row["text"]}) + "\n" for row in rows(text)).encode(),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("suffix", [".csv", ".txt"])
def test_stdin_answers_as_the_file_of_the_same_bytes(shape: str, suffix: str, place: Path, tmp_path: Path) -> None:
    if shape == "jsonl":
        suffix = ".jsonl"
    raw = SHAPES[shape](PLAINLY if suffix == ".txt" else TABLE)
    file = tmp_path / f"inputs{suffix}"
    file.write_bytes(raw)
    from_file, from_stdin = (run("predict", place / "class", *words, stdin=raw) for words in (["--file", file], ["-"]))
    assert from_file.code == from_stdin.code == (2 if shape in ("utf-16", "latin-1") else 0), from_file.err
    if from_file.code:
        assert from_stdin.err.replace("stdin", str(file)).splitlines()[0] == from_file.err.splitlines()[0]
        return
    assert from_stdin.out == from_file.out
    assert [row["text"] for row in rows(from_stdin.out) if row["text"]] == TEXTS


TABLES = {
    "sep=;": "sep=;\ntext;label\na film, dull;good\nb;bad\n",
    "semicolons": "text;label\na film, dull;good\nb;bad\n",
    "tabs": "text\tlabel\na film, dull\tgood\nb\tbad\n",
    "comments": '# made today\ntext,label\n"a film, dull",good\n# half\nb,bad\n',
    "another order": 'label,text\ngood,"a film, dull"\nbad,b\n',
    "more columns": 'id,text,label,note\n7,"a film, dull",good,\n9,b,bad,x\n',
    "no labels": 'id,text\n7,"a film, dull"\n9,b\n',
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_on_stdin_are_those_of_files(name: str, place: Path, tmp_path: Path) -> None:
    file = tmp_path / ("a.tsv" if name == "tabs" else "a.csv")
    file.write_text(TABLES[name])
    said = ok(run("predict", place / "class", "-", stdin=TABLES[name])).out
    assert [(row["row"], row["text"]) for row in rows(said)] == [("1", "a film, dull"), ("2", "b")]
    assert ok(run("predict", place / "class", "--file", file)).out == said


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n\n", b"text,label\n", b"text,label\na,good,x\n", b"label,id\ngood,1\n", b"text,label\ra,good\r"],
)
def test_what_a_file_is_refused_for_stdin_is_refused_for(raw: bytes, place: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(raw)
    file, stdin = (
        run("predict", place / "class", "--file", tmp_path / "a.csv"),
        run("predict", place / "class", "-", stdin=raw),
    )
    assert (file.code, stdin.code) == (2, 2)
    assert stdin.err.splitlines()[0].replace("stdin", str(tmp_path / "a.csv")) == file.err.splitlines()[0]


def test_a_series_on_stdin_is_the_series_of_the_file(place: Path) -> None:
    raw = (place / "load.csv").read_bytes()
    from_file = ok(run("predict", place / "ahead", "--file", place / "load.csv")).out
    assert ok(run("predict", place / "ahead", "-", stdin=raw)).out == from_file
    assert ok(run("predict", place / "ahead", "-", stdin=raw.replace(b"\n", b"\r\n"))).out == from_file


def test_a_series_on_stdin_that_is_newest_first_and_has_gaps_is_that_of_the_file(tmp_path: Path) -> None:
    days = [f"2024-01-{day:02d},{1000 + day}\n" for day in range(28, 0, -1) if day != 9]
    (tmp_path / "load.csv").write_text("date,load\n" + "".join(days))
    options = {"forecast": "direct", "horizon": 3, "window": 8, "max_steps": 1, "fill": "linear"}
    recur.fit(tmp_path / "load.csv", out=tmp_path / "run", **options, **TINY)
    said = ok(run("predict", tmp_path / "run", "--file", tmp_path / "load.csv")).out
    assert rows(said)[0]["time"] == "2024-01-29"
    assert ok(run("predict", tmp_path / "run", "-", stdin=(tmp_path / "load.csv").read_bytes())).out == said


def test_tagged_columns_on_stdin_are_sentences(tmp_path: Path) -> None:
    rest = "\t_" * 6 + "\n"
    words = ["cat", "dog", "cow", "hen"] * 4
    tagged = "".join(f"1\tthe\tthe\tDET{rest}2\t{word}\t{word}\tNOUN{rest}\n" for word in words)
    (tmp_path / "a.conllu").write_text(tagged)
    recur.fit(tmp_path / "a.conllu", out=tmp_path / "run", max_steps=1, **TINY)
    said = ok(run("predict", tmp_path / "run", "--file", tmp_path / "a.conllu")).out
    assert ok(run("predict", tmp_path / "run", "-", stdin=tagged.replace("\n", "\r\n"))).out == said
    assert len(rows(said)) == 32


def test_the_format_of_stdin_is_an_option(place: Path) -> None:
    raw = b"text,label\n"
    assert [
        row["text"] for row in rows(ok(run("predict", place / "class", "-", "--format", "text", stdin=raw)).out)
    ] == ["text,label"]
    lone = run("predict", place / "class", "a film", "--format", "csv")
    assert (lone.code, "--format applies to stdin" in lone.err) == (2, True)


def test_an_error_on_stdin_names_its_line(place: Path) -> None:
    said = run("predict", place / "price", "-", stdin=b"width,depth\n1,2\n3,x\n")
    assert said.code == 2
    assert "stdin:3" in said.err


def test_an_answer_has_the_same_digits_however_many_rows_come_with_it(place: Path) -> None:
    """A product of matrices is added up in another order for one row than for many."""
    sizes = [f"{i % 23} {i % 7}" for i in range(70)]
    together = ok(run("predict", place / "price", "-", stdin="\n".join(sizes) + "\n")).out.splitlines()[1:]
    for group in (1, 7, 17):
        apart = [ok(run("predict", place / "price", *sizes[at : at + group])).out.splitlines() for at in (0, 33, 50)]
        for at, found in zip((0, 33, 50), apart, strict=True):
            assert [line.split(",")[1] for line in found[1:]] == [
                line.split(",")[1] for line in together[at : at + group]
            ]


def test_answers_come_while_inputs_still_arrive(place: Path) -> None:
    words = [sys.executable, "-m", "recur", "predict", str(place / "class"), "-"]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **PLAIN})
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(b"a dull film\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"row,text,label,probability\n"
        assert process.stdout.readline().startswith(b"1,a dull film,")
        process.stdin.write(b"a lovely song\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"2,a lovely song,")
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(timeout=30)


def test_a_reader_that_goes_away_ends_the_command_at_once(place: Path) -> None:
    words = [sys.executable, "-m", "recur", "predict", str(place / "class"), "-"]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **PLAIN}
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stdin.write(b"a dull film\n")
    process.stdin.flush()
    started = time.monotonic()
    # stdin is still open: a thread that waits in it must not keep the process
    assert process.wait(timeout=60) == 141
    assert process.stderr.read() == b""
    assert time.monotonic() - started < 60
    process.stdin.close()
    process.stderr.close()


def test_the_name_of_a_table_as_a_text_is_refused_with_the_way_to_its_rows(place: Path) -> None:
    said = run("predict", place / "class", place / "reviews.csv")
    assert said.code == 2
    assert "is a file; expected a text" in said.err
    assert f"--file {place / 'reviews.csv'}" in said.err


TITLES = {
    "one": "Report of 2024\n",
    "one and an empty line": "Report of 2024\n\n",
    "cells of one row": "Report,,\n",
    "two rows": "Report of 2024,,\nmade by hand,,\n",
    "two lines": "Sales\nNorth\n",
    "in quotation marks": '"Report, of 2024"\n',
    "another separator": "Title;x\n",
    "a comment": "# made today\n",
    "an empty line": "\n\n",
    "the separator": "sep=,\n",
}
UNDER = {
    "class": "text,label\na dull film,bad\nso fine,good\n",
    "price": "width,depth,price [EUR]\n3,4,5\n5,6,7\n",
}


@pytest.mark.parametrize("change", [str, lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text])
@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("name", UNDER)
def test_titles_above_a_header_are_skipped_on_stdin_as_in_a_file(
    name: str, title: str, change: Callable[[str], str], place: Path, tmp_path: Path
) -> None:
    raw = change(TITLES[title] + UNDER[name]).encode()
    (tmp_path / "a.csv").write_bytes(raw)
    file = ok(run("predict", place / name, "--file", tmp_path / "a.csv"))
    stdin = ok(run("predict", place / name, "-", stdin=raw))
    assert len(rows(file.out)) == 2
    assert stdin.out == file.out


@pytest.mark.parametrize("raw", ["TEXT,LABEL\na,bad\n", '[{"text": "a"}]\n'])
def test_names_in_other_letters_and_a_json_array_are_no_texts(raw: str, place: Path, tmp_path: Path) -> None:
    (tmp_path / ("a.jsonl" if raw.startswith("[") else "a.csv")).write_text(raw)
    (file,) = tmp_path.iterdir()
    said = run("predict", place / "class", "--file", file), run("predict", place / "class", "-", stdin=raw)
    assert [one.code for one in said] == [2, 2]
    assert said[1].err.splitlines()[0].replace("stdin", str(file)) == said[0].err.splitlines()[0]


def test_a_line_is_answered_before_the_next_one_comes(place: Path) -> None:
    command = [sys.executable, "-m", "recur", "predict", str(place / "class"), "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **PLAIN}) as said:
        assert said.stdin is not None
        assert said.stdout is not None
        said.stdin.write(b"a dull film\n")
        said.stdin.flush()
        assert said.stdout.readline().startswith(b"row,text")
        assert said.stdout.readline().startswith(b"1,a dull film")
        said.stdin.close()
        assert said.wait(timeout=60) == 0
