"""Warnings about values that may be meant differently: printed before training, with the option that changes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from recur.codecs.missing import is_empty
from recur.codecs.number_parsing import number
from recur.data.readers.table import Table
from recur.errors import DataError

_FILLERS = frozenset(sign * size for size in (99, 999, 9999, 99999, 99.9, 999.9, 99.99, 999.99) for sign in (1, -1))
_LEAST_ROWS = 20
_FAR = 3  # ranges of the other values


def ambiguities(
    table: Table, inputs: Sequence[str], targets: Sequence[str], numeric: Sequence[str], *, labels: bool = False
) -> list[str]:
    """Return what may be meant differently in the columns that are read and predicted, in words.

    Parameters
    ----------
    table : Table
    inputs, targets : sequence of str
    numeric : sequence of str
        Those of both that are read as numbers.
    labels : bool
        Whether each cell of a target is one class.
    """
    if table.kind != "table" or len(table) < _LEAST_ROWS or not {*inputs, *targets} <= set(table.columns):
        return []
    rows = table.sampled()
    columns = {name: [row[name] for row in rows] for name in {*inputs, *targets} if name not in table.holds}
    warnings = [_filled(name, columns[name]) for name in dict.fromkeys(numeric) if name in columns]
    for target in (name for name in targets if name not in numeric and name in columns):
        warnings.append(_alike(target, columns[target]))
        warnings.append(_several(target, columns[target]) if labels else "")
        warnings += [_copied(name, columns[name], target, columns[target]) for name in inputs if name in columns]
    return [warning for warning in warnings if warning]


def _filled(name: str, values: Sequence[Any]) -> str:
    """A number such as -999, repeated and far from the others, is how many programs write that there is none."""
    numbers = [each for each in map(_number, values) if each is not None]
    for filler in sorted(_FILLERS & set(numbers)):
        others = [value for value in numbers if value != filler]
        count = len(numbers) - len(others)
        if count < 2 or not others:
            continue
        low, high = min(others), max(others)
        distance = low - filler if filler < low else filler - high
        if distance > _FAR * max(high - low, abs(low) / 10, abs(high) / 10):
            return (
                f"{name}: {filler:g} occurs {count} times, and the other numbers are from {low:g} to {high:g}; "
                "if it marks a missing value, leave these cells empty and give --missing"
            )
    return ""


def _alike(name: str, values: Sequence[Any]) -> str:
    """Labels that differ in capital letters alone are different classes."""
    forms: dict[str, set[str]] = defaultdict(set)
    for value in values:
        if isinstance(value, str) and not is_empty(value):
            forms[value.strip().lower()].add(value.strip())
    twice = next((sorted(each) for each in forms.values() if len(each) > 1), None)
    few = len(forms) <= max(2, len(values) // 4)
    return f"{name}: {' and '.join(map(repr, twice))} are different classes" if twice and few else ""


def _several(name: str, values: Sequence[Any]) -> str:
    """Cells such as drama,comedy may be two labels."""
    for sign, signs in ((",", "commas"), (";", "semicolons"), ("|", "vertical bars")):
        cells = [value for value in values if isinstance(value, str) and _number(value) is None]
        count = sum(sign in value.strip(f"{sign} ") for value in cells)
        if count:
            return (
                f"{name}: {count:,} of {len(values):,} cells contain {signs}: several labels in one cell are read as "
                "one class"
            )
    return ""


def _copied(name: str, values: Sequence[Any], target: str, labels: Sequence[Any]) -> str:
    """A column with one value for each class, and another for each other one, may be the class in another form."""
    pairs = {(str(value), str(label)) for value, label in zip(values, labels, strict=True)}
    count = len({label for _, label in pairs})
    if count < 2 or len(pairs) != count or len({value for value, _ in pairs}) != count or count * 5 > len(labels):
        return ""
    return f"{name} has one value for each class of {target}; if it is not known beforehand, leave it out (--input)"


def _number(value: Any) -> float | None:
    try:
        return number(value)
    except DataError:
        return None
