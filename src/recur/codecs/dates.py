"""Dates and times of day as cyclic columns: the hour, the weekday and the day of the year, each as a point on a circle.

    x = [sin(2 pi u / P), cos(2 pi u / P)]    P = 24 hours, 7 days, 365.2425 days

so that 23:59 is next to 00:00, and the 31st of December next to the 1st of January.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.codec import Codec
from recur.codecs.files import strings
from recur.codecs.plain_text import shorten
from recur.config import DataConfig
from recur.errors import DataError, RunError

PERIODS = {"hour": 24.0, "weekday": 7.0, "day of year": 365.2425}
_HINT = "write 2024-05-17, 14:30 or 2024-05-17 14:30"


class DatesCodec(Codec):
    """A date, a time of day or both (ISO 8601), as two columns for each part that all training values have.

    A value of a sequence is a list of them, one a step.

    Parameters
    ----------
    sequence : bool
        Whether a value has many steps.

    Examples
    --------
    >>> codec = DatesCodec().fit(["06:00", "18:30"])
    >>> codec.describe(), codec.encode("06:00").round(2).tolist()
    ('dates: hour', [1.0, 0.0])
    """

    kind = "dates"
    discrete = False

    def __init__(self, *, sequence: bool = False) -> None:
        self.sequence = sequence
        self.parts: list[str] = []
        self.size = 0

    @classmethod
    def configured(cls, data: DataConfig, *, sequence: bool = False, **_: Any) -> DatesCodec:
        del data
        return cls(sequence=sequence)

    def fit(self, values: Iterable[Any]) -> DatesCodec:
        """Find the parts that every value has."""
        parts = [set(read(step)) for value in values for step in self._steps(value)]
        if not parts:
            raise DataError("there are no dates to learn from", hint="give at least one")
        common = set.intersection(*parts)
        if not common:
            raise DataError("some values are only dates and others only times of day", hint=_HINT)
        return self._adopt([part for part in PERIODS if part in common])

    def _adopt(self, parts: list[str]) -> DatesCodec:
        self.parts, self.size = parts, 2 * len(parts)
        return self

    def _steps(self, value: Any) -> list[Any]:
        if not self.sequence:
            return [value]
        if isinstance(value, (list, tuple, np.ndarray)):
            return list(value)
        raise DataError(f"expected a list of dates, found {type(value).__name__}", hint=_HINT)

    def encode(self, value: Any) -> np.ndarray:
        """Return sine and cosine of each part: (T, C) float32 of a sequence, else (C,)."""
        if not self.parts:
            raise self._not_fitted("parts")
        rows = np.zeros((0, self.size), np.float32)
        for number, step in enumerate(self._steps(value)):
            parts = read(step)
            lacks = [part for part in self.parts if part not in parts]
            if lacks:
                error = DataError(
                    f'"{shorten(str(step), 40)}" has no {lacks[0]}, which training values have', hint=_HINT
                )
                raise error.at_step(number) if self.sequence else error
            angles = [2 * math.pi * parts[part] / PERIODS[part] for part in self.parts]
            row = np.array([[wave(angle) for angle in angles for wave in (math.sin, math.cos)]], np.float32)
            rows = np.concatenate([rows, row])
        return rows if self.sequence else rows[0]

    def decode(self, array: Any) -> Any:
        """Return the parts of encoded dates, such as ``{"hour": 6.0}``: which year it was is not kept."""
        values = np.asarray(array, np.float64)
        if values.shape[-1:] != (self.size,) or values.ndim != (2 if self.sequence else 1):
            expected = f"(steps, {self.size})" if self.sequence else f"({self.size},)"
            raise DataError(f"expected dates of shape {expected}, got {values.shape}")
        turns = np.arctan2(values[..., 0::2], values[..., 1::2]) / (2 * math.pi) % 1.0
        units = turns * [PERIODS[part] for part in self.parts]
        dates = [dict(zip(self.parts, row, strict=True)) for row in units.reshape(-1, len(self.parts)).tolist()]
        return dates if self.sequence else dates[0]

    def column_names(self) -> list[str]:
        """Return the part and the function of each column."""
        return [f"{function} {part}" for part in self.parts for function in ("sin", "cos")]

    def describe(self) -> str:
        """Return the parts that are read."""
        return f"dates: {', '.join(self.parts)}"

    def show(self, value: Any, width: int = 72) -> str:
        """Return the date, or the dates, on one line."""
        steps = value[: 4 * width] if isinstance(value, (list, tuple)) else [value]
        return shorten(", ".join(map(str, steps)), width)

    def _state(self) -> dict[str, Any]:
        return {"parts": self.parts, "sequence": self.sequence}

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> DatesCodec:
        parts = strings(state, "parts", path)
        if not parts or parts != [part for part in PERIODS if part in parts]:
            raise RunError(f'{path} is damaged: "parts" should be some of {", ".join(PERIODS)}, in this order')
        return cls(sequence=bool(state.get("sequence")))._adopt(parts)


def read(value: Any) -> dict[str, float]:
    """Return the parts of a date or a time: hours from 0 to 24, weekdays from 0 (Monday), days from 0 (1 January).

    >>> read("2024-01-01 06:30")
    {'hour': 6.5, 'weekday': 0.0, 'day of year': 0.0}

    Raises
    ------
    DataError
        When the value is no date.
    """
    if isinstance(value, np.datetime64):
        value = str(value)
    if isinstance(value, str):
        value = _parsed(value.strip())
    parts: dict[str, float] = {}
    # NaT, the missing date of pandas, is not equal to itself
    if isinstance(value, (datetime, time)) and value == value:
        parts["hour"] = value.hour + value.minute / 60 + value.second / 3600
    if isinstance(value, date) and value == value:
        parts |= {"weekday": float(value.weekday()), "day of year": value.timetuple().tm_yday - 1.0}
    if not parts:
        raise DataError(f"expected a date or a time, found {shorten(repr(value), 40)}", hint=_HINT)
    return parts


def _parsed(text: str) -> Any:
    """Return the date, the time or both of a text; the text itself where it is none."""
    # without separators 2024 can be a year or the time 20:24
    try:
        if ":" in text:
            return datetime.fromisoformat(text) if "-" in text else time.fromisoformat(text)
        return date.fromisoformat(text) if "-" in text else text
    except ValueError:
        return text
