"""Shards: several files of one format as one table, in the order of their names.

Columns are matched by name. A shard with other columns, or with another type of value in one, is refused with both
files; one with another order of columns is read by name, and one without rows is left out, which both are said.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recur.data.readers.arrow import ArrowTable, family
from recur.data.readers.table import NoRowsError, Row, Table
from recur.errors import DataError

_SHOWN = 8


class ShardTable(Table):
    """The rows of several tables, one after another.

    Parameters
    ----------
    name : str
        The pattern.
    tables : sequence of Table
        With the same columns, in any order.
    names : sequence of str
        Name of each table for messages.
    """

    def __init__(self, name: str, tables: Sequence[Table], names: Sequence[str]) -> None:
        self.tables, self.names = list(tables), list(names)
        first = self.tables[0]
        self.name, self.columns, self.kind = name, first.columns, first.kind
        self.holds = first.holds
        self._starts = np.concatenate([[0], np.cumsum([len(table) for table in self.tables])]).astype(np.int64)
        own = Counter(Path(each).name for each in self.names)
        self._repeated = {each for each, count in own.items() if count > 1}
        self._same = [table.columns == self.columns for table in self.tables]

    @property
    def folder(self) -> Path | None:
        """The folder of relative paths in cells, where all shards lie in one."""
        folders = {table.folder for table in self.tables}
        return next(iter(folders)) if len(folders) == 1 else None

    @property
    def reads_in_any_order(self) -> bool:
        """Whether all shards can be read so."""
        return all(table.reads_in_any_order for table in self.tables)

    @property
    def files(self) -> list[Path]:
        """The files of all shards."""
        return [path for table in self.tables if (path := getattr(table, "path", None)) is not None]

    @property
    def starts(self) -> list[int]:
        """The first row of each shard, and the number of rows."""
        return [int(each) for each in self._starts]

    def __len__(self) -> int:
        return int(self._starts[-1])

    def row(self, index: int) -> Row:
        """Return the row, with the columns in the order of the first shard."""
        shard, place = self._place(index)
        row = self.tables[shard][place]
        return row if self._same[shard] else {name: row[name] for name in self.columns}

    def where(self, index: int) -> str:
        """Return the place of a row in its shard."""
        shard, place = self._place(index)
        return self._full(shard, self.tables[shard].where(place))

    def where_step(self, index: int, step: int) -> str:
        """Return the place of one step of a row."""
        shard, place = self._place(index)
        return self._full(shard, self.tables[shard].where_step(place, step))

    def _full(self, shard: int, where: str) -> str:
        """Return a place with the name of its file as it was typed, where another shard has the same name."""
        name = Path(self.names[shard]).name
        return where.replace(name, self.names[shard], 1) if name in self._repeated and where.startswith(name) else where

    def _place(self, index: int) -> tuple[int, int]:
        shard = int(np.searchsorted(self._starts, index, side="right")) - 1
        return shard, index - int(self._starts[shard])


def joined(name: str, names: Sequence[str], read: Callable[[int, Table | None], Table]) -> ShardTable:
    """Return several files as one table.

    Parameters
    ----------
    name : str
        The pattern.
    names : sequence of str
        The files, for messages.
    read : callable
        Number of a file, and the first table that has rows (None for that one itself) -> its table.

    Raises
    ------
    DataError
        When shards have other columns or types, or none has rows.
    """
    tables: list[Table] = []
    kept: list[str] = []
    empty, reordered = [], []
    types: dict[str, tuple[Any, str]] = {}
    for place, shown in enumerate(names):
        first = tables[0] if tables else None
        try:
            table = read(place, first)
        except NoRowsError:
            empty.append(shown)
            continue
        if first is not None:
            _refuse_other_columns(first, kept[0], table, shown)
            if table.columns != first.columns:
                reordered.append(shown)
        if isinstance(table, ArrowTable):
            _refuse_other_types(types, table, shown)
        tables.append(table)
        kept.append(shown)
    if not tables:
        raise DataError(f"none of the {len(names):,} files of {name} has rows", hint="give files with rows")
    result = ShardTable(name, tables, kept)
    notes = [note for table in tables for note in table.notes]
    if empty:
        notes.append(f"left out, without rows: {_few(empty)}")
    if reordered:
        notes.append(f"columns in another order, read by name: {_few(reordered)}")
    result.notes = notes
    return result


def _refuse_other_columns(first: Table, first_name: str, table: Table, name: str) -> None:
    absent = [each for each in first.columns if each not in table.columns]
    more = [each for each in table.columns if each not in first.columns]
    if absent or more:
        parts = [f"lacks {_quoted(absent)}"] * bool(absent) + [f"has {_quoted(more)} besides"] * bool(more)
        raise DataError(
            f"{name} {' and '.join(parts)}, compared with {first_name} ({', '.join(first.columns[:_SHOWN])}); "
            "expected the same columns in every shard",
            hint=f"--exclude {shlex.quote(Path(name).name)} leaves the shard out",
        )


def _refuse_other_types(types: dict[str, tuple[Any, str]], table: ArrowTable, name: str) -> None:
    """Compare the columns of a shard with the first shard that has values in them, and note those that are new."""
    for column in table.columns:
        kind = table.types[column]
        now = family(kind)
        if now == "nothing":
            continue
        first, first_name = types.setdefault(column, (kind, name))
        if family(first) != now and not (family(first) + now).count("nothing"):
            raise DataError(
                f'{name}: column "{column}" is {now} ({kind}), and {family(first)} ({first}) in {first_name}; '
                "expected one type in every shard",
                hint=f"--exclude {shlex.quote(Path(name).name)} leaves the shard out",
            )


def _quoted(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f'"{each}"' for each in names[:_SHOWN]) + more


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
