"""Parquet and Arrow files: their rows beside those of a data frame, and files that are damaged."""

from __future__ import annotations

import datetime
import decimal
from pathlib import Path
from typing import Any

import pytest

from recur.config import Config, DataConfig
from recur.data.load import load
from recur.data.read import read
from recur.data.readers import arrow as reader
from recur.errors import MissingExtraError
from tests.data.reading import refused, rows, written

arrow = pytest.importorskip("pyarrow", reason='the extra "data" is not installed')
parquet = pytest.importorskip("pyarrow.parquet", reason='the extra "data" is not installed')


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECUR_CACHE", str(tmp_path / "cache"))


def _table(count: int = 1300) -> Any:
    return arrow.table(
        {
            "text": [f"the {place} th row" for place in range(count)],
            "label": arrow.array(["yes", "no"] * (count // 2)).dictionary_encode(),
            "size": [None if place % 7 == 0 else place / 2 for place in range(count)],
            "steps": [[float(place), 1.0] for place in range(count)],
        }
    )


def _write(kind: str, table: Any, path: Path) -> Path:
    if kind == "parquet":
        parquet.write_table(table, path, row_group_size=600)
    elif kind == "file":
        with arrow.OSFile(str(path), "wb") as target, arrow.ipc.new_file(target, table.schema) as out:
            out.write_table(table, max_chunksize=600)
    else:
        with arrow.OSFile(str(path), "wb") as target, arrow.ipc.new_stream(target, table.schema) as out:
            out.write_table(table, max_chunksize=600)
    return path


@pytest.mark.parametrize("kind", ["parquet", "file", "stream"])
def test_the_rows_of_a_file_are_those_of_the_table_in_memory(kind: str, tmp_path: Path) -> None:
    table = _table()
    found = read(_write(kind, table, tmp_path / "a.arrow"), DataConfig())
    assert rows(found) == rows(read(table, DataConfig())) == table.to_pylist()
    assert (found.form, found.where(1299), found.folder) == ("arrow", "a.arrow, row 1300", tmp_path)
    # in any order of asking
    assert [found[place]["steps"][0] for place in (1299, 0, 600, 599)] == [1299.0, 0.0, 600.0, 599.0]


@pytest.mark.parametrize("kind", ["parquet", "file"])
def test_large_row_groups_are_kept_once_in_small_batches_and_that_is_said(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "LARGEST_GROUP", 1000)
    table = _table()
    found = read(_write(kind, table, tmp_path / "a.parquet"), DataConfig())
    assert rows(found) == table.to_pylist()
    assert "kept once in small batches" in found.notes[0]
    assert found.where(0) == "a.parquet, row 1"


def test_dates_decimals_and_missing_values_are_those_of_other_tables(tmp_path: Path) -> None:
    table = arrow.table(
        {
            "day": [datetime.date(2026, 1, 2)],
            "price": [decimal.Decimal("1.5")],
            "nan": [float("nan")],
            "none": [None],
        }
    )
    found = read(_write("parquet", table, tmp_path / "a.parquet"), DataConfig())
    assert found[0] == {"day": datetime.date(2026, 1, 2), "price": 1.5, "nan": None, "none": None}


def test_a_file_gives_the_roles_and_parts_of_the_same_rows_from_python(tmp_path: Path) -> None:
    table = _table().select(["text", "label"])
    path = _write("parquet", table, tmp_path / "a.parquet")
    config = Config()
    from_file, from_python = load(config.replaced(source=str(path))), load(config, table)
    assert from_file.roles.mode == from_python.roles.mode == "many-to-one"
    for one, other in ((from_file.train, from_python.train), (from_file.dev, from_python.dev)):
        assert [each[:2] for each in one] == [each[:2] for each in other]


def test_a_cut_or_damaged_file_is_refused_with_its_name(tmp_path: Path) -> None:
    raw = _write("parquet", _table(), tmp_path / "a.parquet").read_bytes()
    for place in (5, len(raw) // 2, len(raw) - 3):
        assert (
            "cut.parquet"
            in refused(lambda p=place: read(written(tmp_path / "cut.parquet", raw[:p]), DataConfig())).message
        )
    damaged = raw[:100] + bytes(400) + raw[500:]
    path = written(tmp_path / "damaged.parquet", damaged)
    assert "damaged.parquet" in refused(lambda: rows(read(path, DataConfig()))).message


def test_a_file_without_rows_or_with_two_columns_of_one_name_is_refused(tmp_path: Path) -> None:
    path = _write("parquet", _table().slice(0, 0), tmp_path / "a.parquet")
    assert "has no rows" in refused(lambda: read(path, DataConfig())).message
    twice = arrow.table([arrow.array([1]), arrow.array([2])], names=["a", "a"])
    path = _write("file", twice, tmp_path / "a.arrow")
    assert 'two columns are named "a"' in refused(lambda: read(path, DataConfig())).message


def test_a_file_that_holds_bytes_alone_is_refused(tmp_path: Path) -> None:
    path = _write("parquet", arrow.table({"a": [b"\x00"]}), tmp_path / "a.parquet")
    assert "every column holds bytes (a)" in refused(lambda: read(path, DataConfig())).message


@pytest.mark.parametrize("kind", ["parquet", "file", "stream"])
def test_bytes_and_the_index_of_a_data_frame_are_left_out_and_said(kind: str, tmp_path: Path) -> None:
    table = arrow.table({"text": ["a b"], "raw": [b"\x00"], "parts": [[b"x"]], "__index_level_0__": [7]})
    found = read(_write(kind, table, tmp_path / "a.arrow"), DataConfig())
    assert rows(found) == [{"text": "a b"}]
    assert "raw, parts, __index_level_0__" in " ".join(found.notes)


def test_exact_decimals_in_lists_are_numbers(tmp_path: Path) -> None:
    table = arrow.table({"x": arrow.array([[decimal.Decimal("1.5"), None]])})
    assert rows(read(_write("parquet", table, tmp_path / "a.parquet"), DataConfig())) == [{"x": [1.5, None]}]


def test_a_cut_stream_is_named_and_one_without_its_end_mark_is_said(tmp_path: Path) -> None:
    raw = _write("stream", _table(), tmp_path / "a.arrows").read_bytes()
    cut = written(tmp_path / "cut.arrows", raw[: len(raw) // 2])
    assert "cut.arrows is damaged" in refused(lambda: read(cut, DataConfig())).message
    open_end = read(written(tmp_path / "open.arrows", raw[:-8]), DataConfig())
    assert "it may be cut" in open_end.notes[-1]
    assert not any("may be cut" in note for note in read(tmp_path / "a.arrows", DataConfig()).notes)


def test_a_file_without_pyarrow_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _write("parquet", _table(), tmp_path / "a.parquet")
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(MissingExtraError) as caught:
        read(path, DataConfig())
    assert caught.value.hint == 'pip install "recur-nn[data]"'


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("int32", "float64", True),
        ("utf8", "large_utf8", True),
        ("utf8", "int64", False),
        ("bool_", "int8", False),
    ],
)
def test_types_of_one_family_are_read_alike(one: str, other: str, same: bool) -> None:
    assert (reader.family(getattr(arrow, one)()) == reader.family(getattr(arrow, other)())) is same
