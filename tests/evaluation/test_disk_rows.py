"""Encoded rows in a file: the arrays that were written, whatever their kind."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.data import Example
from recur.errors import DataError, RunError
from recur.evaluation.disk_rows import DiskRows
from recur.network.batch import Encoded

KINDS = {
    "ids and a class": lambda draw: Encoded(draw.integers(0, 9, draw.integers(0, 6)), np.array(draw.integers(0, 3))),
    "large ids": lambda draw: Encoded(draw.integers(0, 10**6, 4), draw.integers(0, 70_000, 3)),
    "very large ids": lambda draw: Encoded(draw.integers(0, 2**40, 4), np.array(-1)),
    "numbers": lambda draw: Encoded(
        draw.normal(size=(draw.integers(0, 5), 3)).astype(np.float32), draw.normal(size=2).astype(np.float32)
    ),
    "frames": lambda draw: Encoded(draw.normal(size=(2, 4, 3, 1)).astype(np.float32), draw.integers(0, 2, 5)),
    "nothing read": lambda draw: Encoded(None, draw.integers(0, 9, draw.integers(1, 6))),
    "words with letters": lambda draw: Encoded(draw.integers(0, 9, (draw.integers(1, 4), 6)), np.array(0)),
}


def _examples(count: int) -> list[Example]:
    return [Example(place, place, f"rows.csv:{place + 2}") for place in range(count)]


def _same(one: Encoded, other: Encoded) -> None:
    for left, right in zip(one, other, strict=True):
        if left is None or right is None:
            assert left is right
            continue
        assert left.dtype == right.dtype
        assert left.shape == right.shape
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("kind", KINDS)
@given(count=st.integers(1, 90), block=st.integers(1, 9), seed=st.integers(0, 99), when_read=st.booleans())
def test_rows_are_what_was_encoded(kind: str, count: int, block: int, seed: int, when_read: bool) -> None:
    draw = np.random.default_rng(seed)
    made = [KINDS[kind](draw) for _ in range(count)]
    rows = DiskRows(_examples(count), lambda example: made[example.input], None, block=block, when_read=when_read)
    assert len(rows) == count
    for place in draw.permutation(count)[:5].tolist():
        _same(rows[place], made[place])
    for one, other in zip(rows, made, strict=True):
        _same(one, other)
    _same(rows[count - 1], made[-1])


def test_ids_take_two_bytes_where_they_fit(tmp_path: Path) -> None:
    ids = np.arange(1000)
    rows = DiskRows(_examples(64), lambda _: Encoded(ids, np.array(1)), tmp_path / "train.rows")
    assert rows.bytes < 64 * (2 * 1000 + 10) + 20
    assert rows.bytes == (tmp_path / "train.rows").stat().st_size


def test_a_row_of_another_kind_is_refused_with_its_place() -> None:
    def encode(example: Example) -> Encoded:
        return Encoded(np.zeros(3, np.int64) if example.input < 5 else np.zeros((3, 2), np.float32), np.array(0))

    with pytest.raises(DataError, match=r"rows.csv:7: an array of 2 axes \(float32\) where the first row has 1"):
        DiskRows(_examples(9), encode, None)


def test_a_file_that_is_cut_meanwhile_is_said(tmp_path: Path) -> None:
    path = tmp_path / "train.rows"
    rows = DiskRows(_examples(9), lambda _: Encoded(np.arange(50), np.array(0)), path, block=3)
    os.truncate(path, 100)
    with pytest.raises(RunError, match="it was changed while it was read"):
        list(rows)


def test_a_block_is_encoded_once_when_it_is_read_for_the_first_time() -> None:
    asked: list[int] = []

    def encode(example: Example) -> Encoded:
        asked.append(example.input)
        return Encoded(np.arange(example.input % 7), np.array(1))

    rows = DiskRows(_examples(400), encode, None, block=4, when_read=True)
    assert 0 in asked
    assert len(asked) < 100
    for number in (70, 3, 70, 99, 3):
        rows.read(number)
    list(rows)
    assert sorted(asked) == list(range(400))


def test_the_size_that_pools_depend_on_is_the_same_at_every_start() -> None:
    def encode(example: Example) -> Encoded:
        return Encoded(np.arange(example.input % 50), np.array(1))

    one, other, whole = (
        DiskRows(_examples(4000), encode, None, block=4, when_read=late) for late in (True, True, False)
    )
    other.read(7)
    assert one.bytes == other.bytes
    assert abs(one.bytes - whole.bytes) < whole.bytes / 2


def test_a_row_that_cannot_be_encoded_is_said_whenever_its_block_is_read() -> None:
    def encode(example: Example) -> Encoded:
        if example.input == 18:
            raise DataError(f"{example.where}: no number")
        return Encoded(np.zeros(2), np.array(0))

    rows = DiskRows(_examples(400), encode, None, block=4, when_read=True)
    for _ in range(2):
        with pytest.raises(DataError, match=r"rows.csv:20: no number"):
            rows.read(4)
    assert len(rows.read(5)) == 4


def test_a_file_that_is_cut_before_a_block_is_encoded_is_said(tmp_path: Path) -> None:
    path = tmp_path / "train.rows"
    rows = DiskRows(_examples(400), lambda _: Encoded(np.arange(50), np.array(0)), path, block=4, when_read=True)
    os.truncate(path, 100)
    with pytest.raises(RunError, match="it was changed while it was read"):
        rows.read(1)


def test_a_temporary_file_is_removed_with_the_rows() -> None:
    rows = DiskRows(_examples(3), lambda _: Encoded(None, np.array(0)), None)
    path = rows.path
    assert path.exists()
    del rows
    assert not path.exists()


def test_every_row_is_read_once_while_it_is_stored() -> None:
    class Counted(list[Example]):
        read = 0

        def __getitem__(self, index: object) -> Example:  # type: ignore[override]  # slices are never asked for
            self.read += 1
            return super().__getitem__(index)  # type: ignore[index]  # as above

    examples = Counted(Example([place], 0, f"row {place}") for place in range(300))
    DiskRows(examples, lambda each: Encoded(np.array(each.input), np.array(each.target)), None)
    assert examples.read == len(examples)
