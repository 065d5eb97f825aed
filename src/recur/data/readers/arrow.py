"""Parquet and Arrow files: typed columns, read from the disk one row group (or record batch) at a time.

Parquet       row groups of at most 64 MB are read as they are
Arrow         the file format (Feather 2) and the stream format, as the package ``datasets`` writes it
larger ones   converted once into an Arrow file with small batches, which is kept in the cache
"""

from __future__ import annotations

import decimal
import math
import os
import re
from abc import abstractmethod
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.missing import is_na
from recur.codecs.reading import reading
from recur.data.readers.table import NoRowsError, Row, Table
from recur.data.sources.kept import file_identity, kept
from recur.errors import DataError, require
from recur.figures import size

PARQUET, ARROW = b"PAR1", b"ARROW1"
SUFFIXES = (".parquet", ".pq", ".arrow", ".feather", ".arrows")
LARGEST_GROUP = 64 * 2**20  # bytes of a row group that is read at once
_BATCH = 4096  # rows of a batch of a converted file
_ROWS = 512  # rows that become Python values at once
_STREAM = b"\xff\xff\xff\xff"
_END = _STREAM + bytes(4)
_INDEX = re.compile(r"__index_level_\d+__")  # pandas writes the numbers of rows so
_EXTRA = "data"
_HINT = "write or download it again"


