"""The marks of a missing target, by its kind, and the number of missing targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recur.codecs import class_of
from recur.codecs.number_style import MISSING

EMPTY_ONLY = "none"
# what pandas and R write for a missing cell; "none" may be a label, and so may "-" and "?"
_NO_LABEL = frozenset({"", "NA", "N/A", "#N/A", "NaN", "nan", "<NA>", "NULL", "null"})


@dataclass(frozen=True)
class Missing:
    """How many targets are missing.

    Attributes
    ----------
    values, all : int
        Targets that are missing, of how many.
    examples : int
        How many are left out, since they have no target.
    unit : str
        What these are: row, sequence or window.
    words : tuple of str
        The words in cells of labels that count as missing, such as NA; it may be meant as a label.
    """

    values: int = 0
    all: int = 0
    examples: int = 0
    unit: str = "row"
    words: tuple[str, ...] = ()

    def __add__(self, other: Missing) -> Missing:
        unit = (other if other.examples else self).unit
        words = tuple(sorted({*self.words, *other.words}))
        return Missing(self.values + other.values, self.all + other.all, self.examples + other.examples, unit, words)

    def __bool__(self) -> bool:
        return self.values > 0

    def __str__(self) -> str:
        verb = "targets are" if self.values > 1 else "target is"
        said = f"{self.values:,} of {self.all:,} {verb} missing: not learned from, not measured"
        if self.examples:
            said += f"; {self.examples:,} {self.unit}{'s' * (self.examples > 1)} without any target left out"
        if self.words:
            shown = ", ".join(f'"{word}"' for word in self.words)
            said += f"; {shown} is taken as missing: --missing-labels none, where it is a label"
        return said


def is_missing(value: Any, codec: str, labels: Sequence[str] | None = None) -> bool:
    """Return whether a target is missing.

    Parameters
    ----------
    value : object
    codec : str
        What is predicted.
    labels : sequence of str, optional
        Words that say that a class or tag is missing; ``none`` alone: empty cells only. By default those that
        pandas and R write.

    >>> is_missing("NA", "class"), is_missing("none", "class"), is_missing("none", "numbers"), is_missing(None, "tags")
    (True, False, True, True)
    """
    if isinstance(value, str):
        text = value.strip()
        kind = class_of(codec)
        if kind.numeric:
            return text.lower() in MISSING
        if not text or kind.text:
            return not text
        return text in _NO_LABEL if labels is None else labels != [EMPTY_ONLY] and text in labels
    return (
        value is None
        or type(value).__name__ in ("NAType", "NaTType")
        or (isinstance(value, (float, np.floating)) and bool(np.isnan(value)))
    )
