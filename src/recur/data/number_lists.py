"""Cells that are several numbers in one text: pixels ("12 0 255"), lists ("[0.1, 0.2]"), series ("1;2;3")."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from recur.codecs.codec import shorten
from recur.errors import DataError

_BRACKETS = {"[": "]", "(": ")"}
_SEPARATORS = re.compile(r"[\s,;]+")
_LEAST = 3  # numbers in a text without brackets: two may be a score, or a pair of names


def are_lists(values: Sequence[Any]) -> bool:
    """Return whether texts are lists of numbers: in brackets, or all with at least three numbers between spaces.

    >>> are_lists(["[0.1, 0.2]", "[0.3]"]), are_lists(["12 0 255", "1 2 3"]), are_lists(["1 2 3", "see 3 4"])
    (True, True, False)
    """
    if not values or not all(isinstance(value, str) for value in values):
        return False
    return all(_in_brackets(text) is not None for text in values) or all(_bare(text) is not None for text in values)


def opened(value: Any) -> Any:
    """Return the numbers of a text that is a list of them; any other value as it is.

    >>> opened("[0.1, 2]"), opened("12 0 255"), opened("12")
    ([0.1, 2.0], [12.0, 0.0, 255.0], '12')

    Raises
    ------
    DataError
        When a bracket is opened, and what follows is no list of numbers.
    """
    if not isinstance(value, str):
        return value
    found = _in_brackets(value)
    if found is None:
        found = _bare(value)
    if found is None and value.lstrip()[:1] == "[":
        raise DataError(
            f'"{shorten(value, 40)}" is no list of numbers; expected one such as [0.1, 0.2]',
            hint="fix the cell, or leave the row out",
        )
    return value if found is None else found


def _in_brackets(text: str) -> list[float] | None:
    """Return the numbers of a list in brackets, which may be empty."""
    inner = text.strip()
    if len(inner) < 2 or _BRACKETS.get(inner[0]) != inner[-1]:
        return None
    inner = inner[1:-1].strip().rstrip(",;")
    return [] if not inner else _numbers(inner)


def _bare(text: str) -> list[float] | None:
    """Return the numbers of a text in which spaces or semicolons separate at least three."""
    found = None if "," in text else _numbers(text.strip())
    return found if found is not None and len(found) >= _LEAST else None


def _numbers(text: str) -> list[float] | None:
    found = []
    for part in _SEPARATORS.split(text):
        try:
            value = float(part)
        except ValueError:
            return None
        if "_" in part or not math.isfinite(value):
            return None
        found.append(value)
    return found
