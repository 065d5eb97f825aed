"""The records of a delimited file: separators, quoted cells, and where each begins."""

from __future__ import annotations

from pathlib import Path

from recur.config import DataConfig
from recur.data.read import read
from tests.data.reading import rows, same_in_both_indices, written

PLAIN = DataConfig()


def test_white_space_divides_a_table_of_numbers(tmp_path: Path) -> None:
    path = written(tmp_path / "housing.data", "".join(f" {k}.5   {k * k}  {k % 3}.25\n" for k in range(9)))
    table = same_in_both_indices(lambda: read(path, PLAIN))
    assert list(rows(table)[2].values()) == ["2.5", "4", "2.25"]
