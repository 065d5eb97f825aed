"""The style of the numbers of a column: its decimal sign, its thousands sign and its unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from recur.codecs.missing import is_missing_number
from recur.codecs.number_notation import Notation, notation_of, value_of
from recur.codecs.plain_text import shorten
from recur.errors import DataError

NAMES = {".": "point", ",": "comma", "'": "apostrophe", " ": "space", "": "none"}


class OffStyle(str):
    """A cell that is not a number in the style of its column."""

    reason: str

    def __new__(cls, text: str, reason: str) -> OffStyle:
        """Store the reason."""
        cell = super().__new__(cls, text)
        cell.reason = reason
        return cell


@dataclass(frozen=True)
class NumberStyle:
    """The style of all numbers of a column.

    Attributes
    ----------
    decimal : str
        ``.`` or ``,``; empty if no number shows it.
    thousands : str or None
        ``,``, ``.``, ``'`` or a space; empty for none; None if no number shows it: then each sign that is not
        the decimal sign may be there.
    unit : str
        A currency, % or ‰; numbers without one are read too.
    example : str
        A number of the column, for people.
    why : str
        How it was determined, if not by the numbers of the column alone.
    """

    decimal: str = ""
    thousands: str | None = None
    unit: str = ""
    example: str = ""
    why: str = ""

    @classmethod
    def restore(cls, state: Any) -> NumberStyle:
        """Return the style from a saved state; raise ValueError if it is not one."""
        style = cls(**state)
        texts = (style.decimal, style.unit, style.example, style.why)
        if not all(isinstance(each, str) for each in texts) or style.decimal not in ("", ".", ","):
            raise ValueError(f"no number style: {state!r}")
        if style.thousands not in (None, "", ",", ".", "'", " "):
            raise ValueError(f"no thousands sign: {style.thousands!r}")
        return style

    @property
    def plain(self) -> bool:
        """Whether every program can read its numbers: at most a decimal point."""
        return self.decimal in ("", ".") and not self.thousands and not self.unit

    def value(self, text: str) -> float:
        """Parse a number in this style.

        >>> NumberStyle(",").value("1.234,50")
        1234.5

        Raises
        ------
        DataError
            When it is no number, or one of another style.
        """
        notation = notation_of(text)
        if notation is None:
            raise DataError(
                f'"{shorten(text, 40)}" is not a number', hint="give a number such as 3.14, or leave it empty"
            )
        if notation.unit and notation.unit != self.unit:
            expected = f"numbers in {self.unit}" if self.unit else "numbers without a unit"
            raise DataError(f'"{shorten(text, 40)}" is in {notation.unit}; expected {expected}', hint="use one unit")
        group = self._group(text, notation)
        return value_of(text, group)

    def read(self, text: str) -> float | str:
        """Return a cell as a number; leave a missing one as it is; return any other text as `OffStyle`."""
        if is_missing_number(text):
            return text
        try:
            return self.value(text)
        except DataError as error:
            return OffStyle(text, error.message)

    def describe(self) -> str:
        """Return the style in words, with an example: ``decimal comma: "12,5" is 12.5``."""
        parts = [f"decimal {NAMES[self.decimal]}"] * bool(self.decimal == ",")
        parts += [f"thousands {NAMES[self.thousands]}"] * bool(self.thousands) if self.thousands else []
        parts += [f"unit {self.unit}"] * bool(self.unit)
        style = ", ".join(parts) or "decimal point"
        if self.example:
            value = self.value(self.example)
            style += f': "{self.example}" is {value:.10g}'
        return f"{style} ({self.why})" if self.why else style

    def _group(self, text: str, notation: Notation) -> str:
        """Return the thousands sign of a number, and refuse one that the style does not have."""
        if notation.kind == "open":
            if self.decimal:
                decimal = notation.sign == self.decimal
            elif self.thousands is not None:
                decimal = notation.sign != self.thousands
            else:
                raise DataError(both_readings(text), hint="type --decimal , or --decimal . to choose")
            sign, group = (notation.sign, "") if decimal else ("", notation.sign)
        else:
            sign, group = notation.sign, notation.group
        fits = not sign or not self.decimal or sign == self.decimal
        fits &= not group or (group != self.decimal and self.thousands in (None, group))
        fits &= not sign or sign != self.thousands
        if not fits:
            expected = f"a decimal {NAMES[self.decimal]}" if self.decimal else f"no {NAMES[sign or group]}"
            if self.thousands:
                expected += f" and a thousands {NAMES[self.thousands]}"
            raise DataError(
                f'"{shorten(text, 40)}" is written in another style than its column, whose numbers have {expected}',
                hint="write the number like the others, or add --decimal and --thousands",
            )
        return group


def both_readings(text: str) -> str:
    """Return both meanings of a number whose sign is open.

    >>> both_readings("1.002")
    '"1.002" may be 1.002 or 1002'
    """
    notation = notation_of(text)
    sign = notation.sign if notation else "."
    return f'"{text.strip()}" may be {value_of(text, ""):.10g} or {value_of(text, sign):.10g}'


def settled(value: Any, style: NumberStyle | None) -> Any:
    """Return a text as the number that it is in a style; return anything else unchanged."""
    if style is None or not isinstance(value, str):
        return value
    return style.read(value)
