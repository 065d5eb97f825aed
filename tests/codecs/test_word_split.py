"""Words split by Python's regular expressions: those of the tokenizer, whatever is in a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.codecs import WordsCodec
from recur.codecs.word_split import splitter

PIECES = st.sampled_from([
    "don't", "Well-known", "<unk>", "<UNK>", "<eos>", "<pad>", "U.S.", "e.g.", "3.14", "1,000", "3.a", "12:30x", "...",
    "--", "-", "'", "\u2019s", "(", "France.", "n't", "_a_", "a1", "\u00e9t\u00e9", "\u00b2",
    "\ud55c\uad6d\uc5b4", "\u4e00\u4e8c",
    "e\u0301", "\u0e01\u0e33", "\x1c", "\x85", "\u2003", "\n", "\r\n", "\t", " ",
    "\u0130", "\u03a3", "\u3007", "\uff11", "\U0001f600",
])  # fmt: skip
TEXTS = st.lists(PIECES | st.characters(exclude_categories=("Cs",)), max_size=12).map("".join)
FITTED = {
    "spaces": ["he did n't say <unk> , but France is N miles away .", "I 'm here ."],
    "words": ["Don't pay 3.14, France is well-known. E.g. a1 été (한국어) --", "do n't ( ) . été U.S. 's"],
}


@pytest.mark.parametrize("split", FITTED)
@pytest.mark.parametrize("newlines", [False, True])
@pytest.mark.parametrize("lower", [False, True])
@given(texts=st.lists(TEXTS, min_size=1, max_size=3))
def test_ids_are_those_of_the_tokenizer(split: str, newlines: bool, lower: bool, texts: list[str]) -> None:
    codec = WordsCodec(newlines=newlines, lower=lower).fit(FITTED[split])
    assert codec.split == split
    for text, ids in zip(texts, codec.encode_many(texts), strict=True):
        # tokens() asks the tokenizer
        assert ids.tolist() == [index for _, index in next(codec._pieces([text]))]
        assert len(ids) == len(codec.tokens(text))


@pytest.mark.parametrize("lower", [False, True])
@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
def test_words_counted_in_bounded_memory_are_those_of_the_tokenizer(lower: bool, texts: list[str]) -> None:
    texts = [*FITTED["words"], *texts]
    bounded, usual = WordsCodec(lower=lower).in_bounded_memory().fit(texts), WordsCodec(lower=lower).fit(texts)
    assert bounded.vocabulary == usual.vocabulary


def test_each_character_is_a_letter_a_digit_or_a_sign_as_for_the_tokenizer() -> None:
    codec = WordsCodec().fit(FITTED["words"])
    words_of = splitter("words", newlines=False, lower=False)
    split = codec.tokenizer.pre_tokenizer.pre_tokenize_str
    checked = 0
    for point in [*range(0xD800), *range(0xE000, 0x10000)]:
        letter = chr(point)
        text = f"a{letter}b {letter}.{letter}. 1{letter} 1.{letter} {letter}'a {letter}{letter}"
        words = words_of(text)
        if words is not None:
            checked += 1
            assert words == [word for word, _ in split(text)], hex(point)
    assert checked > 30_000


def test_a_text_with_marks_or_new_characters_is_left_to_the_tokenizer() -> None:
    words_of = splitter("words", newlines=False, lower=False)
    assert [words_of(text) for text in ("e\u0301", "\x1c", "\U0001f600", "2\u00b2")] == [None] * 4
    assert splitter("spaces", newlines=False, lower=True)("\u0130") is None
