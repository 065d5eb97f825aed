"""Tables: rows by index, from memory or from an index of a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recur.data.readers.table import FileTable, Mark, MemoryTable, Row
from recur.data.readers.text import TextTable
from tests.data.reading import refused, rows, same_in_both_indices, sparse, written


@pytest.fixture
def memory() -> MemoryTable:
    """Ten rows that are there already."""
    return MemoryTable([{"n": number} for number in range(10)], ["n"], "the data given")


def lines_of_a_number(path: Path, count: int) -> FileTable:
    """A table over a file with one number a line."""

    def marks() -> Iterator[Mark]:
        offset = 0
        for number in range(count):
            yield Mark(offset, number + 1)
            offset += len(f"{number}\n")

    def parse(raw: bytes) -> list[tuple[int, Row]]:
        return [(place, {"n": int(text)}) for place, text in enumerate(raw.decode().split())]

    return FileTable(path, ["n"], marks(), parse)


def test_row_is_found_by_any_whole_number(memory: MemoryTable) -> None:
    assert memory[3] == {"n": 3}
    assert memory[-1] == {"n": 9}
    assert memory[np.int64(4)] == {"n": 4}


@pytest.mark.parametrize("index", [10, -11])
def test_row_that_is_not_there_is_an_index_error(memory: MemoryTable, index: int) -> None:
    with pytest.raises(IndexError, match="of 10"):
        memory[index]


def test_rows_can_be_sliced_and_run_through(memory: MemoryTable) -> None:
    assert memory[2:4] == [{"n": 2}, {"n": 3}]
    assert memory[::-5] == [{"n": 9}, {"n": 4}]
    assert memory[8:20] == [{"n": 8}, {"n": 9}]
    assert [row["n"] for row in memory] == list(range(10))


def test_place_of_a_row_in_memory_counts_from_one(memory: MemoryTable) -> None:
    assert memory.where(0) == "the data given, row 1"


def test_sample_is_every_row_of_a_small_table_and_spread_over_a_large_one(memory: MemoryTable) -> None:
    assert memory.sample() == list(range(10))
    assert memory.sample(4) == [0, 3, 6, 9]
    assert memory.sample(10) == list(range(10))


@pytest.mark.parametrize("count", [1, 31, 32, 33, 64, 100])
def test_sparse_index_gives_the_rows_of_the_dense_one(tmp_path: Path, count: int) -> None:
    path = written(tmp_path / "a.txt", "".join(f"{number}\n" for number in range(count)))
    table = same_in_both_indices(lambda: lines_of_a_number(path, count))
    assert [row["n"] for row in rows(table)] == list(range(count))
    assert table.where(count - 1) == f"a.txt:{count}"


def test_offset_is_the_byte_of_a_row_or_of_one_a_little_before_it(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "".join(f"{number}\n" for number in range(100)))
    content = path.read_bytes()
    assert all(content[lines_of_a_number(path, 100).offset(n) :].startswith(f"{n}\n".encode()) for n in range(100))
    table = sparse(lambda: lines_of_a_number(path, 100))
    assert all(content[table.offset(n) :].startswith(f"{n - n % 32}\n".encode()) for n in range(100))


def test_two_tables_of_one_file_do_not_share_their_place(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "".join(f"{number}\n" for number in range(100)))
    one, other = sparse(lambda: TextTable(path)), sparse(lambda: TextTable(path))
    assert [(one[n]["text"], other[99 - n]["text"]) for n in range(100)] == [(str(n), str(99 - n)) for n in range(100)]


def test_file_that_grows_keeps_its_rows(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "one\ntwo\n")
    table = TextTable(path)
    with path.open("ab") as file:
        file.write(b"three\n")
    assert rows(table) == [{"text": "one"}, {"text": "two"}]


@pytest.mark.parametrize("dense", [True, False], ids=["dense", "sparse"])
def test_file_that_became_shorter_is_refused(tmp_path: Path, dense: bool) -> None:
    path = written(tmp_path / "a.txt", "one\ntwo\n" * 50)
    table = TextTable(path) if dense else sparse(lambda: TextTable(path))
    written(path, "one\n")
    error = refused(lambda: table[99])
    assert error.message == f"{path} became shorter while it was being read"
    assert error.hint == "run the command again"
