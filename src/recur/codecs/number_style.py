"""How a number is written: decimal sign, thousands sign, currency, percent, minus; its value in a given style.

    12,5   12.5   1.234,50   1,234.50   1'234.50   1 234,50   (12.50)   12.50-   12,-   $ 12   12 %   1.5e-3

One number alone may be ambiguous: "1.002" is 1.002 or 1002. The style of its column decides.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from recur.codecs.missing import is_missing_number
from recur.codecs.plain_text import shorten
from recur.errors import DataError

NAMES = {".": "point", ",": "comma", "'": "apostrophe", " ": "space", "": "none"}

_LONGEST = 60
EXACT = 15  # digits of a whole number that a float holds
_LEAST_CODE = 3  # digits: 08 may be an hour, 007 is a name
_LEAST_PHONE = 8

_SPACES = "\u00a0\u202f\u2007\u2009\u200a"
_APOSTROPHES = "\u2019\u2018\u02bc\u00b4`"
_MINUSES = "\u2013\u2012\ufe63\uff0d"
_ALIKE = {
    **dict.fromkeys(map(ord, _SPACES), "\u00a0"),
    **dict.fromkeys(map(ord, _APOSTROPHES), "'"),
    **dict.fromkeys(map(ord, _MINUSES), "\u2212"),
}
# numbers of one shape are written alike: 0 stays, since it neither begins a group nor is left out at the end by chance
_SHAPE = {**_ALIKE, **dict.fromkeys(map(ord, "12345678"), "9")}

_MONEY = (
    r"(?:US|CA|HK|NZ|A|C|R|S)?\$|[€£¥₹₽₩₺₫₴₪฿₱₦¢]|kr\.?|Kč|zł|Fr\.|EUR|USD|GBP|CHF|JPY|CNY|INR|RUB|SEK|NOK|DKK|PLN|CZK"
    r"|HUF|BRL|AUD|CAD|NZD|MXN|ZAR|TRY|KRW|SGD|HKD|THB|ILS"
)
_CELL = re.compile(
    r'(?P<quote>")?(?P<opened>\()?[ \u00a0]*(?P<first>[-+\u2212])?[ \u00a0]*'
    rf"(?P<before>{_MONEY})?[ \u00a0]*(?P<second>[-+\u2212])?"
    r"(?P<digits>[.,]?[0-9][0-9.,' \u00a0]*)(?P<power>[eE][-+]?[0-9]{1,4})?"
    rf"[ \u00a0]*(?P<after>{_MONEY}|[%‰])?[ \u00a0]*(?P<last>[-\u2212])?[ \u00a0]*(?P<closed>\))?(?P<unquote>\")?"
)

# a dash in place of the cents of a price: 1.234,-
_NO_CENTS = re.compile(r"(?<=[0-9])([.,])[-\u2212\u2014]{1,2}(?![0-9])")

Kind = Literal["whole", "decimal", "grouped", "open", "code"]


class Written(NamedTuple):
    """How one number is written.

    Attributes
    ----------
    kind : str
        ``whole``: digits alone; ``decimal``: its decimal sign is certain; ``grouped``: its thousands sign is certain,
        and there is no other; ``open``: one sign before the last three digits, which may be either; ``code``: a number
        by its digits and a name by its form, such as 01067.
    sign : str
        The decimal sign, or the sign whose meaning is open.
    group : str
        The thousands sign.
    groups : int
        How many there are, in one that is separated by ordinary spaces.
    size : int
        Digits before the decimal sign.
    filled : bool
        Whether the last digit is 0.
    plain : bool
        Whether every program reads it: a point at most, no group, no unit.
    unit : str
    """

    kind: Kind
    sign: str = ""
    group: str = ""
    groups: int = 0
    size: int = 0
    filled: bool = False
    plain: bool = True
    unit: str = ""


class OffStyle(str):
    """A cell that is not a number in the style of its column."""

    reason: str

    def __new__(cls, text: str, reason: str) -> OffStyle:
        """Keep why it cannot be read."""
        found = super().__new__(cls, text)
        found.reason = reason
        return found


def written(text: str) -> Written | None:
    """Return how a text writes a number, None where it writes none.

    >>> written("1.234,50").sign, written("1.002").kind, written("12 %").unit, written("01067").kind
    (',', 'open', '%', 'code')
    """
    if len(text) > _LONGEST:
        return None
    shape = text.strip().translate(_SHAPE)
    whole = _with_cents(shape)
    found = _written(whole)
    return found if whole is shape or found is None else found._replace(plain=False)


@dataclass(frozen=True)
class NumberStyle:
    """The style of all numbers of a column.

    Attributes
    ----------
    decimal : str
        ``.`` or ``,``; empty where no number has shown it.
    thousands : str or None
        ``,``, ``.``, ``'`` or a space; empty for none; None where no number has shown it: then each sign that is not
        the decimal sign may be there.
    unit : str
        A currency, % or ‰; numbers without one are read too.
    example : str
        A number of the column, for people.
    why : str
        What decided, where the numbers of the column alone did not.
    """

    decimal: str = ""
    thousands: str | None = None
    unit: str = ""
    example: str = ""
    why: str = ""

    @classmethod
    def restore(cls, state: Any) -> NumberStyle:
        """Return the style of a state that was read from a file; ValueError where it is none."""
        found = cls(**state)
        texts = (found.decimal, found.unit, found.example, found.why)
        if not all(isinstance(each, str) for each in texts) or found.decimal not in ("", ".", ","):
            raise ValueError(f"no number style: {state!r}")
        if found.thousands not in (None, "", ",", ".", "'", " "):
            raise ValueError(f"no thousands sign: {found.thousands!r}")
        return found

    @property
    def plain(self) -> bool:
        """Whether its numbers are those of every program: a point at most."""
        return self.decimal in ("", ".") and not self.thousands and not self.unit

    def value(self, text: str) -> float:
        """Return a number that is written in this style.

        >>> NumberStyle(",").value("1.234,50")
        1234.5

        Raises
        ------
        DataError
            When it is no number, or one of another style.
        """
        found = written(text)
        if found is None:
            raise DataError(
                f'"{shorten(text, 40)}" is not a number', hint="give a number such as 3.14, or leave it empty"
            )
        if found.unit and found.unit != self.unit:
            expected = f"numbers in {self.unit}" if self.unit else "numbers without a unit"
            raise DataError(f'"{shorten(text, 40)}" is in {found.unit}; expected {expected}', hint="use one unit")
        group = self._group(text, found)
        return _value(text, group)

    def read(self, text: str) -> float | str:
        """Return a cell as a number; a missing one as it is, another as `OffStyle`."""
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
        said = ", ".join(parts) or "decimal point"
        if self.example:
            value = self.value(self.example)
            said += f': "{self.example}" is {value:.10g}'
        return f"{said} ({self.why})" if self.why else said

    def _group(self, text: str, found: Written) -> str:
        """Return the thousands sign of a number, refused where it is not that of the style."""
        if found.kind == "open":
            if self.decimal:
                decimal = found.sign == self.decimal
            elif self.thousands is not None:
                decimal = found.sign != self.thousands
            else:
                raise DataError(both_readings(text), hint="type --decimal , or --decimal . to choose")
            sign, group = (found.sign, "") if decimal else ("", found.sign)
        else:
            sign, group = found.sign, found.group
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
    found = written(text)
    sign = found.sign if found else "."
    return f'"{text.strip()}" may be {_value(text, ""):.10g} or {_value(text, sign):.10g}'


def _with_cents(text: str) -> str:
    """Return a price with its cents.

    >>> _with_cents("1.234,- €")
    '1.234,00 €'
    """
    return _NO_CENTS.sub(r"\g<1>00", text) if ",-" in text or ".-" in text or ",\u2212" in text else text


def _value(text: str, group: str) -> float:
    """Return the value of a number whose thousands sign is known; the other sign is the decimal sign."""
    match = _CELL.fullmatch(_with_cents(text.strip().translate(_ALIKE)))
    if match is None:
        raise DataError(f'"{shorten(text, 40)}" is not a number')
    digits = match["digits"].replace("\u00a0", " ").rstrip()
    digits = digits.replace(group, "") if group else digits
    found = float(digits.replace(",", ".") + (match["power"] or ""))
    if math.isinf(found):
        raise DataError(f"expected a finite number, found {shorten(text, 40)}", hint="leave the value empty")
    signs = (match["first"], match["second"], match["last"], match["opened"])
    return -found if any(sign in ("-", "\u2212", "(") for sign in signs) else found


@lru_cache(maxsize=1 << 16)
def _written(shape: str) -> Written | None:
    match = _CELL.fullmatch(shape)
    if match is None or any(bool(match[a]) != bool(match[b]) for a, b in (("opened", "closed"), ("quote", "unquote"))):
        return None
    signs = [match[name] for name in ("first", "second", "last") if match[name]]
    if len(signs) > 1 or (match["opened"] and signs) or (match["before"] and match["after"] not in (None, "")):
        return None
    digits = match["digits"].rstrip(" \u00a0")
    found = _spaced(digits) if any(sign in digits for sign in "' \u00a0") else _signed(digits, match["power"])
    if found is None:
        return None
    unit = match["before"] or match["after"] or ""
    if "+" in signs and found.kind in ("whole", "grouped") and sum(map(str.isdigit, digits)) >= _LEAST_PHONE:
        return Written("code", plain=False)
    odd = any(match[name] for name in ("quote", "opened", "last")) or "\u2212" in signs
    # a space between sign and digits is no plain number either
    odd = odd or not (unit or shape.lstrip("-+").startswith(digits))
    plain = found.plain and not (odd or unit)
    return found._replace(plain=plain, unit=unit)


def _spaced(digits: str) -> Written | None:
    """How digits with spaces or apostrophes between groups are written."""
    marks = {sign for sign in "' \u00a0" if sign in digits}
    decimals = [sign for sign in digits if sign in ".,"]
    if len(marks) > 1 or len(decimals) > 1:
        return None
    mark = marks.pop()
    whole, sign, part = digits.partition(decimals[0]) if decimals else (digits, "", "")
    groups = whole.split(mark)
    if not _are_groups(groups) or (sign and not part.isdigit()):
        return None
    size = sum(map(len, groups))
    # ordinary spaces may separate several numbers too
    count = len(groups) if mark == " " and not sign else 0
    return Written("decimal" if sign else "grouped", sign, "'" if mark == "'" else " ", count, size, plain=False)


def _signed(digits: str, power: str | None) -> Written | None:
    """How digits with points and commas are written."""
    points, commas = digits.count("."), digits.count(",")
    if not points and not commas:
        if (digits[0] == "0" and len(digits) >= _LEAST_CODE) or len(digits) > EXACT:
            return Written("code")
        return Written("whole", size=len(digits))
    if points and commas:
        sign, group = (".", ",") if digits.rfind(".") > digits.rfind(",") else (",", ".")
        whole, _, part = digits.rpartition(sign)
        good = digits.count(sign) == 1 and part.isdigit() and _are_groups(whole.split(group))
        return Written("decimal", sign, group, size=len(whole), plain=False) if good else None
    sign = "." if points else ","
    if points + commas > 1:
        good = _are_groups(digits.split(sign)) and not power
        return Written("grouped", group=sign, size=len(digits), plain=False) if good else None
    whole, _, part = digits.partition(sign)
    if len(part) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0" and not power:
        return Written("open", sign, size=len(whole), filled=part[-1] == "0", plain=sign == ".")
    return Written("decimal", sign, size=len(whole), plain=sign == ".")


def _are_groups(groups: list[str]) -> bool:
    """Return whether digits are in groups of three, or of two before the last three (1,23,456)."""
    first, rest = groups[0], groups[1:]
    if not all(map(str.isdigit, groups)) or first[0] == "0" or len(rest) < 1 or len(rest[-1]) != 3:
        return False
    threes = len(first) <= 3 and all(len(group) == 3 for group in rest)
    return threes or (len(first) <= 2 and all(len(group) == 2 for group in rest[:-1]))


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


def settled(value: Any, style: NumberStyle | None) -> Any:
    """Return a text as the number that it is in a style; anything else as it is."""
    if style is None or not isinstance(value, str):
        return value
    return style.read(value)
