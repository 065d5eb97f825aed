"""Spans read from tags, on sequences worked by hand with the rules of conlleval."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.codecs import spans as room
from recur.codecs.spans import SpanCount, are_spans, compare, spans

WORKED = {
    "nothing": ("O O O", []),
    "begin and inside": ("B-PER I-PER O B-LOC", [("PER", 0, 1), ("LOC", 3, 3)]),
    "two of a kind side by side": ("B-PER B-PER I-PER", [("PER", 0, 0), ("PER", 1, 2)]),
    "inside without a beginning": ("O I-PER I-PER O", [("PER", 1, 2)]),
    "inside at the first step": ("I-LOC O", [("LOC", 0, 0)]),
    "inside of another type": ("B-PER I-LOC I-LOC", [("PER", 0, 0), ("LOC", 1, 2)]),
    "IOB1, where B only divides": ("I-PER I-PER B-PER", [("PER", 0, 1), ("PER", 2, 2)]),
    "IOBES": ("S-LOC B-PER I-PER E-PER O S-PER", [("LOC", 0, 0), ("PER", 1, 3), ("PER", 5, 5)]),
    "an end without a beginning": ("O E-PER O", [("PER", 1, 1)]),
    "inside after an end": ("B-PER E-PER I-PER", [("PER", 0, 1), ("PER", 2, 2)]),
    "inside after a single": ("S-PER I-PER", [("PER", 0, 0), ("PER", 1, 1)]),
    "a beginning that is never ended": ("B-PER I-PER", [("PER", 0, 1)]),
    "an end of another type": ("B-PER E-LOC", [("PER", 0, 0), ("LOC", 1, 1)]),
    "a type with a dash": ("B-NOUN-PHRASE I-NOUN-PHRASE", [("NOUN-PHRASE", 0, 1)]),
    "no step": ("", []),
}


@pytest.mark.parametrize(("tags", "expected"), WORKED.values(), ids=WORKED)
def test_spans_worked_by_hand(tags: str, expected: list[tuple[str, int, int]]) -> None:
    assert [tuple(span) for span in spans(tags.split())] == expected


def test_a_span_is_right_only_with_its_type_and_both_ends() -> None:
    true = ["B-PER", "I-PER", "O", "B-LOC", "O", "B-ORG"]
    assert compare(true, true) == SpanCount(3, 3, 3)
    assert compare(true, ["B-PER", "O", "O", "B-LOC", "O", "B-ORG"]) == SpanCount(2, 3, 3)
    assert compare(true, ["B-PER", "I-PER", "O", "B-PER", "O", "O"]) == SpanCount(1, 2, 3)
    # an ill-formed guess that means the same span is right, as it is for conlleval
    assert compare(true, ["I-PER", "I-PER", "O", "I-LOC", "O", "I-ORG"]) == SpanCount(3, 3, 3)


@given(
    st.lists(st.tuples(st.sampled_from(["PER", "LOC"]), st.integers(1, 4), st.integers(0, 2)), max_size=6),
    st.booleans(),
)
def test_spans_that_are_written_come_back(written: list[tuple[str, int, int]], ends: bool) -> None:
    tags: list[str] = []
    expected = []
    for kind, length, gap in written:
        expected.append((kind, len(tags), len(tags) + length - 1))
        if ends and length == 1:
            tags.append(f"S-{kind}")
        else:
            tags += [f"B-{kind}", *[f"I-{kind}"] * (length - 1)]
            tags[-1] = f"E-{kind}" if ends else tags[-1]
        tags += ["O"] * gap
    assert [tuple(span) for span in spans(tags)] == expected


def test_only_tags_of_spans_look_like_spans() -> None:
    assert are_spans(["O", "B-PER", "I-PER"])
    assert are_spans(["O", "S-PER", "E-PER", "B-PER"])
    assert not are_spans(["NOUN", "VERB"])
    assert not are_spans(["O", "X"])
    assert not are_spans(["B-PER", "I-PER"])


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(room).failed == 0
