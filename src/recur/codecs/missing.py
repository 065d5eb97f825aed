"""Missing values: an empty cell, and the words that mean that a number, a time, a class or a tag is missing.

==================  ===================================================  =====================================
of                  missing is                                           what it becomes
==================  ===================================================  =====================================
any value           None, NaN, NA, NaT, a text of white space
a number            and a text of `NUMBER_WORDS`, in any letters         ``--missing error, mean or previous``
a time              and a text of `TIME_WORDS`, in any letters           the row has no time
a class or a tag    and a text of `LABEL_WORDS`; ``--missing-labels``    the target is masked, or its row left
                    gives others, ``none`` allows none                   out
a text              nothing else: NA is a word
==================  ===================================================  =====================================
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from recur.codecs.codec import Codec

NUMBER_WORDS = frozenset({
    "", "na", "n/a", "n.a.", "<na>", "nan", "null", "none", "?", "-", "--", ".", "..", ":",
    "#n/a", "#div/0!", "#value!", "#ref!", "#num!", "#null!", "#name?",
})  # fmt: skip
TIME_WORDS = NUMBER_WORDS | {"nat"}
# what pandas and R write for a missing cell; "none" may be a label, and so may "-" and "?"
LABEL_WORDS = frozenset({"", "NA", "N/A", "#N/A", "NaN", "nan", "<NA>", "NULL", "null"})
EMPTY_ONLY = "none"
"""The word of ``--missing-labels`` by which empty cells alone are missing."""


def is_na(value: Any) -> bool:
    """Return whether a value is what data frames write for a missing one: NA or NaT."""
    return type(value).__name__ in ("NAType", "NaTType")


def is_empty(value: Any) -> bool:
    """Return whether a value of any kind is missing: None, NaN, NA, NaT, or a text of white space.

    >>> [is_empty(value) for value in (None, float("nan"), " ", "NA", 0)]
    [True, True, True, False, False]
    """
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, (float, np.floating)):
        return math.isnan(value)
    return value is None or is_na(value)


def is_missing_number(text: str) -> bool:
    """Return whether a text means that there is no number."""
    return text.strip().lower() in NUMBER_WORDS


def is_missing_label(text: str, words: Sequence[str] | None = None) -> bool:
    """Return whether a text means that there is no class or tag.

    Parameters
    ----------
    text : str
    words : sequence of str, optional
        The words of ``--missing-labels``; default: `LABEL_WORDS`.
    """
    text = text.strip()
    return not text or (text in LABEL_WORDS if words is None else words != [EMPTY_ONLY] and text in words)


def is_missing(value: Any, kind: type[Codec], labels: Sequence[str] | None = None) -> bool:
    """Return whether a value of a kind is missing.

    Parameters
    ----------
    value : object
    kind : class of Codec
        What the value is to be read by.
    labels : sequence of str, optional
        The words of ``--missing-labels``.
    """
    if not isinstance(value, str):
        return is_empty(value)
    if kind.numeric:
        return is_missing_number(value)
    return is_empty(value) if kind.text else is_missing_label(value, labels)
