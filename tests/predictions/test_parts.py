"""Answers in parts: those of one file, each input once, whatever stopped the command and however many processes."""

from __future__ import annotations

import csv
import gzip
import json
import os
from pathlib import Path

import pytest

import recur
from recur.predictions import parts
from tests.cli.running import Outcome, run

TINY = {"hidden_size": 4, "batch_size": 16, "seed": 1, "device": "cpu", "progress": False, "max_steps": 3}
WORDS = ["good", "fine", "bad", "poor"]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that tells good from bad."""
    folder = tmp_path_factory.mktemp("parts") / "run"
    rows = [{"text": f"it is {WORDS[place % 4]}", "label": "no" if place % 4 > 1 else "yes"} for place in range(40)]
    recur.fit(rows, out=folder, **TINY)
    return folder


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PIECE", 10)
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)


def _inputs(folder: Path, *sizes: int, ids: bool = True) -> str:
    """Files of so many rows."""
    folder.mkdir(exist_ok=True)
    number = 0
    for place, size in enumerate(sizes):
        lines = ["id,text" if ids else "text,n"]
        for _ in range(size):
            text = f"it is {WORDS[number % 4]} and {number}"
            lines.append(f"a{number},{text}" if ids else f"{text},{number}")
            number += 1
        (folder / f"{place}.csv").write_text("\n".join(lines) + "\n")
    return f"{folder}/*.csv"


def _rows(folder: Path) -> list[dict[str, str]]:
    return [row for path in sorted(folder.glob("*.csv")) for row in csv.DictReader(path.read_text().splitlines())]


def _ok(outcome: Outcome) -> Outcome:
    assert outcome.code == 0, outcome.err
    return outcome


def test_every_input_is_answered_once_with_its_id_as_in_one_file(network: Path, tmp_path: Path) -> None:
    pattern = _inputs(tmp_path / "new", 25, 7)
    said = _ok(run("predict", network, pattern, "--out", tmp_path / "answers/")).err
    assert "answered 32 inputs in 4 parts" in said
    assert "per second" in said
    rows = _rows(tmp_path / "answers")
    assert [row["id"] for row in rows] == [f"a{place}" for place in range(32)]
    single = _ok(run("predict", network, "--file", tmp_path / "new" / "0.csv")).out
    expected = list(csv.DictReader(single.splitlines()))
    assert [{name: value for name, value in row.items() if name != "id"} for row in rows[:25]] == expected


def test_a_command_that_was_stopped_answers_what_is_left(network: Path, tmp_path: Path) -> None:
    pattern, out = _inputs(tmp_path / "new", 25, 7), tmp_path / "answers"
    _ok(run("predict", network, pattern, "--out", out))
    files = sorted(out.glob("*.csv"))
    before = {path: path.read_bytes() for path in files}
    changed = files[0].stat().st_mtime_ns
    files[1].unlink(), files[3].unlink()
    said = _ok(run("predict", network, pattern, "--out", out)).err
    assert "answered 17 inputs in 2 parts" in said
    assert "2 parts were there already" in said
    assert {path: path.read_bytes() for path in sorted(out.glob("*.csv"))} == before
    assert files[0].stat().st_mtime_ns == changed


@pytest.mark.parametrize("sizes", [(25,), (12, 12, 12, 12)], ids=["fewer files than processes", "more files"])
def test_processes_share_the_parts(
    sizes: tuple[int, ...], network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pattern = _inputs(tmp_path / "new", *sizes)
    _ok(run("predict", network, pattern, "--out", tmp_path / "alone"))
    monkeypatch.setenv("WORLD_SIZE", "3")
    for rank in (2, 0, 1):
        monkeypatch.setenv("RANK", str(rank))
        said = _ok(run("predict", network, pattern, "--out", tmp_path / "together")).err
        assert f"rank {rank} of 3 processes" in said
        assert "there already" not in said
    alone, together = (
        {path.name: path.read_bytes() for path in (tmp_path / name).glob("*.csv")} for name in ("alone", "together")
    )
    assert alone == together


def test_other_files_options_or_networks_are_refused(network: Path, tmp_path: Path) -> None:
    pattern, out = _inputs(tmp_path / "new", 5), tmp_path / "answers"
    _ok(run("predict", network, pattern, "--out", out))
    assert "top" in run("predict", network, pattern, "--out", out, "--top", "2").err
    path = tmp_path / "new" / "0.csv"
    path.write_text(path.read_text().replace("good", "poor"))
    os.utime(path, ns=(1, 1))
    refused = run("predict", network, pattern, "--out", out)
    assert (refused.code, "0.csv was changed since" in refused.err) == (2, True)
    content = json.loads((out / parts.MANIFEST).read_text())
    (out / parts.MANIFEST).write_text(json.dumps({**content, "network": "another"}))
    assert "they are of another network" in run("predict", network, pattern, "--out", out).err


def test_a_folder_of_something_else_is_refused(network: Path, tmp_path: Path) -> None:
    pattern = _inputs(tmp_path / "new", 5)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("x")
    refused = run("predict", network, pattern, "--out", tmp_path / "mine")
    assert (refused.code, "holds notes.txt, and no answers.json" in refused.err) == (2, True)


def test_two_rows_of_one_id_are_refused_with_both_places(network: Path, tmp_path: Path) -> None:
    pattern = _inputs(tmp_path / "new", 5, 5)
    second = tmp_path / "new" / "1.csv"
    second.write_text(second.read_text().replace("a7,", "a2,"))
    refused = run("predict", network, pattern, "--out", tmp_path / "answers")
    assert refused.code == 2
    assert 'the id "a2" is in two rows, 0.csv:4 and 1.csv:4' in refused.err
    assert not list((tmp_path / "answers").glob("*.csv"))
    _ok(run("predict", network, pattern, "--out", tmp_path / "answers2", "--id", "none"))


@pytest.mark.parametrize("rank", [0, 1])
def test_each_process_checks_the_ids_before_it_answers(
    rank: int, network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pattern = _inputs(tmp_path / "new", 5, 5)
    second = tmp_path / "new" / "1.csv"
    wrong = second.read_text()
    second.write_text(wrong.replace("a7,", "a2,"))
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", str(rank))
    out = tmp_path / "answers"
    refused = run("predict", network, pattern, "--out", out)
    assert (refused.code, 'the id "a2" is in two rows' in refused.err) == (2, True)
    assert list(out.iterdir()) == []
    # the corrected files are answered into the same folder
    second.write_text(wrong)
    assert run("predict", network, pattern, "--out", out).code == 0


def test_a_column_is_named_as_the_id(network: Path, tmp_path: Path) -> None:
    pattern = _inputs(tmp_path / "new", 5, ids=False)
    _ok(run("predict", network, pattern, "--out", tmp_path / "answers", "--id", "n"))
    assert [row["n"] for row in _rows(tmp_path / "answers")] == list("01234")
    assert 'no column "m" for --id' in run("predict", network, pattern, "--out", tmp_path / "b", "--id", "m").err


def test_a_file_without_the_column_leaves_the_parts_before_it(network: Path, tmp_path: Path) -> None:
    pattern = _inputs(tmp_path / "new", 5, 5, ids=False)
    (tmp_path / "new" / "1.csv").write_text("texts,n\nit is good,1\nit is bad,2\n")
    refused = run("predict", network, pattern, "--out", tmp_path / "answers")
    assert (refused.code, 'has no column "text"' in refused.err) == (2, True)


def test_a_blank_file_among_the_inputs_has_no_answers_and_is_said(network: Path, tmp_path: Path) -> None:
    pattern = _inputs(tmp_path / "new", 7, 5)
    for name, content in (("2.csv", ""), ("3.csv", "\n \n")):
        (tmp_path / "new" / name).write_text(content)
    said = _ok(run("predict", network, pattern, "--out", tmp_path / "answers/")).err
    assert "3.csv has no rows" in said
    assert len(_rows(tmp_path / "answers")) == 12


def test_a_compressed_file_that_is_unpacked_again_is_the_same_input(
    network: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _inputs(tmp_path / "new", 7)
    plain = tmp_path / "new" / "0.csv"
    packed = tmp_path / "0.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    for cache in ("one", "other"):
        monkeypatch.setenv("RECUR_CACHE", str(tmp_path / cache))
        said = _ok(run("predict", network, packed, "--out", tmp_path / "answers/")).err
    assert "nothing was left to answer" in said
    packed.write_bytes(gzip.compress(plain.read_bytes() + b"b1,it is bad\n"))
    assert "0.csv.gz was changed since" in run("predict", network, packed, "--out", tmp_path / "answers/").err


def test_a_text_with_a_folder_for_answers_is_refused(network: Path, tmp_path: Path) -> None:
    refused = run("predict", network, "it is good", "--out", tmp_path / "answers")
    assert (refused.code, "is no file and no pattern" in refused.err) == (2, True)


def test_parquet_inputs_have_parquet_answers(network: Path, tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason='the extra "data" is not installed')
    parquet = pytest.importorskip("pyarrow.parquet", reason='the extra "data" is not installed')
    table = arrow.table({"id": list(range(15)), "text": [f"it is {WORDS[place % 4]}" for place in range(15)]})
    parquet.write_table(table, tmp_path / "new.parquet", row_group_size=4)
    _ok(run("predict", network, tmp_path / "new.parquet", "--out", tmp_path / "answers"))
    files = sorted((tmp_path / "answers").glob("*.parquet"))
    assert [len(parquet.read_table(path)) for path in files] == [10, 5]
    assert parquet.read_table(files[1])["id"].to_pylist() == [str(place) for place in range(10, 15)]
