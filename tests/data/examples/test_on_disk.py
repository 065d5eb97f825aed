"""Which sources are too large for memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from recur import config_file
from recur.config import DataConfig
from recur.data.examples import on_disk
from recur.data.load import load
from recur.data.read import read
from tests.data.reading import written


def test_large_files_stay_on_the_disk_and_the_option_decides_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv"):
        written(tmp_path / name, "text,n\na b,1\n")
    one, both = (read(source, DataConfig()) for source in (tmp_path / "a.csv", f"{tmp_path}/*.csv"))
    assert (on_disk.source_bytes(one), on_disk.source_bytes(both)) == (13, 26)
    monkeypatch.setattr(on_disk, "LARGE", 20)
    assert [on_disk.stays_on_disk(DataConfig(), table) for table in (one, both)] == [False, True]
    assert on_disk.stays_on_disk(DataConfig(storage="disk"), one)
    assert not on_disk.stays_on_disk(DataConfig(storage="memory"), both)


def test_rows_from_python_have_no_file() -> None:
    assert on_disk.source_bytes(read([("a b", 1)], DataConfig())) == 0


def test_lines_are_read_in_any_order_and_row_groups_are_not(tmp_path: Path) -> None:
    frame = pyarrow.table({"text": ["a b", "b"], "n": [1, 2]})
    for name in ("a.csv", "b.csv"):
        written(tmp_path / name, "text,n\na b,1\nb,2\n")
    pyarrow.parquet.write_table(frame, tmp_path / "a.parquet")
    sources = (tmp_path / "a.csv", f"{tmp_path}/*.csv", tmp_path / "a.parquet", frame)
    assert [read(each, DataConfig()).reads_in_any_order for each in sources] == [True, True, False, False]


@pytest.mark.parametrize(
    ("options", "held"),
    [
        ({"input": "load", "target": "class", "group": "day"}, "their order is in memory"),
        (
            {"mode": "forecast", "horizon": 3, "window": 4, "input": "load"},
            "their numbers and their order are in memory",
        ),
        ({"input": "text", "target": "class"}, None),
    ],
)
def test_what_is_in_memory_although_rows_stay_on_the_disk_is_said(
    options: dict[str, Any], held: str | None, tmp_path: Path
) -> None:
    stamps = [f"2024-01-{1 + hour // 24:02} {hour % 24:02}:00" for hour in range(240)]
    hours = [f"{stamp},{hour % 24}.5,a b{hour},{hour % 2},d{hour // 24}" for hour, stamp in enumerate(stamps)]
    written(tmp_path / "a.csv", "\n".join(["time,load,text,class,day", *hours]))
    source = {"source": str(tmp_path / "a.csv"), "storage": "disk", "seed": 0}
    config = config_file.from_options({**source, **options, **({} if held else {"time": "none"})})
    notes = [note for note in load(config).notes if note.startswith("memory: ")]
    assert len(notes) == (held is not None)
    assert all(str(held) in note for note in notes)
    assert not any(note.startswith("memory: ") for note in load(config.replaced(storage="memory")).notes)
