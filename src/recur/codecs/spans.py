"""Spans written as tags, one per step (B-PER I-PER O), read as the official scorer of CoNLL reads them.

    B-X   a span of type X begins          E-X   a span ends here (IOBES)
    I-X   a span continues                  S-X   a span of one step (IOBES)
    O     outside of every span

No sequence is refused: an I that follows another type, or nothing, begins a span of its own, so IOB1, IOB2 (BIO) and
IOBES are all read.

Source: E. Tjong Kim Sang, S. Buchholz (2000), Introduction to the CoNLL-2000 shared task, and its script conlleval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

_PREFIXES = frozenset("BIES")


class Span(NamedTuple):
    """A span: its type, its first step and its last (included)."""

    type: str
    first: int
    last: int


class SpanCount(NamedTuple):
    """Numbers of spans: predicted correctly, predicted, and true.

    A guessed span is right when its type and both of its ends are those of a true one.

        precision = right / guessed     recall = right / true     F1 = 2 right / (guessed + true)
    """

    right: int
    guessed: int
    true: int


def are_spans(labels: Iterable[Any]) -> bool:
    """Return whether labels are span tags: O, and otherwise only B-X, I-X, E-X and S-X.

    >>> are_spans(["O", "B-PER", "I-PER"]), are_spans(["NOUN", "O"]), are_spans(["O"])
    (True, False, False)
    """
    texts = [str(label) for label in labels]
    others = [text for text in texts if text != "O"]
    good = all(len(text) > 2 and text[0] in _PREFIXES and text[1] == "-" for text in others)
    return "O" in texts and bool(others) and good


def spans(tags: Sequence[Any]) -> list[Span]:
    """Return the spans of a sequence of tags, in their order.

    >>> spans(["B-PER", "I-PER", "O", "I-LOC", "B-LOC"])
    [Span(type='PER', first=0, last=1), Span(type='LOC', first=3, last=3), Span(type='LOC', first=4, last=4)]
    """
    result = []
    before, before_type, first = "O", "", 0
    for step, tag in enumerate([*map(str, tags), "O"]):
        prefix, _, type_ = tag.partition("-")
        if before != "O" and _ends(before, before_type, prefix, type_):
            result.append(Span(before_type, first, step - 1))
        if _begins(before, before_type, prefix, type_):
            first = step
        before, before_type = prefix, type_
    return result


def compare(true: Sequence[Any], guessed: Sequence[Any]) -> SpanCount:
    """Count the spans of two sequences of tags of equal length.

    >>> compare(["B-PER", "I-PER", "O"], ["B-PER", "O", "O"])
    SpanCount(right=0, guessed=1, true=1)
    """
    expected, predicted = set(spans(true)), set(spans(guessed))
    return SpanCount(len(expected & predicted), len(predicted), len(expected))


def _ends(before: str, before_type: str, prefix: str, type_: str) -> bool:
    """Return whether a span ends before this step."""
    return before in ("E", "S") or prefix in ("B", "S", "O") or before_type != type_


def _begins(before: str, before_type: str, prefix: str, type_: str) -> bool:
    """Return whether a span begins at this step."""
    if prefix == "O":
        return False
    return prefix in ("B", "S") or before in ("O", "E", "S") or before_type != type_
