"""Numbers in English and in French words."""

from __future__ import annotations

import random
from collections.abc import Iterator

from recur.demos.made.parts import part_of

TAUGHT, LARGEST = 100, 99_999

_ENGLISH = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_ENGLISH_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_FRENCH = (
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze", "treize",
    "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
)  # fmt: skip
_FRENCH_TENS = (
    "", "", "vingt", "trente", "quarante", "cinquante", "soixante", "soixante", "quatre-vingt", "quatre-vingt",
)  # fmt: skip


def english(number: int) -> str:
    """Write a number in English words.

    >>> english(4207), english(90_093)
    ('four thousand two hundred and seven', 'ninety thousand and ninety three')
    """
    if number >= 1000:
        thousands, rest = divmod(number, 1000)
        joint = " and " if 0 < rest < 100 else " "
        return f"{english(thousands)} thousand" + (f"{joint}{english(rest)}" if rest else "")
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        return f"{_ENGLISH[hundreds]} hundred" + (f" and {english(rest)}" if rest else "")
    if number >= 20:
        tens, ones = divmod(number, 10)
        return _ENGLISH_TENS[tens] + (f" {_ENGLISH[ones]}" if ones else "")
    return _ENGLISH[number]


def french(number: int, last: bool = True) -> str:
    """Write a number in French words, in the traditional spelling.

    Vingt and cent take an s when they are multiplied and end the number; mille never does.

    Parameters
    ----------
    number : int
    last : bool
        Whether it is the last part of a number.

    >>> french(4200), french(80), french(80_093)
    ('quatre mille deux cents', 'quatre-vingts', 'quatre-vingt mille quatre-vingt-treize')
    """
    if number >= 1000:
        thousands, rest = divmod(number, 1000)
        front = "mille" if thousands == 1 else f"{french(thousands, last=False)} mille"
        return front + (f" {french(rest)}" if rest else "")
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        front = "cent" if hundreds == 1 else f"{_FRENCH[hundreds]} cent"
        if not rest:
            return f"{front}s" if hundreds > 1 and last else front
        return f"{front} {french(rest, last)}"
    if number < 20:
        return _FRENCH[number]
    tens, ones = divmod(number, 10)
    if tens in (7, 9):
        ones += 10
    front = _FRENCH_TENS[tens]
    if ones == 0:
        return "quatre-vingts" if tens == 8 and last else front
    if ones in (1, 11) and tens < 8:
        return f"{front} et {_FRENCH[ones]}"
    return f"{front}-{_FRENCH[ones]}"


def rows(part: str, count: int) -> Iterator[dict[str, object]]:
    """Yield different numbers of a part, short and long ones.

    All numbers below a hundred are in training and in no other part, so that every word is.

    Yields
    ------
    dict
        ``number``, ``english``, ``french``.
    """
    draw = random.Random(f"numbers {part}")
    seen: set[int] = set()
    if part == "train":
        for number in range(TAUGHT):
            seen.add(number)
            yield _row(number)
    while len(seen) < count:
        number = draw.randrange(10 ** draw.choice((3, 4, 4, 5, 5, 5)))
        if TAUGHT <= number <= LARGEST and number not in seen and part_of(f"number {number}") == part:
            seen.add(number)
            yield _row(number)


def _row(number: int) -> dict[str, object]:
    return {"number": number, "english": english(number), "french": french(number)}
