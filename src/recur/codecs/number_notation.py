"""Notation of one number: decimal sign, thousands sign, currency, percent, minus; and its value.

    12,5   12.5   1.234,50   1,234.50   1'234.50   1 234,50   (12.50)   12.50-   12,-   $ 12   12 %   1.5e-3

One number alone can be ambiguous: "1.002" is 1.002 or 1002. The style of its column decides (`number_style`).
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import Literal, NamedTuple

from recur.codecs.plain_text import shorten
from recur.errors import DataError

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
# numbers of one shape have one notation; 0 is kept, since zeros at the ends matter
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


class Notation(NamedTuple):
    """Notation of one number.

    Attributes
    ----------
    kind : str
        ``whole``: digits alone; ``decimal``: its decimal sign is certain; ``grouped``: its thousands sign is certain,
        and there is no other; ``open``: one sign before the last three digits, which may be either; ``code``: digits
        that may be a name, such as 01067.
    sign : str
        The decimal sign, or the sign whose meaning is open.
    group : str
        The thousands sign.
    groups : int
        Number of groups, if they are separated by ordinary spaces.
    size : int
        Digits before the decimal sign.
    filled : bool
        Whether the last digit is 0.
    plain : bool
        Whether every program can read it: at most a decimal point, no groups, no unit.
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


def notation_of(text: str) -> Notation | None:
    """Return the notation of a number, or None for other text.

    >>> notation_of("1.234,50").sign, notation_of("1.002").kind, notation_of("12 %").unit, notation_of("01067").kind
    (',', 'open', '%', 'code')
    """
    if len(text) > _LONGEST:
        return None
    shape = text.strip().translate(_SHAPE)
    whole = _with_cents(shape)
    notation = _notation(whole)
    return notation if whole is shape or notation is None else notation._replace(plain=False)


def _with_cents(text: str) -> str:
    """Return a price with zeros in place of the dash for its cents.

    >>> _with_cents("1.234,- €")
    '1.234,00 €'
    """
    return _NO_CENTS.sub(r"\g<1>00", text) if ",-" in text or ".-" in text or ",\u2212" in text else text


def value_of(text: str, group: str) -> float:
    """Return the value of a number whose thousands sign is known; the other sign is the decimal sign."""
    match = _CELL.fullmatch(_with_cents(text.strip().translate(_ALIKE)))
    if match is None:
        raise DataError(f'"{shorten(text, 40)}" is not a number')
    digits = match["digits"].replace("\u00a0", " ").rstrip()
    digits = digits.replace(group, "") if group else digits
    value = float(digits.replace(",", ".") + (match["power"] or ""))
    if math.isinf(value):
        raise DataError(f"expected a finite number, found {shorten(text, 40)}", hint="leave the value empty")
    signs = (match["first"], match["second"], match["last"], match["opened"])
    return -value if any(sign in ("-", "\u2212", "(") for sign in signs) else value


@lru_cache(maxsize=1 << 16)
def _notation(shape: str) -> Notation | None:
    match = _CELL.fullmatch(shape)
    if match is None or any(bool(match[a]) != bool(match[b]) for a, b in (("opened", "closed"), ("quote", "unquote"))):
        return None
    signs = [match[name] for name in ("first", "second", "last") if match[name]]
    if len(signs) > 1 or (match["opened"] and signs) or (match["before"] and match["after"] not in (None, "")):
        return None
    digits = match["digits"].rstrip(" \u00a0")
    notation = _spaced(digits) if any(sign in digits for sign in "' \u00a0") else _signed(digits, match["power"])
    if notation is None:
        return None
    unit = match["before"] or match["after"] or ""
    if "+" in signs and notation.kind in ("whole", "grouped") and sum(map(str.isdigit, digits)) >= _LEAST_PHONE:
        return Notation("code", plain=False)
    odd = any(match[name] for name in ("quote", "opened", "last")) or "\u2212" in signs
    # a number with a space between sign and digits is not plain either
    odd = odd or not (unit or shape.lstrip("-+").startswith(digits))
    plain = notation.plain and not (odd or unit)
    return notation._replace(plain=plain, unit=unit)


def _spaced(digits: str) -> Notation | None:
    """Return the notation of digits with spaces or apostrophes between groups."""
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
    # ordinary spaces may also separate several numbers
    count = len(groups) if mark == " " and not sign else 0
    return Notation("decimal" if sign else "grouped", sign, "'" if mark == "'" else " ", count, size, plain=False)


def _signed(digits: str, power: str | None) -> Notation | None:
    """Return the notation of digits with points and commas."""
    points, commas = digits.count("."), digits.count(",")
    if not points and not commas:
        if (digits[0] == "0" and len(digits) >= _LEAST_CODE) or len(digits) > EXACT:
            return Notation("code")
        return Notation("whole", size=len(digits))
    if points and commas:
        sign, group = (".", ",") if digits.rfind(".") > digits.rfind(",") else (",", ".")
        whole, _, part = digits.rpartition(sign)
        good = digits.count(sign) == 1 and part.isdigit() and _are_groups(whole.split(group))
        return Notation("decimal", sign, group, size=len(whole), plain=False) if good else None
    sign = "." if points else ","
    if points + commas > 1:
        good = _are_groups(digits.split(sign)) and not power
        return Notation("grouped", group=sign, size=len(digits), plain=False) if good else None
    whole, _, part = digits.partition(sign)
    if len(part) == 3 and 1 <= len(whole) <= 3 and whole[0] != "0" and not power:
        return Notation("open", sign, size=len(whole), filled=part[-1] == "0", plain=sign == ".")
    return Notation("decimal", sign, size=len(whole), plain=sign == ".")


def _are_groups(groups: list[str]) -> bool:
    """Return whether digits are in groups of three, or of two before the last three (1,23,456)."""
    first, rest = groups[0], groups[1:]
    if not all(map(str.isdigit, groups)) or first[0] == "0" or len(rest) < 1 or len(rest[-1]) != 3:
        return False
    threes = len(first) <= 3 and all(len(group) == 3 for group in rest)
    return threes or (len(first) <= 2 and all(len(group) == 2 for group in rest[:-1]))
