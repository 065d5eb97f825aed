"""Raw values as plain text: cut to a width, writable in UTF-8, refused where they are no text."""

from __future__ import annotations

from typing import Any

import pytest

from recur.codecs import (
    ClassCodec,
)
from recur.codecs.plain_text import between_spaces, shorten, to_text
from recur.errors import DataError


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("ab", 2, "ab"), ("abc", 2, "a…"), ("a  \n b\tc ", 5, "a b c"), ("", 3, ""), ("abc", 1, "…"), ("abc", 0, "…"),
        ("a" + " " * 100 + "b", 10, "a…"),
    ],
)  # fmt: skip
def test_a_text_is_shortened_to_one_line(text: str, width: int, shown: str) -> None:
    assert shorten(text, width) == shown


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (3, "3"), (2.5, "2.5"), (True, "True"), ("\ud83d\ude00", "😀"), ("a\udc00", "a\ufffd")],
)
def test_a_value_becomes_a_text_that_utf8_can_write(value: Any, text: str) -> None:
    assert to_text(value) == text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"a", "expected text, found bytes"), (bytearray(b"a"), "expected text, found bytearray"),
        (None, "expected text, found nothing"), ({}, "expected text, found dict"), ([1], "expected text, found list"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_refused(value: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        to_text(value)


@pytest.mark.parametrize(
    ("item", "labelled", "whole"),
    [(["a"], True, True), ("a b", True, True), ("a", True, False), (" a ", True, False), ("a", False, True)],
)
def test_a_sentence_has_spaces_where_its_words_are_labelled(item: Any, labelled: bool, whole: bool) -> None:
    assert between_spaces(item, labelled) is whole


def test_a_whole_number_of_more_digits_than_python_writes_is_refused() -> None:
    with pytest.raises(DataError, match="expected text, found int with too many digits") as caught:
        to_text(10**5000)
    assert caught.value.hint == "give it as a text"
    with pytest.raises(DataError, match="too many digits"):
        ClassCodec().fit([10**5000, 1])
