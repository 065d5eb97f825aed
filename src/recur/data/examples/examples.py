"""Rows as examples: what a network reads and what it should answer, made when they are requested.

rows        one row, one example                          table[i]
documents   lines of running text, empty ones left out    table[i]
stream      lines with their ends, in order               the pieces of one long text
series      windows of consecutive rows                   table[i], ..., table[i + n - 1]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from recur.codecs import class_of
from recur.codecs.missing import is_missing
from recur.data.cells import number_lists
from recur.data.examples.places import Place
from recur.data.readers import media, npy
from recur.data.readers.folder import FilesTable
from recur.data.readers.header import is_number
from recur.data.readers.table import Row, Table
from recur.data.readers.text import TextTable
from recur.data.roles.roles import Roles

LongText = TextTable | FilesTable


class Example(NamedTuple):
    """A raw input, the raw answer to it, and where they stand: ``file.csv:12``."""

    input: Any
    target: Any
    where: str


class RowExamples(Sequence[Example]):
    """Rows of a table, one example each.

    Parameters
    ----------
    table : Table
    roles : Roles
    rows : ndarray of int
        Which rows.
    targets : bool
        Whether the targets are read; False for inputs alone, whose table need not have them.
    """

    def __init__(self, table: Table, roles: Roles, rows: np.ndarray, *, targets: bool = True) -> None:
        self.table, self.roles, self.rows = table, roles, rows
        self._targets = targets

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: Any) -> Any:
        """Return one example."""
        row = int(self.rows[index])
        values = self.table[row]
        roles = self.roles
        read = self._value(values, roles.input, roles.input_codec, steps=roles.reads_a_sequence)
        target = read
        if roles.target and not self._targets:
            target = None
        elif roles.target:
            target = self._value(values, roles.target, roles.target_codec, steps=roles.writes_a_sequence)
            if roles.labels_steps and isinstance(target, (list, tuple)):
                target = _labels(target, roles)
        return Example(read, target, self.where(index))

    def _value(self, row: Row, columns: list[str], codec: str | None, *, steps: bool) -> Any:
        if class_of(codec).numeric and len(columns) > 1:
            # a cell that is no number makes no text of the others: it is refused by its codec
            cells = [row[name] for name in columns]
            return [[cell] for cell in cells] if steps else cells
        value = value_of(row, columns, steps=steps)
        if codec in media.CODECS:
            return media.place(value, self.table.folder, codec)
        return npy.opened(value, self.table.folder) if class_of(codec).numeric else value

    def where(self, index: int) -> str:
        """Return the place of an example, without reading it."""
        row = int(self.rows[index])
        if self.table.kind != "tagged":
            return self.table.where(row)
        return Place(self.table.where(row), lambda step: self.table.where_step(row, step))

    def only(self, places: Sequence[int]) -> RowExamples:
        """Return some of the examples."""
        return RowExamples(self.table, self.roles, self.rows[np.asarray(places, np.int64)], targets=self._targets)


class GroupExamples(Sequence[Example]):
    """Sequences of rows, one row per step.

    Parameters
    ----------
    table : Table
    roles : Roles
    sequences : list of ndarray of int
        The rows of each sequence.
    targets : bool
        Whether the targets are read.
    """

    def __init__(self, table: Table, roles: Roles, sequences: list[np.ndarray], *, targets: bool = True) -> None:
        self.table, self.roles, self.sequences = table, roles, sequences
        self._targets = targets

    def __len__(self) -> int:
        return len(self.sequences)

    def __getitem__(self, index: Any) -> Any:
        """Return one example: the values of every row, and its answers (or the one answer of the sequence)."""
        rows = [self.table[int(row)] for row in self.sequences[index]]
        roles = self.roles
        read = self._steps(rows, roles.input, roles.input_codec)
        if roles.input_codec in media.CODECS:
            read = media.place(read, self.table.folder, roles.input_codec)
        target: Any = read
        if roles.target and not self._targets:
            target = None
        elif roles.target:
            target = self._steps(rows, roles.target, roles.target_codec)
            if roles.target_kind.labelled:
                target = _labels(target, roles)
            if not roles.writes_a_sequence:
                target = target[-1]
        return Example(read, target, self.where(index))

    def where(self, index: int) -> str:
        """Return the place of the first row of a sequence, without reading it."""
        rows = self.sequences[index]
        if not len(rows):
            return self.table.name
        return Place(self.table.where(int(rows[0])), lambda step: self.table.where(int(rows[step])))

    def only(self, places: Sequence[int]) -> GroupExamples:
        """Return some of the sequences."""
        return GroupExamples(self.table, self.roles, [self.sequences[place] for place in places], targets=self._targets)

    def each_row_once(self, before: int = 0) -> GroupExamples:
        """Return the sequences without the rows that one before them has, where they are windows that overlap.

        Parameters
        ----------
        before : int
            Rows that stay before the new ones, and are read once more: those from which their targets are predicted.
        """
        known: set[int] = set()
        parts = []
        for rows in self.sequences:
            # windows of one length, in order: what is new is at the end
            new = next((place for place, row in enumerate(rows) if place >= before and int(row) not in known), None)
            if new is not None:
                parts.append(rows[new - before :])
                known.update(map(int, rows[before:]))
        return GroupExamples(self.table, self.roles, parts, targets=self._targets)

    @staticmethod
    def _steps(rows: list[Row], columns: list[str], codec: str | None) -> list[Any]:
        if class_of(codec).numeric and len(columns) == 1:
            steps = [number_lists.opened(row[columns[0]]) for row in rows]
            return [step if isinstance(step, (list, tuple, np.ndarray)) else [step] for step in steps]
        if class_of(codec).numeric:
            return [[row[name] for name in columns] for row in rows]
        return [row[columns[0]] for row in rows]


class StreamExamples(Sequence[Example]):
    """Pieces of one or several long documents, in order: lines with their ends.

    Attributes
    ----------
    first_row, last_row : int
        The part of the table, last excluded.
    """

    def __init__(self, table: Table, roles: Roles, first_row: int, last_row: int) -> None:
        self.table, self.roles = table, roles
        self.first_row, self.last_row = first_row, last_row

    def __len__(self) -> int:
        return self.last_row - self.first_row

    def __getitem__(self, index: Any) -> Any:
        """Return one piece; it is its own target."""
        if not 0 <= index < len(self):
            raise IndexError(f"piece {index} of {len(self)}")
        row = self.first_row + int(index)
        if isinstance(self.table, LongText):
            text = self.table.piece(row)
        else:
            text = f"{self.table[row][self.roles.input[0]]}\n"
        return Example(text, text, self.table.where(row))

    def begins(self) -> list[int]:
        """The pieces with which a document begins; the first always does."""
        if not isinstance(self.table, FilesTable):
            return [0]
        inner = [row - self.first_row for row in self.table.starts() if self.first_row < row < self.last_row]
        return [0, *inner]


def _labels(cells: Sequence[Any], roles: Roles) -> list[Any]:
    """Labels, None where one is missing."""
    return [None if is_missing(cell, roles.target_kind, roles.missing_labels) else cell for cell in cells]


def value_of(row: Row, columns: list[str], *, steps: bool) -> Any:
    """Return the raw value that columns of one row make.

    One column is its cell. Several cells of text are read one after another; several numbers are one value each, or,
    where a sequence is expected, its steps.
    """
    if not columns:
        return None
    if len(columns) == 1:
        return row[columns[0]]
    cells = [row[name] for name in columns]
    if any(isinstance(cell, str) and not is_number(cell) for cell in cells):
        return " ".join(str(cell) for cell in cells)
    return [[cell] for cell in cells] if steps else cells


def overlapping(first: int, last: int, length: int, stride: int) -> list[np.ndarray]:
    """Cut rows ``first`` to ``last`` (excluded) into windows of a length, the last one ending where they end.

    >>> [window.tolist() for window in overlapping(0, 7, 4, 2)]
    [[0, 1, 2, 3], [2, 3, 4, 5], [3, 4, 5, 6]]
    """
    if last - first <= length:
        return [np.arange(first, last)] if last > first else []
    starts = list(range(first, last - length + 1, stride))
    if starts[-1] + length < last:
        starts.append(last - length)
    return [np.arange(start, start + length) for start in starts]


def partition(first: int, last: int, length: int) -> list[np.ndarray]:
    """Cut rows ``first`` to ``last`` (excluded) into pieces of a length; the last one may be shorter."""
    return [np.arange(start, min(start + length, last)) for start in range(first, last, length)]


def is_one_series(roles: Roles) -> bool:
    """Whether rows are the steps of series that may be cut: numbers with a label, or a value, for every row."""
    if (roles.group and roles.time is None) or not roles.answers_every_step or roles.stream:
        return False
    return roles.input_kind.numeric and roles.target_kind.per_step


def each_target_once(part: Sequence[Example], roles: Roles, horizon: int) -> Sequence[Example]:
    """Return examples whose targets are those of ``part``, each of them once where windows of a series overlap."""
    if not isinstance(part, GroupExamples) or not is_one_series(roles):
        return part
    return part.each_row_once(roles.ahead(horizon) if roles.own_future else 0)


def is_text(roles: Roles) -> bool:
    """Whether lines of text predict their own next symbol."""
    return roles.own_future and roles.input_kind.text is not None
