"""Raw values as numbers: one number, and the numbers in typed text."""

from __future__ import annotations

import math
import re
import sys
from typing import Any

import numpy as np

from recur.codecs.missing import is_missing_number
from recur.codecs.number_style import NumberStyle, OffStyle
from recur.codecs.plain_text import shorten
from recur.errors import DataError

# digits that a float holds without becoming infinite
_PLAIN_NUMBER = r"-?\d{1,200}(?:\.\d{1,200})?"
_PLAIN_NUMBERS = re.compile(rf"{_PLAIN_NUMBER}(?:\n{_PLAIN_NUMBER})*", re.ASCII)


def plain_numbers(values: Any) -> list[float] | None:
    """Return texts as numbers in one step, where all are digits with at most a decimal point; otherwise None.

    >>> plain_numbers(["1", "-2.5"]), plain_numbers(["1", "NA"]), plain_numbers([1.0])
    ([1.0, -2.5], None, None)
    """
    # a text that does not fit the style of its column has a class of its own
    if set(map(type, values)) != {str} or not _PLAIN_NUMBERS.fullmatch("\n".join(values)):
        return None
    try:
        return list(map(float, values))
    except ValueError:
        # a line end within a text
        return None


def number(value: Any, style: NumberStyle | None = None) -> float:
    """Return a raw value as a number, NaN when it is missing (empty, NA, NaN, null, none, ?, -).

    Parameters
    ----------
    value : object
    style : NumberStyle, optional
        Style of its column, for text; default: digits with a decimal point.

    Raises
    ------
    DataError
        When the value is not a number, is infinite, or is a whole number too large for a float.
    """
    if value is None:
        return math.nan
    if isinstance(value, str):
        text = value.strip()
        if is_missing_number(text):
            return math.nan
        if isinstance(value, OffStyle):
            raise DataError(value.reason, hint="write it like the others in its column, or leave it empty")
        if style is not None and not style.plain:
            return style.value(text)
        try:
            parsed: float | None = float(text)
        except ValueError:
            parsed = None
        # Python reads 1_000 as a number; other tools read it as a name
        if parsed is None and style is not None:
            return style.value(text)
        if parsed is None or "_" in text:
            hint = "give a number such as 3.14, or leave it empty"
            raise DataError(f'"{shorten(text, 40)}" is not a number', hint=hint) from None
    elif isinstance(value, (int, float, np.number, np.bool_)):
        try:
            parsed = float(value)
        except OverflowError:
            raise DataError(
                f"expected a number up to {sys.float_info.max:.3g}, found a whole number of "
                f"{int(value).bit_length():,} bits",
                hint="remove the row or leave the value empty",
            ) from None
    else:
        raise DataError(f"expected a number, found {type(value).__name__} {shorten(repr(value), 40)}")
    if math.isinf(parsed):
        hint = "remove the row or leave the value empty"
        raise DataError(f"expected a finite number, found {shorten(str(value), 40)}", hint=hint)
    return parsed


def split_numbers(text: str, style: NumberStyle) -> list[str]:
    """Return the numbers of a typed text, each as text, separated by spaces, semicolons, or commas outside numbers.

    >>> split_numbers("291,5 293,5", NumberStyle(",")), split_numbers("1, 2,3", NumberStyle())
    (['291,5', '293,5'], ['1', '2', '3'])

    Raises
    ------
    DataError
        When commas may separate numbers or be part of them.
    """
    parts = text.replace(";", " ").split()
    if style.decimal == "," or style.thousands == ",":
        return [part for part in (each.removesuffix(",") for each in parts) if part]
    inner = [part for part in parts if "," in part.strip(",")]
    if inner and len(parts) > 1 and any("," not in part for part in parts[:-1]):
        raise _mixed(inner[0])
    if inner and len(inner) == len(parts) > 1 and not any(part.endswith(",") for part in parts):
        raise _mixed(inner[0])
    return text.replace(";", " ").replace(",", " ").split()


def _mixed(part: str) -> DataError:
    return DataError(
        f'"{shorten(part, 40)}" may be one number with a decimal comma or two numbers; expected numbers as in the '
        "training data",
        hint='separate numbers by spaces and write a decimal point: "291.5 293.5"',
    )
