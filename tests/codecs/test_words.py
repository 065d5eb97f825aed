"""Words: how a text is split, what an unknown word is made of, and how words become a text again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur import codecs
from recur.codecs import CharactersCodec, WordsCodec


@pytest.fixture
def penn() -> WordsCodec:
    """Words of a text whose signs stand apart."""
    lines = ["he did n't say <unk> , but France is N miles away .", "I 'm here ."]
    return WordsCodec(newlines=True).fit(lines)


def test_split_text_is_split_at_spaces_only(penn: WordsCodec) -> None:
    assert penn.split == "spaces"
    assert penn.tokens("did n't say .") == ["did", "n't", "say", "."]


def test_running_text_is_split_into_words_and_signs() -> None:
    codec = WordsCodec().fit(["I'm sure, don't you know (well-known) 3.14?"])
    assert codec.split == "words"
    assert codec.tokens("I'm sure, don't") == ["I'm", "sure", ",", "don't"]
    assert codec.decode(codec.encode("don't know (well-known) 3.14?")) == "don't know (well-known) 3.14?"


def test_an_unknown_word_is_tried_in_lower_case_then_in_parts(penn: WordsCodec) -> None:
    assert penn.unknown_rate("He SAY") == 0
    assert penn.tokens("France.") == ["France", "."]
    assert penn.tokens("didn't") == ["did", "n't"]
    assert penn.tokens("I'm") == ["I", "'m"]
    assert penn.encode("Spain").tolist() == [penn.ids.unk]
    assert penn.tokens("Spain") == ["Spain"]
    assert penn.encode("<unk>").tolist() == [penn.ids.unk]


def test_reserved_names_in_a_text_are_not_padding(penn: WordsCodec) -> None:
    assert penn.encode("<pad> <bos>").tolist() == [1, 1]
    assert penn.encode(["<pad>", "<bos>"]).tolist() == [1, 1]
    characters = CharactersCodec().fit(["<pad>"])
    assert len(characters.encode("<pad>")) == 5


def test_a_line_end_is_the_end_token_of_whole_files(penn: WordsCodec) -> None:
    ids = penn.encode("he did\nI 'm here\n")
    assert ids.tolist().count(penn.ids.eos) == 2
    assert penn.decode(ids) == "he did\nI 'm here\n"
    rows = WordsCodec().fit(["he did\nI"])
    assert rows.ids.eos not in rows.encode("he did\nI")


def test_ids_follow_frequency() -> None:
    codec = WordsCodec().fit(["b a a", "c a b"])
    assert codec.vocabulary == ["<pad>", "<unk>", "<bos>", "<eos>", "a", "b", "c"]
    assert [codec.id("a"), codec.id("zzz"), codec.token(5)] == [4, 1, "b"]


def test_a_line_shown_is_short() -> None:
    codec = WordsCodec().fit(["a b"])
    assert codec.show("word " * 1_000_000, width=20) == "word word word word…"
    assert codec.show(["a"] * 100, width=9) == "a a a a …"


texts = st.text(st.characters(codec="utf-8"), max_size=40)


words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=8).filter(
    lambda word: word not in ("<pad>", "<bos>", "<unk>", "<eos>") and len(word.split()) == 1
)


@given(st.lists(st.lists(words, min_size=1, max_size=6), min_size=1, max_size=4))
def test_lists_of_words_come_back_with_one_id_a_word(values: list[list[str]]) -> None:
    codec = codecs.make("words").fit(values)
    for value in values:
        assert len(codec.encode(value)) == len(value)
        assert codec.tokens(value) == value
        assert codec.decode(codec.encode(value)) == " ".join(value)


@given(st.lists(st.lists(words, min_size=1, max_size=6), min_size=1, max_size=4))
def test_text_split_at_spaces_comes_back(values: list[list[str]]) -> None:
    texts = [" ".join(["<unk>", *value]) for value in values]
    codec = codecs.make("words").fit(texts)
    for text in texts:
        assert codec.decode(codec.encode(text)) == text


@given(st.lists(texts, min_size=1, max_size=5))
def test_splitting_decoded_words_gives_the_same_ids(values: list[str]) -> None:
    codec = codecs.make("words").fit([*values, "a word, and a stop."])
    for value in values:
        ids = codec.encode(value)
        if codec.ids.unk not in ids:
            np.testing.assert_array_equal(codec.encode(codec.decode(ids)), ids)


def test_lower_case_is_the_same_for_texts_and_lists(tmp_path: Path) -> None:
    codec = WordsCodec(lower=True).fit([["Sky", "BLUE"], ["sky", "İstanbul"]])
    assert codec.vocabulary[4] == "sky"
    np.testing.assert_array_equal(codec.encode("SKY blue"), codec.encode(["sky", "Blue"]))
    codec.save(tmp_path, "a")
    np.testing.assert_array_equal(codecs.load(tmp_path, "a").encode("İSTANBUL sky"), codec.encode("İSTANBUL sky"))


@pytest.mark.parametrize(
    ("texts", "split"),
    [
        (["a , b ."], "spaces"), (["a, b."], "words"), (["a <unk> b, c."], "spaces"), (["Va !", "Oui, non."], "words"),
        (["Va !"], "spaces"), ([["a", "b,"]], "spaces"), (["a b"], "words"), (["it is n't so"], "spaces"),
    ],
)  # fmt: skip
def test_the_split_is_that_of_most_commas_and_stops(texts: list[Any], split: str) -> None:
    assert WordsCodec().fit(texts).split == split


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("U.S. e.g. so", ["U.S.", "e.g.", "so"]), ("3.14, 1,000; 10:30", ["3.14", ",", "1,000", ";", "10:30"]),
        ("well-known don't", ["well-known", "don't"]), ("so... yes--no", ["so", "...", "yes", "--", "no"]),
        ("(a)!", ["(", "a", ")", "!"]), ("3rd 日本語", ["3rd", "日本語"]), (" ", []),
    ],
)  # fmt: skip
def test_running_text_is_split_into_these_pieces(text: str, tokens: list[str]) -> None:
    codec = WordsCodec().fit(["a, b.", text])
    assert codec.split == "words"
    assert codec.tokens(text) == tokens


def test_a_list_gives_one_id_a_word_even_where_a_text_would_give_more(penn: WordsCodec) -> None:
    assert penn.encode(["didn't", "France."]).tolist() == [penn.ids.unk] * 2
    assert len(penn.encode("didn't France.")) == 4


def test_a_contraction_needs_both_halves(penn: WordsCodec) -> None:
    assert penn.tokens("couldn't") == ["couldn't"]
    assert penn.encode("couldn't").tolist() == [penn.ids.unk]


def test_reserved_ids_are_left_out_of_the_text(penn: WordsCodec) -> None:
    ids = penn.encode("he did").tolist()
    assert penn.decode([penn.ids.bos, *ids, penn.ids.pad]) == "he did"
    rows = WordsCodec().fit(["he did , so ."])
    assert rows.decode([*rows.encode("he did"), rows.ids.eos]) == "he did"


def test_many_values_have_the_ids_of_each(penn: WordsCodec) -> None:
    values = ["he did", ["I", "'m"], "", "Spain didn't"]
    for found, value in zip(penn.encode_many(values), values, strict=True):
        np.testing.assert_array_equal(found, penn.encode(value))


def test_the_description_says_how_texts_are_split(penn: WordsCodec) -> None:
    assert penn.describe() == f"words: vocabulary {penn.size} (split at spaces)"
    assert WordsCodec().fit(["a, b."]).describe() == "words: vocabulary 8 (words and punctuation)"


@given(st.lists(st.text("abcAB .,'’-n\n", max_size=30), min_size=1, max_size=20), st.booleans(), st.integers(1, 2))
def test_words_counted_in_bounded_memory_are_those_of_an_unbounded_count(
    texts: list[str], lower: bool, min_count: int
) -> None:
    texts = [*texts, "a a"]
    plain = WordsCodec(lower=lower, min_count=min_count).fit(texts)
    bounded = WordsCodec(lower=lower, min_count=min_count).in_bounded_memory().fit(texts)
    assert bounded.vocabulary == plain.vocabulary
    assert bounded.describe() == plain.describe()


def test_a_count_that_was_too_large_for_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recur.codecs.words.MOST_WORDS", 4)
    codec = WordsCodec().in_bounded_memory().fit(["a a a b b c", "d e f", "a g"])
    assert "counts of words are too low by at most 1" in codec.describe()
    assert "a" in codec.vocabulary


@given(st.lists(st.text("abcAB .,'’-n<unk>", max_size=30), min_size=1, max_size=8))
def test_ids_are_aligned_with_the_words_where_some_are_unknown(texts: list[str]) -> None:
    codec = WordsCodec().fit(["a b ab n 't . , A-b can 't"])
    # beside a list of words, texts are encoded word by word
    slowly = codec.encode_many([*texts, ["a"]])
    for one, other in zip(codec.encode_many(texts), slowly, strict=False):
        assert one.tolist() == other.tolist()
        assert one.dtype == other.dtype
