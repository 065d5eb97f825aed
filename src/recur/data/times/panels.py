"""Several series in one table: the series of each row, by the values of the columns that name it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from recur.data.readers.table import Row, Table
from recur.data.stamps.cell import name_of
from recur.errors import DataError

_SEPARATOR = " / "


@dataclass(frozen=True)
class Series:
    """The series of a table's rows.

    Attributes
    ----------
    names : list of str
        By series, in the order in which they first come.
    of_row : ndarray of int
        The series of each row.
    notes : list of str
        What was carried down.
    """

    names: list[str]
    of_row: np.ndarray
    notes: list[str] = field(default_factory=list)

    def rows(self) -> list[np.ndarray]:
        """Return the rows of each series."""
        order = np.argsort(self.of_row, kind="stable")
        return np.split(order, np.cumsum(np.bincount(self.of_row, minlength=len(self.names)))[:-1])


def columns_of(group: str, known: Sequence[str]) -> list[str]:
    """Return the columns of a group: itself, or those between commas.

    >>> columns_of("store,item", ["date", "store", "item"])
    ['store', 'item']
    """
    return [group] if group in known else [each.strip() for each in group.split(",")]


def series_of(table: Table, group: str) -> Series:
    """Return the series of rows, whose values may be on the first row of each only, as spreadsheets have them.

    Raises
    ------
    DataError
        When a row has no value, and not all of them are written once.
    """
    columns = columns_of(group, table.columns)
    cells: dict[str, list[str]] = {name: [] for name in columns}
    for index in range(len(table)):
        row = table[index]
        for name in columns:
            cells[name].append(name_of(row[name]))
    notes: list[str] = []
    for name in columns:
        missing = cells[name].count("")
        if missing:
            cells[name] = _carried(table, name, cells[name])
            notes.append(f"{name} is empty in {missing:,} rows: each takes the value of the row above it")
    names: dict[str, int] = {}
    keys = (_SEPARATOR.join(each) for each in zip(*cells.values(), strict=True))
    of_row = np.array([names.setdefault(key, len(names)) for key in keys], dtype=np.int64)
    return Series(list(names), of_row, notes)


def series_name(row: Row, group: str, table: Table) -> str:
    """Return the series of one row."""
    return _SEPARATOR.join(name_of(row[name]) for name in columns_of(group, table.columns))


def _carried(table: Table, name: str, cells: list[str]) -> list[str]:
    """Fill empty cells with the value above them, where every value is written once."""
    written = [cell for cell in cells if cell]
    first = cells.index("")
    if not cells[0] or len(set(written)) < len(written):
        why = "the first row has none" if not cells[0] else "other values are written on several rows"
        raise DataError(
            f'{table.where(first)}: "{name}", which names the series of a row, is empty; {why}',
            hint=f"write {name} on every row, or on the first row of each series only",
        )
    found, last = [], ""
    for cell in cells:
        last = cell or last
        found.append(last)
    return found


def describing(table: Table, group: str | None) -> list[str]:
    """Return the columns that have one value in each of several series over time."""
    if not group or table.timeline is None:
        return []
    used = {*columns_of(group, table.columns), *table.timeline.timing.columns}
    others = [name for name in table.columns if name not in used]
    return constant_within(table, series_of(table, group), others)


def constant_within(table: Table, series: Series, names: Sequence[str]) -> list[str]:
    """Return the columns that have one value in each series: what describes it, and no measurement."""
    seen: dict[str, dict[int, str]] = {name: {} for name in names}
    left = list(names)
    for index in range(len(table)):
        row, which = table[index], int(series.of_row[index])
        left = [name for name in left if seen[name].setdefault(which, name_of(row[name])) == name_of(row[name])]
        if not left:
            break
    return left
