"""Numbers written as text in tables that are not CSV files: JSON lines, Python values, arrays of texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recur.codecs.number_notation import notation_of
from recur.codecs.number_style import NumberStyle, settled
from recur.config import DataConfig
from recur.data.cells.survey import Survey
from recur.data.readers.table import Row, Table

_FIRST = 100


class StyledTable(Table):
    """A table with the texts of some columns read as numbers, each column in its style.

    Parameters
    ----------
    table : Table
    converted : mapping
        Column -> style.
    """

    def __init__(self, table: Table, converted: Mapping[str, NumberStyle]) -> None:
        self._table, self._converted = table, dict(converted)
        self.name, self.columns, self.kind = table.name, table.columns, table.kind
        self.holds, self.notes = table.holds, table.notes
        path = getattr(table, "path", None)
        if path is not None:
            self.path = path

    def __len__(self) -> int:
        return len(self._table)

    @property
    def folder(self) -> Path | None:
        """Where the paths in its cells begin."""
        return self._table.folder

    @property
    def files(self) -> list[Path]:
        """Those of the table."""
        return self._table.files

    def row(self, index: int) -> Row:
        """Return the row; values that are not text are unchanged."""
        row = dict(self._table[index])
        for name, style in self._converted.items():
            row[name] = settled(row[name], style)
        return row

    def where(self, index: int) -> str:
        """Return the place of a row."""
        return self._table.where(index)


def styled(table: Table, config: DataConfig, known: Mapping[str, NumberStyle]) -> Table:
    """Return a table whose columns of texts are judged as those of a CSV file are; numbers stay numbers."""
    texts = [name for name in table.columns if _may_be_numbers(table, name)]
    if not texts:
        return table
    survey = Survey(texts)
    for index in range(len(table)):
        row = table[index]
        survey.see([row[name] for name in texts])
    styles = survey.styles(config, known=known)
    converted = survey.converted(styles)
    result = StyledTable(table, converted) if converted else table
    result.styles = styles
    return result


def _may_be_numbers(table: Table, name: str) -> bool:
    """Return whether some of the first cells are texts, and one of these is a number."""
    values: list[Any] = [table[index][name] for index in range(min(_FIRST, len(table)))]
    return any(isinstance(value, str) and notation_of(value) is not None for value in values)
