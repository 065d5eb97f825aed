"""Subwords: pieces of bytes, from which every text comes back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recur import codecs
from recur.codecs import SubwordsCodec
from recur.config import Config
from recur.errors import ConfigError, DataError

texts = st.text(st.characters(codec="utf-8"), max_size=40)


@settings(max_examples=25)
@given(st.lists(texts, min_size=1, max_size=5), texts)
def test_subwords_of_any_text_come_back(values: list[str], other: str) -> None:
    codec = codecs.make("subwords", Config.of(max_vocab=300).data).fit(values)
    assert codec.decode(codec.encode(other)) == other
    assert codec.unknown_rate(other) == 0


@pytest.fixture(scope="module")
def codec() -> SubwordsCodec:
    """The bytes, and the pieces that three words leave room for."""
    return SubwordsCodec(size=300).fit(["lower lower lowest", "lower lower", "naïve naïve"])


def test_frequent_pairs_are_merged_first_and_a_space_stands_before_its_word(codec: SubwordsCodec) -> None:
    assert codec.tokens("lower lower") == ["lower", " lower"]
    assert codec.tokens("zq") == ["z", "q"]


def test_the_bytes_of_a_character_that_was_never_merged_are_named(codec: SubwordsCodec) -> None:
    assert codec.tokens("日") == ["<0xE6>", "<0x97>", "<0xA5>"]
    assert codec.decode(codec.encode("日")[:2]) == "\ufffd"
    assert codec.decode(codec.encode("日")) == "日"


def test_a_reserved_name_in_a_text_is_its_characters(codec: SubwordsCodec) -> None:
    ids = codec.encode("<eos>")
    assert ids.min() >= 4
    assert codec.decode([codec.ids.bos, *ids, codec.ids.eos, codec.ids.pad]) == "<eos>"


def test_the_smallest_vocabulary_is_the_bytes() -> None:
    assert SubwordsCodec(size=260).fit(["aaaa aaaa"]).size == 260
    with pytest.raises(ConfigError, match="max_vocab is 259; subwords need at least 260") as caught:
        SubwordsCodec(size=259)
    assert caught.value.hint == "--max-vocab 260 or more, or --input-codec characters"


def test_pairs_that_are_too_rare_are_not_merged() -> None:
    assert SubwordsCodec(size=400, min_count=3).fit(["ab ab"]).size == 260
    assert SubwordsCodec(size=400, min_count=2).fit(["ab ab"]).tokens("ab") == ["ab"]


def test_many_values_have_the_ids_of_each(codec: SubwordsCodec) -> None:
    values = ["lower", "", ["naïve", "日"]]
    for found, value in zip(codec.encode_many(values), values, strict=True):
        np.testing.assert_array_equal(found, codec.encode(value))


def test_an_id_outside_the_vocabulary_is_refused(codec: SubwordsCodec) -> None:
    with pytest.raises(DataError, match=f"id {codec.size} is outside the vocabulary of {codec.size} subwords"):
        codec.decode([codec.size])
