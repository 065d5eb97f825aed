"""Shards: several files as one table, and what is said or refused where they differ."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recur.config import Config, DataConfig
from recur.data.load import load
from recur.data.read import read
from recur.data.readers.folder import FilesTable
from tests.data.reading import places, refused, rows, written


def _shards(folder: Path, *contents: str, suffix: str = "csv") -> str:
    for place, content in enumerate(contents):
        written(folder / f"{place}.{suffix}", content)
    return f"{folder}/*.{suffix}"


def test_shards_have_the_rows_of_one_file_in_the_order_of_names(tmp_path: Path) -> None:
    one = read(written(tmp_path / "one" / "a.csv", "text,n\na b,1\nc d,2\ne f,3\n"), DataConfig())
    found = read(_shards(tmp_path / "many", "text,n\na b,1\n", "text,n\nc d,2\ne f,3\n"), DataConfig())
    assert rows(found) == rows(one)
    assert (places(found), found.form) == (["0.csv:2", "1.csv:2", "1.csv:3"], "csv")


def test_shards_give_the_examples_of_one_file(tmp_path: Path) -> None:
    lines = [f"word{place % 17} is {place},{'yes' if place % 3 else 'no'}\n" for place in range(200)]
    one = written(tmp_path / "one" / "a.csv", "text,label\n" + "".join(lines))
    many = _shards(
        tmp_path / "many", *("text,label\n" + "".join(lines[start : start + 50]) for start in range(0, 200, 50))
    )
    first, second = (load(Config().replaced(source=str(source))) for source in (one, many))
    assert first.roles == second.roles
    assert [each[:2] for each in first.train] == [each[:2] for each in second.train]
    assert [each[:2] for each in first.dev] == [each[:2] for each in second.dev]


def test_another_order_of_columns_is_read_by_name_and_said(tmp_path: Path) -> None:
    found = read(_shards(tmp_path, "text,n\na b,1\n", "n,text\n2,c d\n"), DataConfig())
    assert rows(found) == [{"text": "a b", "n": "1"}, {"text": "c d", "n": "2"}]
    assert any("another order, read by name" in note and "1.csv" in note for note in found.notes)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("text\nc d\n", 'lacks "n"'),
        ("text,n,m\nc d,1,2\n", 'has "m" besides'),
        ("text,k\nc d,1\n", 'lacks "n" and has "k"'),
    ],
)
def test_other_columns_are_refused_with_both_files(content: str, expected: str, tmp_path: Path) -> None:
    error = refused(lambda: read(_shards(tmp_path, "text,n\na b,1\n", content), DataConfig()))
    assert expected in error.message
    assert "0.csv (text, n)" in error.message
    assert error.hint == "--exclude 1.csv leaves the shard out"


@pytest.mark.parametrize("empty", ["\n \n", "\ufeff", "", "text,n\n"])
def test_a_shard_without_rows_is_left_out_and_said(empty: str, tmp_path: Path) -> None:
    found = read(_shards(tmp_path, empty, "text,n\na b,1\n", empty), DataConfig())
    assert rows(found) == [{"text": "a b", "n": "1"}]
    assert any(note.startswith("left out, without rows:") for note in found.notes)


def test_shards_without_any_row_are_refused(tmp_path: Path) -> None:
    headers = _shards(tmp_path, "text,n\n", "text,n\n")
    assert "none of the 2 files" in refused(lambda: read(headers, DataConfig().replaced(header=True))).message
    assert "is empty" in refused(lambda: read(_shards(tmp_path, "", ""), DataConfig())).message


def test_names_in_the_first_of_several_parts_of_one_file_are_refused(tmp_path: Path) -> None:
    rest = "".join(f"words in row {place},{place}\n" for place in range(90))
    pattern = _shards(tmp_path, "text,n\na b,1\nc d,2\n", rest)
    assert "0.csv begins with the names" in refused(lambda: read(pattern, DataConfig())).message
    assert len(read(pattern, DataConfig().replaced(header=False))) == 93


def test_how_numbers_are_written_is_decided_by_all_shards(tmp_path: Path) -> None:
    # 1.234 alone is a number with a decimal point; beside 5.678,5 it is a thousand
    lines = "".join(f"a;1.{place}\n" for place in range(100, 140))
    found = read(_shards(tmp_path, "text;n\n" + lines, "text;n\nb;5.678,5\nc;1.000,5\n"), DataConfig())
    assert (found[0]["n"], found[40]["n"]) == (1100.0, 5678.5)


def test_a_json_shard_lacking_a_column_is_refused_at_its_line(tmp_path: Path) -> None:
    pattern = _shards(tmp_path, '{"a": 1, "b": 2}\n', '{"b": 1, "a": 3}\n{"a": 4}\n', suffix="jsonl")
    assert '1.jsonl:2: there is no "b"' in refused(lambda: read(pattern, DataConfig())).message


def test_files_of_several_formats_are_refused(tmp_path: Path) -> None:
    written(tmp_path / "a.csv", "text,n\na b,1\n")
    written(tmp_path / "b.jsonl", '{"text": "a", "n": 1}\n')
    assert "of several formats" in refused(lambda: read(f"{tmp_path}/*", DataConfig())).message


def test_texts_of_a_pattern_are_documents(tmp_path: Path) -> None:
    found = read(_shards(tmp_path, "one two\nthree\n", "four\n", suffix="txt"), DataConfig())
    assert isinstance(found, FilesTable)
    assert (len(found), found.starts()) == (3, [0, 2])


def test_another_type_in_a_shard_is_refused_with_both(tmp_path: Path) -> None:
    arrow: Any = pytest.importorskip("pyarrow", reason='the extra "data" is not installed')
    parquet: Any = pytest.importorskip("pyarrow.parquet", reason='the extra "data" is not installed')
    parquet.write_table(arrow.table({"a": [1], "b": ["x"]}), tmp_path / "0.parquet")
    parquet.write_table(arrow.table({"b": ["y"], "a": [1.5]}), tmp_path / "1.parquet")
    assert rows(read(f"{tmp_path}/*.parquet", DataConfig())) == [{"a": 1, "b": "x"}, {"a": 1.5, "b": "y"}]
    parquet.write_table(arrow.table({"a": ["2"], "b": ["y"]}), tmp_path / "2.parquet")
    error = refused(lambda: read(f"{tmp_path}/*.parquet", DataConfig()))
    assert 'column "a" is text (string), and number (int64)' in error.message
    assert "2.parquet" in error.message


def test_types_are_compared_with_the_first_shard_that_has_values(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason='the extra "data" is not installed')
    parquet = pytest.importorskip("pyarrow.parquet", reason='the extra "data" is not installed')
    for place, values in enumerate(([None], ["yes"], [1])):
        parquet.write_table(arrow.table({"text": ["a"], "label": values}), tmp_path / f"{place}.parquet")
    message = refused(lambda: read(f"{tmp_path}/*.parquet", DataConfig())).message
    assert '2.parquet: column "label" is number (int64), and text (string)' in message


def test_places_name_the_folder_where_shards_have_one_name(tmp_path: Path) -> None:
    for place in ("1", "2"):
        written(tmp_path / place / "a.csv", "text,n\na b,1\n")
    assert places(read(f"{tmp_path}/*/a.csv", DataConfig())) == [f"{tmp_path}/{each}/a.csv:2" for each in ("1", "2")]
