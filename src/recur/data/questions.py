"""Inputs to answer, each with where it comes from: its row, its series, and the rows or stamps of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from recur.config import Config
from recur.data.examples import GroupExamples, RowExamples
from recur.data.forecasts import ForecastExamples
from recur.data.load import examples, read_like
from recur.data.roles import Roles
from recur.data.table import Table


class Question(NamedTuple):
    """One input.

    Attributes
    ----------
    value : object
        What the network reads.
    row : int
        Number of the row, or of the input, from 1.
    where : str
        Its place, such as ``file.csv:12``.
    series : str or None
        The value of the group column.
    rows : sequence of int or None
        The rows, from 1, whose steps are answered one by one.
    stamps : sequence of str or None
        The times of the steps that are answered.
    """

    value: Any
    row: int
    where: str
    series: str | None = None
    rows: Sequence[int] | None = None
    stamps: Sequence[str] | None = None


class Questions(Sequence[Question]):
    """The inputs of a table, read when they are asked for.

    Parameters
    ----------
    source : path or rows
        With the columns that the network reads; targets need not be there.
    roles : Roles
    config : Config

    Raises
    ------
    DataError
        When it cannot be read, or an input column is missing.
    """

    def __init__(self, source: Any, roles: Roles, config: Config) -> None:
        self.roles = roles
        self.table: Table = read_like(source, roles, config, targets=False)
        self._lines = self.table.kind == "text"
        self._examples = [] if self._lines else examples(self.table, roles, config, targets=False)

    def __len__(self) -> int:
        return len(self.table) if self._lines else len(self._examples)

    def __getitem__(self, index: Any) -> Any:
        """Return one input, or a list of inputs."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(f"input {index} of {len(self)}")
        if self._lines:
            return Question(self.table[index]["text"], index + 1, self.table.where(index))
        example, rows = self._examples[index], self.rows_of(index)
        first = int(rows[0]) if len(rows) else 0
        series = str(self.table[first][self.roles.group]) if self.roles.group and len(rows) else None
        steps = isinstance(self._examples, GroupExamples) and self.roles.writes_a_sequence and not self.roles.own_future
        return Question(
            example.input, first + 1, example.where, series, [int(row) + 1 for row in rows] if steps else None
        )

    def rows_of(self, index: int) -> np.ndarray:
        """The rows of the table that an input is made of."""
        if isinstance(self._examples, RowExamples):
            return self._examples.rows[index : index + 1]
        if isinstance(self._examples, GroupExamples):
            return self._examples.sequences[index]
        if isinstance(self._examples, ForecastExamples):
            return self._examples.pieces[index][0]
        return np.array([index])


def inputs(source: Any, roles: Roles, config: Config) -> list[Any]:
    """Return the raw inputs of a file or of rows, whose targets need not be there.

    Raises
    ------
    DataError
        When an input column is missing.
    """
    return [question.value for question in Questions(source, roles, config)]
