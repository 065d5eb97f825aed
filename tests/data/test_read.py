"""Which reader a source gets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur.config import Config, DataConfig
from recur.data.read import guess_format, read
from recur.data.readers.table import Table
from tests.data.reading import refused, rows, written

TAGGED = "I PRON\ngo VERB\n\nI PRON\ngo VERB\n"


def table(source: Any, **options: Any) -> Table:
    """Rows of a source with some options of the data."""
    return read(source, Config.of(**options).data)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.csv", "text,label\na b,1\n", "csv"),
        ("a.CSV", "text,label\na b,1\n", "csv"),
        ("a.csv", TAGGED, "csv"),
        ("a.tsv", "a b\t1\nc d\t0\n", "tsv"),
        ("a.tab", "a b\t1\nc d\t0\n", "tsv"),
        ("a.jsonl", '{"a": 1}\n', "jsonl"),
        ("a.ndjson", '{"a": 1}\n', "jsonl"),
        ("a.conllu", "# text\n", "conll"),
        ("a.conll", "I PRON\n", "conll"),
        ("a.iob", "I PRON\n", "conll"),
        ("a.bio", "I PRON\n", "conll"),
        ("a.txt", "the sky is blue\n", "text"),
        ("a.txt", TAGGED, "conll"),
        ("a.tsv", TAGGED.replace(" ", "\t"), "conll"),
        ("a.tsv", "good film\t1\nbad film\t0\n\nso so\t0\nall right\t1\n", "tsv"),
        ("a.txt", "Go.\tVa !\nRun!\tCours !\n", "tsv"),
        ("a.txt", "\ta tab\nthe sky\n", "text"),
        ("a.txt", "a\t\nb\t\n", "tsv"),
        ("a.txt", '{"a": 1}\n\n{"a": 2}\n', "jsonl"),
        ("a", '{"a": 1}\n{"a": 2}', "jsonl"),
        ("a.txt", "{an aside}\nthe sky\n", "text"),
        ("a.txt", "one, two\nthree, four\n", "text"),
        ("a.txt", "\n" * 300 + "the sky\n", "text"),
        ("a.md", "# sky\n", "text"),
    ],
)
def test_format_is_found_out_by_name_and_first_lines(tmp_path: Path, name: str, content: str, kind: str) -> None:
    assert guess_format(written(tmp_path / name, content)) == kind


@pytest.mark.parametrize(
    ("content", "options", "columns", "kind"),
    [
        ("a b,1\n", {"format": "text"}, ["text"], "text"),
        ("text,label\na b,1\n", {"format": "csv"}, ["text", "label"], "table"),
        ("text\tlabel\na b\t1\n", {"format": "csv"}, ["text", "label"], "table"),
        ("text\tlabel\na b\t1\n", {"format": "tsv"}, ["text", "label"], "table"),
        ("text\tlabel\na b\t1\n", {"format": "tsv", "header": False}, ["source", "target"], "table"),
        ("sky\tblue\nsea\tdeep\n", {"input": ["sky"]}, ["sky", "blue"], "table"),
        ("sky\tblue\nsea\tdeep\n", {"target": ["blue"]}, ["sky", "blue"], "table"),
        ("sky\tblue\nsea\tdeep\n", {"group": "blue"}, ["sky", "blue"], "table"),
        ('{"a": 1}\n', {"format": "jsonl"}, ["a"], "table"),
        ("I PRON\n", {"format": "conll"}, ["word", "tag"], "tagged"),
    ],
)
def test_options_of_the_data_reach_the_reader(
    tmp_path: Path, content: str, options: dict[str, Any], columns: list[str], kind: str
) -> None:
    path = written(tmp_path / "a.txt", content)
    for source in (path, str(path)):
        found = table(source, **options)
        assert found.columns == columns
        assert found.kind == kind


def test_names_given_are_used_where_there_is_no_header(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tsv", "a b\t1\nc d\t0\n")
    assert read(path, DataConfig(), names=["film", "stars"]).columns == ["film", "stars"]


def test_folder_is_classes_or_documents(tmp_path: Path) -> None:
    written(tmp_path / "a.txt", "one\n\n")
    written(tmp_path / "b.txt", "two\n")
    written(tmp_path / "SOURCE.txt", "from\n")
    assert table(tmp_path).columns == ["text", "label"]
    assert table(tmp_path, format="folder", exclude=["SOURCE.txt"]).columns == ["text", "label"]
    assert len(table(tmp_path, exclude=["SOURCE.txt"])) == 2
    assert len(table(tmp_path, format="text", exclude=["S*"])) == 3
    assert table(tmp_path, documents="file").kind == "text"


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "conll"])
def test_folder_where_a_file_of_a_format_was_expected_is_refused(tmp_path: Path, kind: str) -> None:
    written(tmp_path / "a.txt", "one\n")
    written(tmp_path / "b.txt", "two\n")
    error = refused(lambda: table(tmp_path, format=kind))
    assert error.message == f"{tmp_path} is a folder where one file was expected"
    assert error.hint == "name a file in it"


def test_file_where_a_folder_was_expected_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "one\n")
    error = refused(lambda: table(path, format="folder"))
    assert error.message == f"{path} is a file where a folder was expected"


def test_missing_source_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "names").mkdir()
    assert refused(lambda: table(str(tmp_path / "nams"))).hint == "did you mean names?"


@pytest.mark.parametrize("text", ["the sky is blue " * 500, "the sky\0", "\ud800"], ids=["long", "zero", "surrogate"])
def test_text_given_in_place_of_a_path_is_refused(text: str) -> None:
    assert refused(lambda: table(text)).message


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.jsonl", "a.conllu", "a.txt", "a"])
@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        ("\u00a0\n\u2003\n".encode(), "is empty"),
        (b"\x89PNG\r\n\x1a\n\0", "a PNG image"),
        (b"text\tlabel\na\0\tb\n", "zero byte"),
        ("text\tlabel\né\t1\n".encode("latin-1"), "not UTF-8"),
        ("text\tlabel\né\t1\n".encode("utf-16"), "UTF-16"),
    ],
    ids=["empty", "white", "wide-white", "png", "zero", "latin-1", "utf-16"],
)
def test_what_is_no_text_is_refused_whatever_its_name(tmp_path: Path, name: str, content: bytes, seen: str) -> None:
    path = written(tmp_path / name, content)
    error = refused(lambda: table(path))
    assert str(path) in error.message
    assert seen in error.message


def test_zero_byte_after_the_head_is_refused_whatever_the_format(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,label\n" + "a b,1\n" * 3000 + "a\0b,1\n")
    assert refused(lambda: table(path)).message == f"{path}:3002: a zero byte; expected text in UTF-8"


def test_python_values_are_read_from_memory() -> None:
    assert rows(table([("a", 1)])) == [{"input": "a", "target": 1}]
    assert len(table(np.zeros((4, 2)))) == 4
    assert "is not data" in refused(lambda: table(None)).message


def test_readers_do_not_load_torch() -> None:
    code = "import sys, recur.data.read; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sst2/train.tsv", "tsv"),
        ("fra_eng/fra.txt", "tsv"),
        ("ett/ETTh1.csv", "csv"),
        ("time_series/pollution.csv", "csv"),
        ("gesture_phase/a1_raw.csv", "csv"),
        ("ud_english_ewt/en_ewt-ud-train.conllu", "conll"),
        ("ptb/ptb.train.txt", "text"),
        ("tinyshakespeare/input.txt", "text"),
        ("names/Greek.txt", "text"),
    ],
)
def test_format_of_real_files_is_found_out(data_folder: Path, name: str, kind: str) -> None:
    assert guess_format(data_folder / name) == kind


@pytest.mark.data
def test_sentence_pairs_without_a_suffix_that_says_so_are_a_table(data_folder: Path) -> None:
    found = table(data_folder / "fra_eng" / "fra.txt")
    assert len(found) == 142_787
    assert found.kind == "table"


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mnist/train-labels-idx1-ubyte.gz", "expected pictures"),
        ("poly_music/JSB_Chorales.mat", "expected text in UTF-8"),
    ],
)
def test_real_files_that_are_no_tables_are_refused(data_folder: Path, name: str, said: str) -> None:
    assert said in refused(lambda: table(data_folder / name)).message
