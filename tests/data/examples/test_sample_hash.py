"""The hash by which a run that is resumed notices other data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur.config import Config, DataConfig
from recur.data import Example
from recur.data.examples.examples import RowExamples
from recur.data.examples.sample_hash import SAMPLE_ROWS, sample_hash
from recur.data.read import read
from recur.data.roles.inference import infer


def part(*inputs: Any) -> list[Example]:
    return [Example(value, "yes", "") for value in inputs]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["b", "a"], False),
        (["a"], ["a", "a"], False),
        (["there/0.png"], [Path("elsewhere/0.png")], True),
        (["there/0.png"], ["there/1.png"], False),
        ([["there/0.png", "there/1.png"]], [["moved/0.png", "moved/1.png"]], True),
        ([np.arange(5000.0)], [np.arange(5000.0)], True),
        # the text of a large array leaves its middle out
        ([np.zeros(5000)], [np.eye(1, 5000, 2500)[0]], False),
    ],
)  # fmt: skip
def test_equal_rows_have_one_hash_wherever_their_files_are(first: list[Any], second: list[Any], same: bool) -> None:
    assert (sample_hash(part(*first)) == sample_hash(part(*second))) is same


def test_of_many_rows_some_are_read() -> None:
    rows = part(*range(2 * SAMPLE_ROWS))
    changed = [*rows]
    changed[1] = Example(-1, "yes", "")
    assert sample_hash(changed) == sample_hash(rows)
    changed[2] = Example(-1, "yes", "")
    assert sample_hash(changed) != sample_hash(rows)


def test_every_byte_of_shards_counts(tmp_path: Path) -> None:
    lines = [f"text of row {place},{place % 2}\n" for place in range(3000)]
    for place in range(2):
        (tmp_path / f"{place}.csv").write_text("text,label\n" + "".join(lines[place::2]))

    def hashed() -> str:
        table = read(f"{tmp_path}/*.csv", DataConfig())
        roles = infer(table, Config())
        return sample_hash(RowExamples(table, roles, np.arange(len(table))))

    before = hashed()
    path = tmp_path / "1.csv"
    # a row that is not among the thousand, and the size stays
    path.write_text(path.read_text().replace("row 2003,", "row 9003,"))
    assert hashed() != before
    path.write_text(path.read_text().replace("row 9003,", "row 2003,"))
    assert hashed() == before