def is_arrow(path: Path) -> bool:
    """Return whether a file is Parquet or Arrow, by its first bytes; an Arrow stream by its name too."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(6)
    except (OSError, ValueError):
        return False
    return head.startswith((PARQUET, ARROW)) or (head.startswith(_STREAM) and path.suffix.lower() in SUFFIXES)


class ArrowTable(Table):
    """The rows of a Parquet or Arrow file, in row groups that are read when they are requested.

    Attributes
    ----------
    path : Path
    types : dict
        Column to its Arrow type, for comparison with other files.
    chosen : list of str, optional
        The columns, where others are left out.
    """

    def __init__(self, path: Path, names: list[str], types: dict[str, Any], counts: list[int]) -> None:
        self.path, self.name, self.kind = path, str(path), "table"
        _refuse_repeated(path, names)
        without = [name for name in names if is_bytes(types[name]) or _is_index(name, types[name])]
        self.columns, self.types = [name for name in names if name not in without], types
        if without and not self.columns:
            raise DataError(
                f"{path}: every column holds bytes ({', '.join(names[:8])}); "
                "expected texts, numbers, labels or lists of them",
                hint="write texts as strings; write other values as files, and their names as texts",
            )
        if without:
            self.notes = [f"{path.name}: left out, as bytes or the index of a data frame: {', '.join(without)}"]
        # None reads all, nested ones with a point in their names too
        self.chosen = self.columns if without else None
        self._lists = [name for name in self.columns if "list" in str(types[name]) and "decimal" in str(types[name])]
        self._starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        self._group, self._part = -1, -1
        self._batch: Any = None
        self._rows: list[Row] = []

    @property
    def folder(self) -> Path:
        """The folder that the file lies in."""
        return self.path.parent

    @property
    def files(self) -> list[Path]:
        """The file."""
        return [self.path]

    def __len__(self) -> int:
        return int(self._starts[-1])

    def row(self, index: int) -> Row:
        """Return the row, reading its row group from the file."""
        group = int(np.searchsorted(self._starts, index, side="right")) - 1
        part, place = divmod(index - int(self._starts[group]), _ROWS)
        if group != self._group:
            with _damage(self.path):
                self._batch, self._group, self._part = self.read_group(group), group, -1
        if part != self._part:
            with _damage(self.path):
                self._rows = [_present(row, self._lists) for row in self._batch.slice(part * _ROWS, _ROWS).to_pylist()]
            self._part = part
        # a caller may keep or change it
        return dict(self._rows[place])

    def where(self, index: int) -> str:
        """Return the file and the number of the row, from 1."""
        return f"{self.path.name}, row {index + 1}"

    @abstractmethod
    def read_group(self, group: int) -> Any:
        """Return a row group as an Arrow table or record batch."""


class ParquetTable(ArrowTable):
    """A Parquet file with small row groups."""

    def __init__(self, path: Path, file: Any) -> None:
        schema, about = file.schema_arrow, file.metadata
        counts = [about.row_group(group).num_rows for group in range(about.num_row_groups)]
        super().__init__(path, list(schema.names), dict(zip(schema.names, schema.types, strict=True)), counts)

    def read_group(self, group: int) -> Any:
        # opened for each group: a pattern may name more files than the system lets be open
        with _parquet(self.path) as file:
            return file.read_row_group(group, columns=self.chosen, use_threads=False)


class IpcTable(ArrowTable):
    """An Arrow file with small batches."""

    def __init__(self, path: Path, shown: Path | None = None) -> None:
        arrow = require("pyarrow", _EXTRA)
        with arrow.memory_map(str(path)) as source, arrow.ipc.open_file(source) as reader:
            schema = reader.schema
            counts = [reader.get_batch(group).num_rows for group in range(reader.num_record_batches)]
        super().__init__(path, list(schema.names), dict(zip(schema.names, schema.types, strict=True)), counts)
        self._source = path
        if shown is not None:
            self.path, self.name = shown, str(shown)

    def read_group(self, group: int) -> Any:
        # read and not mapped: pages of a mapped file count as memory of the process
        arrow = require("pyarrow", _EXTRA)
        with arrow.OSFile(str(self._source), "rb") as source, arrow.ipc.open_file(source) as reader:
            batch = reader.get_batch(group)
            return batch if self.chosen is None else batch.select(self.chosen)


def read_arrow(path: Path) -> ArrowTable:
    """Return the rows of a Parquet or Arrow file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    DataError
        When it is cut, damaged, or two columns have one name.
    NoRowsError
        When it has no rows.
    MissingExtraError
        Without pyarrow.
    """
    require("pyarrow", _EXTRA)
    with _damage(path):
        table = _opened(path)
    if not table.columns or not len(table):
        raise NoRowsError(f"{path} has no rows; expected at least one", hint="give a file with rows")
    return table


def _refuse_repeated(path: Path, names: list[str]) -> None:
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise DataError(f'{path}: two columns are named "{twice}"', hint="give each column its own name")


def _opened(path: Path) -> ArrowTable:
    with path.open("rb") as file:
        head = file.read(6)
    arrow = require("pyarrow", _EXTRA)
    if head.startswith(PARQUET):
        with _parquet(path) as file:
            about = file.metadata
            groups = [about.row_group(group).total_byte_size for group in range(about.num_row_groups)]
            if max(groups, default=0) <= LARGEST_GROUP:
                return ParquetTable(path, file)
        return _converted(path, f"row groups of up to {size(max(groups))}")
    if not head.startswith(ARROW):
        table = _converted(path, "an Arrow stream")
        if not _ends(path):
            table.notes = [*table.notes, f"{path.name} has no mark at its end, {len(table):,} rows: it may be cut"]
        return table
    with arrow.memory_map(str(path)) as source, arrow.ipc.open_file(source) as reader:
        largest = max((reader.get_batch(each).nbytes for each in range(reader.num_record_batches)), default=0)
    return IpcTable(path) if largest <= LARGEST_GROUP else _converted(path, f"batches of up to {size(largest)}")


def _ends(path: Path) -> bool:
    """Return whether a stream ends with the mark that a writer sets when it is closed."""
    with path.open("rb") as file:
        file.seek(-min(len(_END), path.stat().st_size), os.SEEK_END)
        return file.read() == _END


def _converted(path: Path, reason: str) -> IpcTable:
    """Return a copy of a file with small batches, made at the first use and kept."""
    arrow = require("pyarrow", _EXTRA)

    def make(part: Path) -> None:
        batches = _batches(path)
        schema = next(batches)
        with arrow.OSFile(str(part), "wb") as target, arrow.ipc.new_file(target, schema) as writer:
            for batch in batches:
                for start in range(0, batch.num_rows, _BATCH):
                    writer.write_batch(batch.slice(start, _BATCH))

    copy = kept(f"arrow {_BATCH} {file_identity(path)}", f"{path.stem}.arrow", make)
    table = IpcTable(copy, shown=path)
    table.notes = [
        *table.notes,
        f"{path.name} has {reason}: kept once in small batches, {size(copy.stat().st_size)} in {copy.parent}",
    ]
    return table


def _batches(path: Path) -> Iterator[Any]:
    """Yield the schema of a file, then its record batches; damage is of this file, and not of the copy."""
    with _damage(path):
        yield from _read_batches(path)


def _read_batches(path: Path) -> Iterator[Any]:
    arrow = require("pyarrow", _EXTRA)
    with path.open("rb") as file:
        head = file.read(6)
    if head.startswith(PARQUET):
        with _parquet(path) as file:
            yield file.schema_arrow
            yield from file.iter_batches(batch_size=_BATCH, use_threads=False)
        return
    with arrow.memory_map(str(path)) as source:
        if head.startswith(ARROW):
            with arrow.ipc.open_file(source) as reader:
                yield reader.schema
                yield from (reader.get_batch(each) for each in range(reader.num_record_batches))
            return
        with arrow.ipc.open_stream(source) as reader:
            yield reader.schema
            yield from reader


def _parquet(path: Path) -> Any:
    return require("pyarrow.parquet", _EXTRA).ParquetFile(str(path), pre_buffer=False)


def _damage(path: Path) -> Any:
    arrow = require("pyarrow", _EXTRA)
    faults = (arrow.ArrowException, EOFError)
    return reading(path, "Parquet or Arrow file", libraries=("pyarrow",), faults=faults, error=DataError, hint=_HINT)


def _present(row: Row, lists: list[str]) -> Row:
    """Return the cells of a row as the values that other tables have: exact decimals as floats, NaN and NaT as None.

    Parameters
    ----------
    row : dict
    lists : list of str
        Columns with lists of exact decimals.
    """
    for name in lists:
        row[name] = _floats(row[name])
    for name, value in row.items():
        if isinstance(value, decimal.Decimal):
            row[name] = float(value)
        elif (isinstance(value, float) and math.isnan(value)) or is_na(value):
            row[name] = None
    return row


def _floats(value: Any) -> Any:
    if isinstance(value, list):
        return [_floats(each) for each in value]
    return float(value) if isinstance(value, decimal.Decimal) else value


def _is_index(name: str, kind: Any) -> bool:
    return bool(_INDEX.fullmatch(name)) and family(kind) == "number"


def is_bytes(kind: Any) -> bool:
    """Return whether the values of an Arrow type are bytes, or lists of them."""
    types = require("pyarrow", _EXTRA).types
    while types.is_dictionary(kind) or family(kind).startswith("list of "):
        kind = kind.value_type
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


@lru_cache(maxsize=1)
def _families() -> list[tuple[str, Any]]:
    types = require("pyarrow", _EXTRA).types
    return [
        ("number", lambda t: types.is_integer(t) or types.is_floating(t) or types.is_decimal(t)),
        ("true or false", types.is_boolean),
        ("text", lambda t: types.is_string(t) or types.is_large_string(t) or types.is_string_view(t)),
        ("time", types.is_temporal),
        ("list", lambda t: types.is_list(t) or types.is_large_list(t) or types.is_fixed_size_list(t)),
        ("nothing", types.is_null),
    ]


def family(kind: Any) -> str:
    """Return what the values of an Arrow type are: number, text, list of number; types of one family are read alike."""
    types = require("pyarrow", _EXTRA).types
    if types.is_dictionary(kind):
        return family(kind.value_type)
    name = next((name for name, test in _families() if test(kind)), str(kind))
    return f"list of {family(kind.value_type)}" if name == "list" else name
