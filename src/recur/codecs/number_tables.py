"""Raw values as tables of numbers: one row or many steps, with the columns of the first value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from recur.codecs.number_parsing import number, plain_numbers, split_numbers
from recur.codecs.number_style import NumberStyle, OffStyle
from recur.codecs.plain_text import shorten
from recur.errors import DataError

UNNAMED = "value"


class NumberTables:
    """Reads values as (T, C) float64 with NaN for missing numbers; T is 1 without ``sequence``.

    Parameters
    ----------
    sequence : bool
        Whether a value has many steps.
    columns : sequence of str
        Names of the columns; without names, the first value determines their number.
    styles : mapping
        Column -> style of its numbers in text.
    """

    def __init__(self, sequence: bool, columns: Sequence[str], styles: Mapping[str, NumberStyle]) -> None:
        self.sequence, self.columns, self.styles = sequence, list(columns), dict(styles)

    @property
    def size(self) -> int:
        """Number of columns; 0 before the first value."""
        return len(self.columns)

    def split(self, text: str) -> list[str]:
        """Return the numbers of typed text: those of one row, or the steps of one series."""
        text = text.strip()
        if text[:1] == "[" and text[-1:] == "]":
            text = text[1:-1]
        return split_numbers(text, self.style)

    @property
    def style(self) -> NumberStyle:
        """The style in which typed text is split: that of the first column that has one."""
        return next((self.styles[name] for name in self.columns if name in self.styles), NumberStyle())

    def read(self, value: Any) -> np.ndarray:
        """Return the table of a value: a number, a text, a list, a list of lists, an array or a dictionary.

        Raises
        ------
        DataError
            When a number cannot be read or is infinite, or the columns are not those of the values before.
        """
        if isinstance(value, str) and (self.sequence or self.size > 1) and not isinstance(value, OffStyle):
            value = self.split(value)
        if isinstance(value, dict):
            value = [value.get(name) for name in self.columns] if self.columns else list(value.values())
        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            table = value.astype(np.float64)
            self._refuse_infinite(table)
        else:
            table = self._parse(value)
        return self._check_width(self._as_table(table))

    def _as_table(self, table: np.ndarray) -> np.ndarray:
        """Return an array of any number of axes as steps by columns."""
        if table.ndim == 0:
            table = table.reshape(1, 1)
        elif table.ndim == 1:
            alone = self.sequence and (self.size <= 1 or len(table) == 0)
            table = table.reshape(-1, 1) if alone else table.reshape(1, -1)
            if alone and self.size > 1:
                table = np.zeros((0, self.size))
        if table.ndim != 2 or (not self.sequence and table.shape[0] != 1):
            expected = "steps by columns" if self.sequence else "one row of columns"
            raise DataError(f"expected {expected}, found numbers of shape {table.shape}")
        return table

    def _refuse_infinite(self, table: np.ndarray) -> None:
        """Return the error for the first infinite number of an array."""
        infinite = np.isinf(table)
        if not infinite.any():
            return
        place = [int(axis[0]) for axis in np.nonzero(infinite)]
        steps = self.sequence and len(place) > 0
        column = place[-1] if len(place) > 1 or (place and not steps) else 0
        name = f' in column "{self.columns[column]}"' if column < len(self.columns) else ""
        error = DataError(f"expected finite numbers, found an infinite one{name}", hint="leave it empty (NaN)")
        raise error.at_step(place[0]) if steps else error

    def _check_width(self, table: np.ndarray) -> np.ndarray:
        """Return the table if it has the known number of columns; learn the number from the first one."""
        width = table.shape[1]
        if not self.columns:
            self.columns = [UNNAMED] if width == 1 else [f"{UNNAMED} {i + 1}" for i in range(width)]
        if width != self.size:
            names = ", ".join(self.columns[:8])
            raise DataError(f"expected {self.size} numbers ({names}), found {width}")
        return table

    def _parse(self, value: Any) -> np.ndarray:
        """Return numbers, texts of numbers, or lists of them as an array."""
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        if not isinstance(value, (list, tuple, np.ndarray)):
            return np.array(self._number(value, 0, None))
        if len(value) and isinstance(value[0], (list, tuple, np.ndarray)):
            return self._parse_steps(value)
        if (plain := self._plain(value)) is not None:
            return np.array(plain, np.float64)
        steps = self.sequence and self.size <= 1
        return np.array(
            [self._number(item, 0 if steps else place, place if steps else None) for place, item in enumerate(value)],
            np.float64,
        )

    def _parse_steps(self, value: Any) -> np.ndarray:
        """Return a list of steps, each a list of numbers, as an array."""
        rows = []
        for step, row in enumerate(value):
            try:
                plain = self._plain(row)
                if plain is None:
                    plain = [self._number(item, column, step) for column, item in enumerate(_columns_of(row))]
                rows.append(plain)
            except DataError as error:
                raise error.at_step(step) from None
        widths = {len(row) for row in rows}
        if len(widths) > 1:
            raise DataError(f"steps have different numbers of columns: {min(widths)} and {max(widths)}")
        return np.array(rows)

    def _plain(self, values: Any) -> list[float] | None:
        """Return texts that are plain numbers, where no column has a style of its own; otherwise None."""
        if not isinstance(values, (list, tuple)) or any(not style.plain for style in self.styles.values()):
            return None
        return plain_numbers(values)

    def _number(self, value: Any, column: int, step: int | None) -> float:
        """Return one number of a column; an error names both."""
        name = self.columns[column] if column < len(self.columns) else ""
        try:
            return number(value, self.styles.get(name))
        except DataError as error:
            # the reader of a table names columns without a name
            known = bool(name) and self.columns != [UNNAMED]
            placed = DataError(f'column "{name}": {error.message}' if known else error.message, hint=error.hint)
            raise placed if step is None else placed.at_step(step) from None


def _columns_of(row: Any) -> Any:
    """Return the numbers of a step of a series of several columns."""
    if isinstance(row, (list, tuple)) or (isinstance(row, np.ndarray) and row.ndim):
        return row
    raise DataError(
        f"expected a list of numbers for every step, found {type(row).__name__} {shorten(repr(row), 40)}",
        hint="[[1, 2], [3, 4]] is two steps of two columns",
    )
