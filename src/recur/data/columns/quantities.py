"""Columns of texts that are almost numbers or times: a unit in the cell, a bound, a range, a duration, a date."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from recur.codecs.missing import is_missing_number
from recur.codecs.plain_text import shorten
from recur.data.stamps.cell import cell, month_of

_LEAST = 0.9  # of the cells
_NUMBER = r"[-+\u2212]?\d[\d.,'\u2019 \u00a0\u202f]*"
_UNIT = r"[^\W\d_]{0,5}[°²³%/^*\u00b5]{0,2}[^\W\d_]{0,5}(?:/[^\W\d_]{1,5})?[23]?\.?"
_FORMS = {
    "durations": re.compile(r"\d+:\d{2}(?::\d{2})?(?:[.,]\d+)?|(?:\d+ ?(?:d|h|min|m|s|sec|hours?|days?)[. ]*){2,4}"),
    "hexadecimal numbers": re.compile(r"0[xX][0-9a-fA-F]+"),
    "two numbers in a cell": re.compile(rf"{_NUMBER}\s*[-/x×±\u2013:]\s*{_NUMBER}\s*{_UNIT}"),
    "numbers with other text": re.compile(rf"(?:[~<>≤≥≈±=]{{1,2}}|ca\.?|about)?\s*{_NUMBER}\s*{_UNIT}"),
}
_ADDRESS = re.compile(r"\d+(?:\.\d+){3,}|\d+(?:\.\d{1,2}){2,}")  # and versions
_DAYS = {
    name: number
    for number, names in enumerate(
        (
            "mon mo lun",
            "tue di mar",
            "wed mi mer mie",
            "thu do jeu jue",
            "fri fr ven vie",
            "sat sa sam sab",
            "sun so dim",
        )
    )
    for name in names.split()
}


def what(values: Sequence[object]) -> str | None:
    """Return what nearly all texts of a column are, with one of them; None for texts, and for numbers as they are.

    >>> what(["12 km/h", "9.5 km/h"]), what(["<0.5", "1.2"]), what(["1:02:03"]), what(["a 5"])
    ('numbers with other text, such as "12 km/h"', 'numbers with other text, such as "<0.5"', \
'durations, such as "1:02:03"', None)
    """
    texts = [value.strip() for value in values if isinstance(value, str) and not is_missing_number(value)]
    if not texts:
        return None
    if all(stamp is not None and stamp.shape not in ("number", "clock") for stamp in map(cell, texts)):
        return f'times, such as "{shorten(texts[0], 30)}"'
    texts = [text for text in texts if not _ADDRESS.fullmatch(text)]
    if not texts:
        return None
    kinds = [next((kind for kind, form in _FORMS.items() if form.fullmatch(text)), None) for text in texts]
    matches = [kind for kind in kinds if kind is not None]
    if len(matches) < _LEAST * len(texts):
        return None
    # the odd cell is shown, and not a number beside it
    plain = re.compile(_NUMBER)
    example = next((text for text in texts if not plain.fullmatch(text)), texts[0])
    return f'{max(set(matches), key=matches.count)}, such as "{shorten(example, 30)}"'


def are_names_in_turn(values: Sequence[object]) -> bool:
    """Return whether texts are the names of days or of months, one after the other.

    >>> [are_names_in_turn(names) for names in (["Sat", "Sun", "Mon"], ["Jan", "Mar"], ["Jan 1", "Jan 2"])]
    [True, False, False]
    """
    texts = [str(value).strip() for value in values if not (isinstance(value, str) and is_missing_number(value))]
    if not all(text.rstrip(".").isalpha() for text in texts):
        return False
    for number, length in ((_day_of, 7), (month_of, 12)):
        places = [number(text) for text in texts]
        if len(places) > 1 and None not in places:
            steps = [(after - before) % length for before, after in pairwise(one for one in places if one is not None)]
            return sum(step in (0, 1, length - 1) for step in steps) >= _LEAST * len(steps)
    return False


def _day_of(text: str) -> int | None:
    lowered = text.lower().rstrip(".")
    return _DAYS.get(lowered[:3]) if lowered[:3] in _DAYS else _DAYS.get(lowered[:2]) if len(lowered) == 2 else None
