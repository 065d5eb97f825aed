"""Texts: which steps are unknown, and what one symbol is."""

from __future__ import annotations

import pytest

from recur.codecs.kinds import codec_class
from tests.codecs.fitted import fitted


def test_of_words_with_their_letters_words_are_counted_and_no_letters() -> None:
    unknown = fitted("spelled").unknown_steps("the zebra qqq")
    assert unknown is not None
    assert unknown.tolist() == [False, True, True]
    assert fitted("melody").unknown_steps("C4") is None


@pytest.mark.parametrize(
    ("kind", "unit"), [("words", "word"), ("characters", "character"), ("subwords", "subword"), ("tags", None)]
)
def test_a_text_states_what_one_symbol_is_before_there_is_a_codec(kind: str, unit: str | None) -> None:
    units = [each for each in ("word", "character", "subword") if codec_class(kind).splits_into(each)]
    assert units == ([unit] if unit else [])
    # a row of ids is read and never generated
    assert not codec_class("spelled").splits_into("word")
