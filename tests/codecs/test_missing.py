"""What is a missing value, of each kind, and which words of a cell mean it."""

from __future__ import annotations

import doctest
from typing import Any

import numpy as np
import pytest

from recur.codecs import class_of, missing


@pytest.mark.parametrize(
    ("value", "kind", "is_missing"),
    [
        ("", "class", True), ("  ", "class", True), ("NA", "class", True), ("nan", "class", True),
        (None, "class", True),
        (float("nan"), "class", True), (np.float64("nan"), "class", True), ("none", "class", False),
        ("-", "class", False), ("?", "class", False), (0, "class", False), (False, "class", False),
        ("none", "numbers", True), ("-", "numbers", True), ("?", "numbers", True), ("0", "numbers", False),
        ("x", "numbers", False), ("NA", "tags", True), ("", "words", True), ("NA", "words", False),
        (None, "words", True),
    ],
)  # fmt: skip
def test_what_is_missing_depends_on_what_is_predicted(value: Any, kind: str, is_missing: bool) -> None:
    assert missing.is_missing(value, class_of(kind)) is is_missing


@pytest.mark.parametrize(
    ("text", "words", "is_missing"),
    [
        ("NA", None, True), ("NA", ["none"], False), (" ", ["none"], True), ("none", ["none"], False),
        ("NA", ["unknown"], False), (" unknown ", ["unknown"], True), ("Unknown", ["unknown"], False),
    ],
)  # fmt: skip
def test_the_words_of_a_missing_label_are_an_option(text: str, words: list[str] | None, is_missing: bool) -> None:
    assert missing.is_missing_label(text, words) is is_missing
    assert missing.is_missing(text, class_of("tags"), words) is is_missing


class NAType:
    """The missing value of a data frame, by its name."""


@pytest.mark.parametrize(
    ("value", "empty"),
    [
        (None, True), ("", True), (" \t", True), (float("nan"), True), (np.float32("nan"), True), (NAType(), True),
        (0, False), (False, False), ("a", False), ([], False),
    ],
)  # fmt: skip
def test_an_empty_value_is_missing_in_every_kind(value: Any, empty: bool) -> None:
    assert missing.is_empty(value) is empty
    assert missing.is_missing(value, class_of("class")) is missing.is_missing(value, class_of("words")) is empty


def test_signs_alone_are_missing_numbers() -> None:
    assert all(map(missing.is_missing_number, ["", " ", "-", "?", "NA", "n/a", "None"]))
    assert not missing.is_missing_number("0")


def test_every_word_of_a_missing_number_is_a_missing_time() -> None:
    assert {"nat"} == missing.TIME_WORDS - missing.NUMBER_WORDS


def test_examples_of_docstrings() -> None:
    assert doctest.testmod(missing).failed == 0
