"""The words of a text that a network does not know."""

from __future__ import annotations

from typing import Any

import pytest

from recur.codecs import make
from recur.continuation.completion import unknown_words

KNOWN = ["the sky is blue", "the sea is blue"]


@pytest.mark.parametrize(
    ("kind", "text", "unknown"),
    [
        ("words", "the sky is blue", []),
        ("words", "the zebra is a zebra", ["zebra", "a"]),
        ("words", "", []),
        ("characters", "the sky", []),
        ("characters", "zéro", ["z", "é", "r", "o"]),
        ("class", "the", []),
    ],
)
def test_each_unknown_piece_is_named_once(kind: str, text: Any, unknown: list[str]) -> None:
    assert unknown_words(make(kind).fit(KNOWN), text) == unknown
