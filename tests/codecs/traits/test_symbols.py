"""Symbols that a user names, and special ids."""

from __future__ import annotations

import pytest

from recur import codecs
from recur.errors import DataError
from tests.codecs.fitted import fitted


def test_a_symbol_that_a_user_names_is_one_known_symbol() -> None:
    codec = codecs.make("words").fit(["the sky is blue"])
    assert codec.symbol(codec.symbol_id("sky")) == "sky"
    with pytest.raises(DataError, match='"skye" is not a single symbol in the vocabulary of this network'):
        codec.symbol_id("skye")
    with pytest.raises(DataError, match='"the sky" is not a single symbol') as caught:
        codec.symbol_id("the sky")
    assert caught.value.hint == "give one of its vocabulary as --target"


@pytest.mark.parametrize(
    ("name", "special", "next_item"),
    [
        ("words", (0, 1, 2, 3), True), ("characters", (0, 1, 2, 3), True), ("spelled", (0, 1, 2, 3), False),
        ("melody", (0, 1, 2, 3), True), ("roll", (None,) * 4, False), ("class", (None,) * 4, False),
        ("tags", (None,) * 4, False),
    ],
)  # fmt: skip
def test_special_ids_are_those_of_texts_and_melodies(
    name: str, special: tuple[int | None, ...], next_item: bool
) -> None:
    ids = fitted(name).ids
    assert (ids.pad, ids.unk, ids.bos, ids.eos) == special
    assert ids.next_item is next_item
