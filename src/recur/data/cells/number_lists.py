"""Cells with several numbers in one text: pixels ("12 0 255"), lists ("[0.1, 0.2]"), series ("1;2;3")."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from recur.codecs.plain_text import shorten
from recur.errors import DataError

_BRACKETS = {"[": "]", "(": ")"}
_SEPARATORS = re.compile(r"[\s,;]+")
_GROUPS = re.compile(r"[+(][\d ()/-]*\d|\d[\d ]*")  # of the digits of a telephone or card number; dates are others
_MOST_GROUPS, _LEAST_DIGITS, _MOST_DIGITS = 6, 7, 19
_LEAST = 3  # numbers in a text without brackets: two may be a score, or a pair of names


def are_lists(values: Sequence[Any]) -> bool:
    """Return whether texts are lists of numbers: in brackets, or all with at least three numbers between spaces.

    >>> are_lists(["[0.1, 0.2]", "[0.3]"]), are_lists(["12 0 255", "1 2 3"]), are_lists(["1 2 3", "see 3 4"])
    (True, True, False)
    """
    if not values or not all(isinstance(value, str) for value in values):
        return False
    return all(_in_brackets(text) is not None for text in values) or all(_bare(text) is not None for text in values)


def are_grouped_digits(values: Sequence[Any]) -> bool:
    """Return whether texts are digits in groups that are one name each: telephone numbers, numbers of cards.

    They begin with +, 0 or a bracket, or have groups of the same lengths, one of which begins with 0.

    >>> are_grouped_digits(["+49 123 4567", "+1 555 123"]), are_grouped_digits(["12 0 255", "291 293 295"])
    (True, False)
    """
    if not values or not all(isinstance(value, str) and _GROUPS.fullmatch(value.strip()) for value in values):
        return False
    groups = [re.findall(r"\d+", value) for value in values]
    digits = [sum(map(len, each)) for each in groups]
    if max(map(len, groups)) > _MOST_GROUPS or not _LEAST_DIGITS <= min(digits) <= max(digits) <= _MOST_DIGITS:
        return False
    if max(map(len, groups)) < 2:
        return False
    if all(
        value.strip()[0] in "+(" or (each[0][0] == "0" != each[0]) for value, each in zip(values, groups, strict=True)
    ):
        return True
    lengths = {tuple(map(len, each)) for each in groups}
    return len(lengths) == 1 and any(group[0] == "0" != group for each in groups for group in each)


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
    numbers = _in_brackets(value)
    if numbers is None:
        numbers = _bare(value)
    if numbers is None and value.lstrip()[:1] == "[":
        raise DataError(
            f'"{shorten(value, 40)}" is not a list of numbers; expected one such as [0.1, 0.2]',
            hint="fix the cell, or leave the row out",
        )
    return value if numbers is None else numbers


def _in_brackets(text: str) -> list[float] | None:
    """Return the numbers of a list in brackets, which may be empty."""
    inner = text.strip()
    if len(inner) < 2 or _BRACKETS.get(inner[0]) != inner[-1]:
        return None
    inner = inner[1:-1].strip().rstrip(",;")
    return [] if not inner else _numbers(inner)


def _bare(text: str) -> list[float] | None:
    """Return the numbers of a text in which spaces or semicolons separate at least three."""
    numbers = None if "," in text else _numbers(text.strip())
    return numbers if numbers is not None and len(numbers) >= _LEAST else None


def _numbers(text: str) -> list[float] | None:
    numbers = []
    for part in _SEPARATORS.split(text):
        try:
            value = float(part)
        except ValueError:
            return None
        if "_" in part or not math.isfinite(value):
            return None
        numbers.append(value)
    return numbers
