"""Cells and files of predictions."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur.data import InputQuery
from recur.errors import ConfigError
from recur.heads import Prediction
from recur.predictions import check_name, csv_writer, open_writer
from recur.predictions.writing import cell
from tests.predictions.sheets import sheet


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (124071.996, "124071.996"),
        (float(np.float32(0.1)), "0.10000000149011612"),
        (1e-7, "1e-07"),
        (12, "12"),
        (None, ""),
        ("", ""),
        ("plain", "plain"),
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-1.5", "-1.5"),
        ("-x", "'-x"),
        ("@sum", "'@sum"),
        ("\tx", "'\tx"),
        ("+1_0", "'+1_0"),
        (["D", "N"], "D N"),
        ([[1], [2]], "[[1], [2]]"),
        ("a\0b", "a\ufffdb"),
        ("a\ud800", "a\ufffd"),
    ],
)
def test_a_cell_is_whole_and_safe(value: Any, text: str) -> None:
    assert cell(value) == text


def test_texts_with_commas_quotes_and_line_ends_are_quoted() -> None:
    written: list[str] = []
    text = 'a "fine", cold\nplay'
    csv_writer(written.append)(
        sheet(values=["=label"]), InputQuery(text, 7, "here"), Prediction("good", [("good", 0.5)], "good")
    )
    assert list(csv.reader(io.StringIO("".join(written)))) == [
        ["row", "text", "'=label", "probability"],
        ["7", text, "good", "0.5"],
    ]


def test_a_file_that_cannot_be_finished_leaves_the_one_that_was_there(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("before")

    def interrupted() -> None:
        with open_writer(file) as writer:
            writer(sheet(values=["=label"]), InputQuery("a", 1, "here"), Prediction("good", [("good", 0.5)], "good"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert file.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_parquet_keeps_numbers_as_numbers(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason='the extra "data" is not installed')
    with open_writer(tmp_path / "a.parquet") as writer:
        for row, (label, share) in enumerate([("good", 0.5), ("bad", 0.25)], 1):
            writer(sheet(values=["=label"]), InputQuery("a", row, "here"), Prediction(label, [(label, share)], label))
    assert parquet.read_table(tmp_path / "a.parquet").to_pydict() == {
        "row": [1, 2], "text": ["a", "a"], "=label": ["good", "bad"], "probability": [0.5, 0.25],
    }  # fmt: skip


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.csv, \.jsonl, \.parquet"), open_writer(tmp_path / "a.xls"):
        pass


def test_an_answer_is_a_line_of_json(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.jsonl") as writer:
        for row, value in enumerate(("fine", float("nan")), 1):
            writer(sheet(), InputQuery(value, row, "here"), Prediction("good", [("good", 0.5)], "good"))
    first, second = (json.loads(line) for line in (tmp_path / "a.jsonl").read_text().splitlines())
    assert first == {"row": 1, "input": "fine", "value": "good", "scores": [["good", 0.5]]}
    assert second["input"] is None


def test_the_header_of_csv_comes_once_with_the_first_answer(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.csv") as writer:
        for row in (1, 2):
            writer(sheet(), InputQuery("x", row, "here"), Prediction("good", [("good", 0.5)], "good"))
    assert (tmp_path / "a.csv").read_bytes() == b"row,text,label,probability\n1,x,good,0.5\n2,x,good,0.5\n"


def test_the_name_of_a_file_says_what_it_holds() -> None:
    assert check_name(Path("a.CSV")) == ".csv"
    with pytest.raises(ConfigError) as caught:
        check_name(Path("x/table.xls"))
    assert caught.value.hint == "--out table.csv"
