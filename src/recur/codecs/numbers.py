"""Numbers: one or many columns, standardised, with their names and units kept."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.codec import Codec
from recur.codecs.column_scale import Moments, restore_scale
from recur.codecs.columns_from_zero import ColumnsFromZero
from recur.codecs.files import digest_of, field, strings
from recur.codecs.number_parsing import number, plain_numbers
from recur.codecs.number_style import NumberStyle
from recur.codecs.number_tables import NumberTables
from recur.codecs.plain_text import shorten
from recur.config import DataConfig
from recur.errors import DataError, RunError
from recur.figures import short

_PLAIN = NumberStyle()
_UNIT = re.compile(r".*[(\[]([^()\[\]]+)[)\]]\s*")


class NumbersCodec(Codec):
    """Numbers as columns of mean 0 and deviation 1 over the training values: ``x' = (x - mean) / deviation``.

    A constant column keeps deviation 1. `decode` gives numbers in their own units again.

    Parameters
    ----------
    sequence : bool
        Whether a value is a series of steps; otherwise it is one row.
    columns : sequence of str
        Names of the columns, which may end with a unit, as in ``Temp [°C]``; default: value, or value 1, ...
    missing : str
        Treatment of missing numbers: ``error`` refuses them, ``mean`` takes the column's mean, ``previous``
        the value one step earlier (the mean, where there is none), ``mask`` keeps it as NaN: a target that is not
        learned from. `missing_count` says how many `fit` met.
    styles : mapping, optional
        Column -> style of its numbers in text.
    from_zero : sequence of str
        Columns that are divided by their mean and not shifted, such as the time since the last step; a column of zeros
        and ones is not scaled. Missing and negative numbers in them are refused.

    Attributes
    ----------
    season : int
        Length of the season of a series, in steps; 1 if it is unknown.
    """

    kind = "numbers"
    medium = "table"
    discrete = False
    numeric = per_step = True
    option_groups = frozenset({"number"})
    season: int
    missing_count: int

    def __init__(
        self, *, sequence: bool, columns: Sequence[str] = (), missing: str = "error",
        styles: Mapping[str, NumberStyle] | None = None, from_zero: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.sequence = sequence
        self._from_zero = ColumnsFromZero(from_zero)
        self._tables = NumberTables(sequence, columns, styles or {})
        self.missing = missing
        self.size = self._tables.size
        self.mean = np.zeros(self.size)
        self.deviation = np.ones(self.size)
        self.missing_count = 0
        self.season = 1
        self._seen = 0

    @classmethod
    def configured(
        cls, data: DataConfig, *, sequence: bool = False, columns: Sequence[str] = (),
        styles: Mapping[str, NumberStyle] | None = None, target: bool = False, from_zero: Sequence[str] = (),
    ) -> NumbersCodec:  # fmt: skip
        missing = "mask" if target else data.table.missing
        return cls(sequence=sequence, columns=columns, missing=missing, styles=styles, from_zero=from_zero)

    @property
    def from_zero(self) -> Sequence[str]:  # type: ignore[override]  # derived here, a field there
        """Columns that are divided by their mean and not shifted."""
        return self._from_zero.names

    @property
    def columns(self) -> list[str]:
        """The names of the columns; empty before the first value if no names were given."""
        return self._tables.columns

    @property
    def styles(self) -> dict[str, NumberStyle]:
        """Styles of the numbers of columns in text, where they are known."""
        return self._tables.styles

    @property
    def units(self) -> list[str]:
        """The unit of each column, read from its name or its numbers; empty if it has none."""
        matches = [_UNIT.fullmatch(name) for name in self.columns]
        own = [self.styles.get(name, _PLAIN).unit for name in self.columns]
        return [match.group(1) if match else unit for match, unit in zip(matches, own, strict=True)]

    def column_names(self) -> list[str]:
        """Return the names of the columns."""
        return [str(name) for name in self.columns]

    def step_labels(self, array: np.ndarray) -> list[str]:
        """Return the number of each step in its own unit; for several columns, the number of the step."""
        return [short(one) for one in self.decode(array)] if self.size == 1 else super().step_labels(array)

    def column_labels(self, array: np.ndarray) -> list[str]:
        """Return the name and the number of each column, in its own unit."""
        numbers = np.atleast_1d(self.decode(array))
        return [f"{name} {short(one, 3)}" for name, one in zip(self.column_names(), numbers, strict=True)]

    def column_deviations(self) -> list[float]:
        """Return the deviation of each column in its own unit."""
        return [float(one) for one in self.deviation]

    def normalisation(self) -> tuple[np.ndarray, np.ndarray]:
        return self.mean.astype(np.float32), self.deviation.astype(np.float32)

    @property
    def fill(self) -> float | None:
        """0 if missing numbers become the mean of their column; otherwise None."""
        return 0.0 if self.missing == "mean" else None

    def content_key(self, value: Any) -> Any:
        """Return numbers, texts of numbers or lists of them as numbers; other text is unchanged."""
        if isinstance(value, np.ndarray):
            return digest_of(value.astype(np.float64) if value.dtype.kind in "fiub" else value)
        if isinstance(value, (list, tuple)):
            plain = plain_numbers(value)
            return [self.content_key(each) for each in value] if plain is None else list(map(repr, plain))
        try:
            return repr(number(value))
        except DataError:
            return value

    def is_one_value(self, value: Any) -> bool:
        """Return whether a list of numbers, or an array of steps, is one series."""
        if not self.sequence:
            return False
        if self.size > 1 and getattr(value, "ndim", 0) == 2:
            return bool(value.shape[1] == self.size)
        listed = isinstance(value, Sequence) or hasattr(value, "__array__")
        return isinstance(next(iter(value), None) if listed else None, Real)

    def is_whole_value(self, item: Any, *, alone: bool, labelled: bool) -> bool:
        del labelled
        # a cell that is a series is a list; a column of such cells is a list of lists
        listed = isinstance(item, (list, tuple)) or bool(getattr(item, "ndim", 0))
        return listed or not (self.sequence and alone)

    def from_text(self, text: str) -> list[str]:
        """Return the numbers of typed text: those of one row, or the steps of one series."""
        return self._tables.split(text)

    @np.errstate(over="ignore", invalid="ignore")  # overflow is refused below
    def fit(self, values: Iterable[Any]) -> NumbersCodec:
        """Measure mean and deviation of each column."""
        moments = Moments()
        self.missing_count = 0
        for value in values:
            block = self._table(value)
            self._from_zero.check(block, self.columns, sequence=self.sequence)
            self._from_zero.observe(block, self.columns)
            absent = np.isnan(block)
            if self.missing == "error" and absent.any():
                self._refuse(absent)
            self.missing_count += int(absent.sum())
            moments.update(block)
        self._check_moments(moments)
        deviation = moments.deviation()
        # the deviation of a constant column is rounding error in the last bits of its mean
        constant = deviation <= 1e-12 * np.maximum(np.abs(moments.mean), 1e-300)
        self.deviation = np.where(constant, 1.0, deviation)
        self.mean = moments.mean
        self._from_zero.scale(self.mean, self.deviation, self.columns)
        self._seen = int(moments.count.max())
        return self

    def _check_moments(self, moments: Moments) -> None:
        """Refuse columns without numbers, and numbers too large to be squared."""
        if not moments.count.size or not moments.count.any():
            raise DataError("there are no numbers to scale: every value is missing, or there are no rows")
        empty = [name for name, n in zip(self.columns, moments.count, strict=True) if n == 0]
        if empty:
            raise DataError(f'column "{empty[0]}" has no numbers', hint="leave the column out")
        wide = [name for name, one in zip(self.columns, moments.deviation(), strict=True) if not math.isfinite(one)]
        if wide:
            raise DataError(
                f'column "{wide[0]}" has numbers whose squares are too large for a float; expected numbers below 1e150',
                hint="scale the column, or leave it out",
            )

    def _table(self, value: Any) -> np.ndarray:
        """Return a value as (T, C) float64 with NaN for missing numbers (T is 1 without sequence)."""
        table = self._tables.read(value)
        self.size = self._tables.size
        return table

    def encode(self, value: Any) -> np.ndarray:
        """Return the standardised numbers: (T, C) float32 of a sequence, else (C,)."""
        return self._encoded(value, self.missing)

    def encode_target(self, value: Any) -> np.ndarray:
        """Return the same with NaN for missing numbers, whatever ``missing`` is: targets are never filled in."""
        return self._encoded(value, "mask")

    def _encoded(self, value: Any, missing: str) -> np.ndarray:
        if not self._seen:
            raise self._not_fitted("scale")
        own = self._table(value)
        self._from_zero.check(own, self.columns, sequence=self.sequence)
        with np.errstate(over="ignore"):
            table = self._fill((own - self.mean) / self.deviation, missing).astype(np.float32)
        if np.isinf(table).any():
            step, column = (int(place[0]) for place in np.nonzero(np.isinf(table)))
            raise DataError(
                f'a number of column "{self.columns[column]}" is more than 3e38 deviations from the mean '
                f"{short(self.mean[column])} at step {step + 1}; expected numbers like those of training",
                hint="fix the number, or leave the row out",
            ).at_step(step)
        return table if self.sequence else table[0]

    def _fill(self, table: np.ndarray, missing: str) -> np.ndarray:
        """Return the standardised table with missing numbers replaced as configured."""
        absent = np.isnan(table)
        if missing == "mask" or not absent.any():
            return table
        if missing == "error":
            self._refuse(absent)
        if missing == "mean":
            return np.where(absent, 0.0, table)
        steps = np.where(absent, -1, np.arange(len(table))[:, None])
        source = np.maximum.accumulate(steps, axis=0)
        filled = np.take_along_axis(table, np.maximum(source, 0), axis=0)
        return np.where(source < 0, 0.0, filled)

    def _refuse(self, absent: np.ndarray) -> None:
        """Return the error for the first missing number."""
        step, column = (int(place[0]) for place in np.nonzero(absent))
        place = f" at step {step + 1}" if self.sequence else ""
        error = DataError(
            f'a number is missing in column "{self.columns[column]}"{place}',
            hint="--missing mean or --missing previous fills it in; or remove the row",
        )
        raise error.at_step(step) if self.sequence else error

    def decode(self, array: Any) -> Any:
        """Return numbers in their own units: a float, a list or a list of lists."""
        values = np.asarray(array, np.float64)
        if values.shape[-1:] != (self.size,) or values.ndim != (2 if self.sequence else 1):
            expected = f"(steps, {self.size})" if self.sequence else f"({self.size},)"
            raise DataError(f"expected numbers of shape {expected}, got {values.shape}")
        own = values * self.deviation + self.mean
        if self.size == 1:
            own = own[..., 0]
        return own.tolist()

    def show(self, value: Any, width: int = 72) -> str:
        """Return the numbers with their units on one line, ? for missing ones; a series shows its first steps."""
        table = self._table(value)
        units = [f" {unit}" if unit else "" for unit in self.units] or [""]
        steps = []
        for row in table[:width]:
            written = ["?" if math.isnan(cell) else self.format_number(cell, column) for column, cell in enumerate(row)]
            cells = [one if one == "?" else f"{one}{unit}" for one, unit in zip(written, units, strict=True)]
            steps.append(cells[0] if len(cells) == 1 else f"({', '.join(cells)})")
        return shorten(", ".join(steps), width)

    def format_number(self, number: float, column: int) -> str:
        """Format a number of a column, with three digits more than the deviation of the column."""
        return short(number, scale=float(self.deviation[column]) if self._seen else None)

    def typed_form(self) -> dict[str, Any] | None:
        style = self._tables.style
        return {
            "kind": "numbers", "columns": [str(one) for one in self.column_names()], "sequence": self.sequence,
            "comma": "," in (style.decimal, style.thousands),
        }  # fmt: skip

    def describe(self) -> str:
        """Return the columns with mean and deviation."""
        parts = [
            f"{name} in units of {short(deviation, 3)}"
            if name in self.from_zero
            else f"{name} {short(mean, scale=deviation)} ± {short(deviation, 3)}"
            for name, mean, deviation in zip(self.columns[:4], self.mean, self.deviation, strict=False)
        ]
        more = ", …" if self.size > 4 else ""
        noun = "column" if self.size == 1 else "columns"
        described = f"numbers: {self.size} {noun} ({', '.join(parts)}{more})"
        return "; ".join([described, *self._describe_styles()])

    def _describe_styles(self) -> list[str]:
        """Return the styles of columns without a decimal point, each once."""
        of_style: dict[tuple[str, str | None, str], list[str]] = {}
        for name in self.columns:
            style = self.styles.get(name)
            if style is not None and not style.plain:
                of_style.setdefault((style.decimal, style.thousands, style.unit), []).append(name)
        return [
            f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {self.styles[names[0]].describe()}"
            for names in of_style.values()
        ]

    def _state(self) -> dict[str, Any]:
        return {
            "sequence": self.sequence,
            "columns": self.columns,
            "units": self.units,
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
            "missing": self.missing,
            "missing_count": self.missing_count,
            "seen": self._seen,
            "season": self.season,
            "styles": {name: asdict(style) for name, style in self.styles.items() if name in self.columns},
            **({"from_zero": list(self.from_zero)} if self.from_zero else {}),
        }

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> NumbersCodec:
        codec = cls(
            sequence=field(state, "sequence", bool, path),
            columns=strings(state, "columns", path),
            missing=field(state, "missing", str, path),
            styles=_styles(state.get("styles", {}), path),
            from_zero=strings(state, "from_zero", path) if "from_zero" in state else (),
        )
        if not set(codec.from_zero) <= set(codec.columns):
            raise RunError(f'{path} is damaged: "from_zero" names a column that it does not have')
        codec.mean, codec.deviation = restore_scale(state, codec.size, path)
        if codec.missing not in ("error", "mean", "previous", "mask"):
            raise RunError(f'{path} is damaged: "missing" is {codec.missing!r}')
        codec.missing_count = field(state, "missing_count", int, path)
        codec._seen = field(state, "seen", int, path)
        if "season" in state:
            codec.season = field(state, "season", int, path)
        return codec


def _styles(state: Any, path: Path) -> dict[str, NumberStyle]:
    """Return the styles of a file."""
    try:
        return {str(name): NumberStyle.restore(one) for name, one in state.items()}
    except (AttributeError, TypeError, ValueError):
        raise RunError(f'{path} is damaged: "styles" should hold a number style for each column') from None
