"""What the tests of the readers share: files from text, refusals, an index with every 32nd row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from recur.data.readers import table
from recur.data.readers.table import Row, Table
from recur.errors import DataError

T = TypeVar("T", bound=Table)


def written(path: Path, content: str | bytes) -> Path:
    """Write a file as it is, without a change of line ends, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def refused(call: Callable[[], object]) -> DataError:
    """The DataError that a call ends with; any other exception fails the test."""
    with pytest.raises(DataError) as caught:
        call()
    return caught.value


def unless_refused(make: Callable[[], T]) -> T | None:
    """A table, or None for a DataError; any other exception fails the test."""
    try:
        return make()
    except DataError:
        return None


def sparse(make: Callable[[], T]) -> T:
    """A table made as if its file were very large: every 32nd row is in the index."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "_DENSE", 0)
        return make()


def rows(found: Table) -> list[Row]:
    """Every row, by index."""
    return [found[index] for index in range(len(found))]


def places(found: Table) -> list[str]:
    """The place of every row."""
    return [found.where(index) for index in range(len(found))]


def same_in_both_indices(make: Callable[[], T]) -> T:
    """A table whose sparse index gives the same rows and places as its dense one, in any order of asking."""
    dense, thin = make(), sparse(make)
    assert len(dense) == len(thin)
    assert rows(dense) == rows(thin)
    assert places(dense) == places(thin)
    for index in reversed(range(len(dense))):
        assert thin[index] == dense[index]
    return thin
