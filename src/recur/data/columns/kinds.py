"""The kind of values in a column of a table: numbers, a series, labels, text, or words one by one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from recur.codecs.missing import is_empty
from recur.codecs.number_notation import notation_of
from recur.codecs.number_parsing import number
from recur.codecs.number_style import OffStyle
from recur.data.cells import number_lists, scripts
from recur.data.cells.number_styles import Code, Open
from recur.data.readers import media, npy
from recur.data.readers.table import Table
from recur.errors import DataError

_SAMPLE = 2000
_MOST_LABELS = 30


@dataclass(frozen=True)
class Column:
    """A column and what its values are.

    Attributes
    ----------
    name : str
    holds : str
        ``number``: one number a row; ``series``: a list of numbers a row; ``class``: few different short texts;
        ``text``: many different ones; ``object``: names and values of JSON; ``code``: digits of a code (01067);
        ``tokens``: a list of texts a row; ``vector``: a file of several numbers a row;
        the name of a codec for files that it reads (``images``, ``audio``, ...), and ``notes`` for lists of pitches.
    labels : bool
        For numbers: whether they are few whole numbers, which may as well be labels (0 and 1, one to five stars).
    one_word : bool
        For texts: whether most are a single word, so that their letters are the sequence.
    """

    name: str
    holds: str
    labels: bool = False
    one_word: bool = False

    @property
    def in_words(self) -> str:
        """What the column would be as a target."""
        return {"class": "a class", "number": "a class" if self.labels else "a number"}.get(
            self.holds, f"a {self.holds}"
        )


def look(table: Table, name: str) -> Column:
    """Judge a column by at most 2,000 of its values, spread over the table.

    Parameters
    ----------
    table : Table
        The rows.
    name : str
        One of its columns.

    Returns
    -------
    Column
    """
    if name in table.holds:
        return Column(name, table.holds[name])
    values = [row[name] for row in table.sampled(_SAMPLE)]
    style = table.styles.get(name)
    if isinstance(style, Code):
        return Column(name, "code")
    if isinstance(style, Open):
        # numbers in any case; which ones is requested where the column is used
        return Column(name, "number")
    present = [value for value in values if not is_empty(value)]
    files = media.holds(present, table.folder) or npy.holds(present, table.folder)
    return Column(name, files) if files else judge(name, values)


def judge(name: str, values: list[Any]) -> Column:
    """Judge a column by its values; missing ones are left out.

    >>> judge("label", ["good", "bad"] * 10).holds
    'class'
    """
    present = [value for value in values if not is_empty(value)]
    listed = [value for value in present if isinstance(value, (list, tuple, np.ndarray))]
    if listed and all(isinstance(each, np.ndarray) and each.ndim == 3 and each.dtype == np.uint8 for each in listed):
        return Column(name, "images")
    if listed:
        if _are_rolls(listed):
            return Column(name, "notes")
        first = next((item for value in listed for item in value), "")
        if isinstance(first, dict):
            return Column(name, "object")
        return Column(name, "tokens" if isinstance(first, str) else "series")
    if any(isinstance(value, dict) for value in present):
        return Column(name, "object")
    numbers = [_as_number(value) for value in present]
    if present and all(each is not None for each in numbers):
        different = set(numbers)
        whole = all(float(each).is_integer() for each in different if each is not None)
        few = len(different) <= min(_MOST_LABELS, max(2, len(present) // 5))
        return Column(name, "number", labels=whole and few)
    odd = [each is not None or _is_of_another_style(value) for each, value in zip(numbers, present, strict=True)]
    if present and (all(odd) or (len(present) >= 20 and sum(odd) > 0.9 * len(present))):
        # a column of numbers with a slip in it: reading it as numbers will say where
        return Column(name, "number")
    if number_lists.are_grouped_digits(present):
        return Column(name, "code")
    if number_lists.are_lists(present):
        return Column(name, "series")
    texts = [str(value) for value in present]
    if not texts:
        return Column(name, "text")
    words = [len(text.split()) for text in texts]
    few = len(set(texts)) <= max(2, len(texts) // 10)
    short = float(np.mean(words)) <= 2
    one_word = float(np.median(words)) <= 1
    unspaced = not one_word and scripts.is_unspaced(texts[:200])
    return Column(name, "class" if few and short else "text", one_word=one_word or unspaced)


def _are_rolls(listed: list[Any]) -> bool:
    """Whether lists hold the pitches of every step: lists of whole numbers, not all as many, that a piano has."""
    widths: set[int] = set()
    for value in listed:
        for step in value:
            if not isinstance(step, (list, tuple)):
                return False
            widths.add(len(step))
            if not all(isinstance(pitch, int) and 0 <= pitch <= 127 for pitch in step):
                return False
    return len(widths) > 1


def _is_of_another_style(value: Any) -> bool:
    """Return whether a cell is a number, and not in the style of its column."""
    return isinstance(value, OffStyle) and notation_of(value) is not None


def _as_number(value: Any) -> float | None:
    """A number, or None for what is not one."""
    try:
        return number(value)
    except DataError:
        return None
