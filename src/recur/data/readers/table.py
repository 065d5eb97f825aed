"""A table of rows: in memory, or read from its file row by row."""

from __future__ import annotations

from abc import abstractmethod
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, overload

import numpy as np

from recur.codecs.bounds import bounds
from recur.codecs.reading import reading
from recur.data.cells.number_styles import Styles
from recur.data.stamps.timing import Timeline
from recur.errors import DataError

Row = dict[str, Any]
Kind = Literal["text", "table", "tagged"]

_LEAST_SAMPLE = 40
_WIDE = 100  # columns
_KEPT_SAMPLE = 16 * 2**20  # characters of a sample of rows that is kept
_DENSE = 128 * 2**20  # files up to this size have every row in the index, larger ones every 32nd
_SPARSE_STRIDE = 32
_SMALL = 16 * 2**20  # files up to this size are read whole, since opening one for each row would take longer
_KEPT = 4  # such files that stay in memory


class NoRowsError(DataError):
    """A file that is sound and has no rows."""


class Table(Sequence[Row]):
    """Rows by index, each a dictionary from column to raw value.

    Attributes
    ----------
    name : str
        File or folder, for messages.
    columns : list of str
        Names of the columns, in order.
    form : str
        The format that it was read from: text, csv, tsv, jsonl, conll, ts, idx, npy, npz, folder, or memory.
    kind : str
        ``text``: lines of documents; ``table``: one example a row; ``tagged``: a row is a sentence, a value a list.
    """

    name: str
    columns: list[str]
    kind: Kind
    form: str = ""
    _sampled: tuple[int, list[Row]] | None = None
    # column -> what it is known to hold, where that is no matter of judging
    holds: Mapping[str, str] = MappingProxyType({})
    # what was left out while it was read, in words
    notes: Sequence[str] = ()
    # column -> how its numbers are written, where all cells were looked at
    styles: Styles = MappingProxyType({})
    # the time of its rows, where a column says it
    timeline: Timeline | None = None

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> list[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | list[Row]:
        """Return one row, or a list of rows."""
        if isinstance(index, slice):
            return [self.row(each) for each in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        return self.row(int(index) % len(self))

    @property
    def folder(self) -> Path | None:
        """The folder of relative paths in its cells; None for the current folder."""
        return None

    @property
    def reads_in_any_order(self) -> bool:
        """Whether a few neighbouring rows are read without many others, wherever they are."""
        return False

    @property
    def files(self) -> list[Path]:
        """The files whose every byte counts when a run is resumed: shards, Parquet and Arrow files."""
        return []

    @abstractmethod
    def row(self, index: int) -> Row:
        """Return the row of a valid index."""

    @abstractmethod
    def where(self, index: int) -> str:
        """Return the place of a row, such as ``file.csv:12``."""

    def where_step(self, index: int, step: int) -> str:
        """Return the place of one step of a row, where the steps have places of their own."""
        del step
        return self.where(index)

    def sample(self, count: int = 2000) -> list[int]:
        """Return the indices of at most ``count`` rows, spread evenly over the table; fewer of a very wide one."""
        count = min(count, max(_LEAST_SAMPLE, bounds().cells // max(1, len(self.columns))))
        if len(self) <= count:
            return list(range(len(self)))
        return [int(each) for each in np.linspace(0, len(self) - 1, count)]

    def sampled(self, count: int = 2000) -> list[Row]:
        """Return the rows of `sample`; they are kept unless their texts are long, since every column asks for them."""
        if self._sampled is not None and self._sampled[0] == count:
            return self._sampled[1]
        rows = [self[index] for index in self.sample(count)]
        texts = sum(len(cell) for row in rows for cell in row.values() if isinstance(cell, str))
        if len(self.columns) >= _WIDE or texts <= _KEPT_SAMPLE:
            self._sampled = count, rows
        return rows


class MemoryTable(Table):
    """Rows that are already there."""

    def __init__(self, rows: Sequence[Row], columns: list[str], name: str, kind: Kind = "table") -> None:
        self._rows = rows
        self.columns = columns
        self.name = name
        self.kind = kind

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, index: int) -> Row:
        """Return the row."""
        return self._rows[index]

    def where(self, index: int) -> str:
        """Return the number of the row, from 1."""
        return f"{self.name}, row {index + 1}"


class Mark(NamedTuple):
    """Where a row begins in its file: byte and line."""

    offset: int
    line: int


class FileTable(Table):
    """Rows of one file, found by their byte offset and read when they are requested.

    Parameters
    ----------
    path : Path
        The file.
    columns : list of str
        Names of the columns.
    marks : iterable of Mark
        Where each row begins; read once, while the file is checked.
    parse : callable
        The bytes of some rows -> list of (line of the row from 0, row).
    kind : str
        Kind of the table.
    lines_of_steps : callable, optional
        The bytes of some rows -> the lines, from 0, of the steps of each.
    """

    def __init__(
        self,
        path: Path,
        columns: list[str],
        marks: Iterable[Mark],
        parse: Callable[[bytes], list[tuple[int, Row]]],
        kind: Kind = "table",
        lines_of_steps: Callable[[bytes], list[list[int]]] | None = None,
    ) -> None:
        self.path = path
        self.home = path.parent
        self.name = str(path)
        self.columns = columns
        self.kind = kind
        self._parse = parse
        self._lines_of_steps = lines_of_steps
        self._size = path.stat().st_size
        self._stride = 1 if self._size <= _DENSE else _SPARSE_STRIDE
        self._offsets, self._lines = array("q"), array("q")
        self._count = 0
        for mark in marks:
            if self._count % self._stride == 0:
                self._offsets.append(mark.offset)
                self._lines.append(mark.line)
            self._count += 1
        self._offsets.append(self._size)
        self._last: tuple[int, list[tuple[int, Row]]] = (-1, [])

    @property
    def folder(self) -> Path:
        """The folder that the file lies in, or that of the file that it was unpacked from."""
        return self.home

    @property
    def reads_in_any_order(self) -> bool:
        """Whether a few neighbouring rows are read without many others: at most the lines of one mark of the index."""
        return True

    def __len__(self) -> int:
        return self._count

    def row(self, index: int) -> Row:
        """Return the row, reading it from the file."""
        return self._read(index // self._stride)[index % self._stride][1]

    def where(self, index: int) -> str:
        """Return file and line."""
        block = index // self._stride
        within = self._read(block)[index % self._stride][0] if self._stride > 1 else 0
        return f"{self.path.name}:{self._lines[block] + within}"

    def where_step(self, index: int, step: int) -> str:
        """Return file and line of a step."""
        if self._lines_of_steps is None:
            return self.where(index)
        block = index // self._stride
        raw = self._bytes(self._offsets[block], self._offsets[block + 1] - self._offsets[block])
        steps = self._lines_of_steps(raw)[index % self._stride]
        return f"{self.path.name}:{self._lines[block] + steps[step]}"

    def offset(self, index: int) -> int:
        """Return the byte where a row begins, or a row little before it in a very large file."""
        return self._offsets[index // self._stride]

    def _read(self, block: int) -> list[tuple[int, Row]]:
        """Return the rows of a block of the index; the last block is remembered."""
        # read and replaced as one: another thread may read another block meanwhile
        number, rows = self._last
        if number != block:
            length = self._offsets[block + 1] - self._offsets[block]
            raw = self._bytes(self._offsets[block], length)
            if len(raw) < length:
                raise DataError(f"{self.path} became shorter while it was being read", hint="run the command again")
            rows = self._parse(raw)
            self._last = block, rows
        return rows

    def _bytes(self, first: int, length: int) -> bytes:
        """Return a piece of the file."""
        if self._size <= _SMALL:
            with reading(self.path, "table", error=DataError, hint=None):
                return _whole(self.path, self.path.stat().st_mtime_ns)[first : first + length]
        # opened for each piece: a folder may have more documents than the system lets be open
        with reading(self.path, "table", error=DataError, hint=None), self.path.open("rb") as file:
            file.seek(first)
            return file.read(length)


@lru_cache(maxsize=_KEPT)
def _whole(path: Path, changed: int) -> bytes:
    """Return a file; one that has changed since is another."""
    del changed
    return path.read_bytes()
