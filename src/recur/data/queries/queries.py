"""Inputs to answer, each with its origin: its row, its series, and the rows or stamps of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from recur.config import Config
from recur.data.examples.examples import Example, GroupExamples, RowExamples
from recur.data.examples.forecasts import ForecastExamples
from recur.data.load import examples, read_like
from recur.data.readers.media import is_one_value
from recur.data.readers.table import Table
from recur.data.roles.roles import Roles
from recur.data.times.order import OrderedTable
from recur.data.times.panels import series_name
from recur.data.times.series import changes_of

_MOST_STEPS = 2**31 - 1


class InputQuery(NamedTuple):
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
        The rows, from 1, whose steps are answered one by one; None for a row that fills a gap.
    stamps : sequence of str or None
        The times of the steps that are answered.
    """

    value: Any
    row: int
    where: str
    series: str | None = None
    rows: Sequence[int | None] | None = None
    stamps: Sequence[str] | None = None


class Following(Sequence[str]):
    """The times of the steps after a row, made when they are requested.

    Parameters
    ----------
    table : OrderedTable
    row : int
    skipped : int
        Steps after the row that are not answered.
    """

    def __init__(self, table: OrderedTable, row: int, skipped: int = 0) -> None:
        self._table, self._row, self._skipped = table, row, skipped
        self._known: list[str] = []

    def __len__(self) -> int:
        return _MOST_STEPS

    def __getitem__(self, index: Any) -> Any:
        """Return the time of one step."""
        count = self._skipped + index + 1
        if len(self._known) < count:
            self._known = self._table.following(self._row, 2 * count)
        return self._known[count - 1]


class InputQueries(Sequence[InputQuery]):
    """The inputs of a table, read when they are requested.

    Parameters
    ----------
    source : path or rows
        With the columns that the network reads; targets need not be there. The file of one picture, sound, video or
        piece of notes is one input of a network that reads these.
    roles : Roles
    config : Config

    Raises
    ------
    DataError
        When it cannot be read, or an input column is missing.
    """

    def __init__(self, source: Any, roles: Roles, config: Config) -> None:
        self.roles, self._horizon = roles, config.forecast.horizon
        if isinstance(source, (str, Path)) and is_one_value(source, roles.input_codec):
            source = {roles.input[0]: [str(source)]}
        self.table: Table = read_like(source, roles, config, targets=False)
        self._lines = self.table.kind == "text"
        self._examples = [] if self._lines else examples(self.table, roles, config, targets=False)

    @property
    def notes(self) -> list[str]:
        """What was sorted, filled or left out of the rows, in words."""
        return changes_of(self.table)

    def __len__(self) -> int:
        return len(self.table) if self._lines else len(self._examples)

    def __getitem__(self, index: Any) -> Any:
        """Return one input, or a list of inputs."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(f"input {index} of {len(self)}")
        if self._lines:
            return InputQuery(self.table[index]["text"], index + 1, self.table.where(index))
        example, rows = self._examples[index], self.rows_of(index)
        if isinstance(self.table, OrderedTable) and len(rows):
            return self._in_time(example, rows, self.table)
        first = int(rows[0]) if len(rows) else 0
        series = (
            series_name(self.table[first], self.roles.group, self.table) if self.roles.group and len(rows) else None
        )
        steps = isinstance(self._examples, GroupExamples) and self.roles.writes_a_sequence and not self.roles.own_future
        return InputQuery(
            example.input, first + 1, example.where, series, [int(row) + 1 for row in rows] if steps else None
        )

    def _in_time(self, example: Example, rows: np.ndarray, table: OrderedTable) -> InputQuery:
        """A question of rows that were put in the order of time: the answers are of these rows, or of what follows."""
        places = [table.row_number(int(row)) for row in rows]
        first, last = min(filter(None, places), default=1), int(rows[-1])
        if not (self.roles.own_future or self.roles.forecast):
            times = [table.time(int(row)) for row in rows]
            return InputQuery(example.input, first, example.where, table.series(last), places, times)
        # the next steps together, or the one that is so far ahead
        skipped = 0 if self.roles.forecast else self.roles.ahead(self._horizon) - 1
        following: Sequence[str] | None = Following(table, last, skipped) if table.following(last, 1) else None
        return InputQuery(example.input, first, example.where, table.series(last), None, following)

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
    return [question.value for question in InputQueries(source, roles, config)]
