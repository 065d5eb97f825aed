"""What words, characters and subwords share: reserved ids, limits, unknown shares, and their files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models

from recur import codecs
from recur.codecs import CharactersCodec, TokenCodec, WordsCodec
from recur.codecs.tokens import ids_of, joined_text, raw_vocabulary, with_reserved
from recur.errors import DataError, RunError


def test_limits_of_the_vocabulary() -> None:
    texts = ["a a a b b c"]
    assert WordsCodec(min_count=2).fit(texts).vocabulary[4:] == ["a", "b"]
    assert WordsCodec(max_vocab=5).fit(texts).vocabulary[4:] == ["a"]
    assert CharactersCodec(max_vocab=6, min_count=2).fit(texts).vocabulary[4:] == [" ", "a"]


@pytest.mark.parametrize("kind", ["words", "characters", "subwords"])
def test_an_empty_text_is_an_empty_sequence(kind: str) -> None:
    codec = codecs.make(kind).fit(["some text"])
    assert isinstance(codec, TokenCodec)
    ids = codec.encode("")
    assert (ids.shape, ids.dtype) == ((0,), np.int64)
    assert codec.decode(ids) == ""
    assert codec.unknown_rate("") == 0


@pytest.mark.parametrize("kind", ["words", "characters", "subwords"])
def test_half_a_surrogate_pair_is_replaced(kind: str) -> None:
    codec = codecs.make(kind).fit(["a \ud83d b"])
    assert codec.decode(codec.encode("a \ud83d b")) == "a \ufffd b"


def test_fit_reads_its_values_once_and_keeps_none() -> None:
    def stream() -> Iterator[str]:
        for index in range(20_000):
            yield f"line {index % 7} of many."

    assert WordsCodec().fit(stream()).size == 4 + 11
    assert CharactersCodec().fit(stream()).size > 4


texts = st.text(st.characters(codec="utf-8"), max_size=40)


@pytest.mark.parametrize("kind", ["words", "characters"])
@given(st.lists(texts, min_size=1, max_size=4), texts)
def test_tokens_stand_beside_their_ids(kind: str, values: list[str], other: str) -> None:
    codec = codecs.make(kind).fit([*values, "a word, and a stop."])
    assert isinstance(codec, TokenCodec)
    for value in [*values, other]:
        assert len(codec.tokens(value)) == len(codec.encode(value))
    np.testing.assert_equal(codec.encode_many([*values, other])[-1], codec.encode(other))


def test_reserved_ids_come_first_and_the_vocabulary_is_cut_at_its_limit() -> None:
    assert with_reserved(["b", "<eos>", "a"], None, "words") == {
        "<pad>": 0, "<unk>": 1, "<bos>": 2, "<eos>": 3, "b": 4, "a": 5
    }  # fmt: skip
    assert list(with_reserved(["b", "a"], 5, "words"))[4:] == ["b"]


@pytest.mark.parametrize(("tokens", "most"), [([], None), (["<pad>"], None), (["a"], 4), (["a"], 0)])
def test_a_vocabulary_of_reserved_ids_alone_is_refused(tokens: list[str], most: int | None) -> None:
    with pytest.raises(DataError, match="no words are left for the vocabulary") as caught:
        with_reserved(tokens, most, "words")
    assert "max_vocab above 4" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("array", "ids"), [(3, [3]), ([], []), (np.array([[1], [2]]), [1, 2]), (np.uint8(7), [7]), ((1, 2), [1, 2])]
)
def test_ids_are_a_list_of_whole_numbers(array: Any, ids: list[int]) -> None:
    assert ids_of(array) == ids


@pytest.mark.parametrize("array", [[1.0], ["a"], [True]])
def test_what_are_no_ids_is_refused(array: Any) -> None:
    with pytest.raises(DataError, match="expected ids"):
        ids_of(array)


def test_words_are_joined_by_spaces() -> None:
    assert joined_text(["a", 3, "b c"]) == "a 3 b c"
    assert joined_text("a  b") == "a  b"


def test_a_vocabulary_with_a_gap_is_refused() -> None:
    assert raw_vocabulary(Tokenizer(models.WordLevel({"b": 0, "a": 1}, unk_token="b"))) == ["b", "a"]
    with pytest.raises(RunError, match="not 0, 1, 2, ... without a gap"):
        raw_vocabulary(Tokenizer(models.WordLevel({"b": 0, "a": 2}, unk_token="b")))


@pytest.mark.parametrize("index", [-1, 6])
def test_an_id_outside_the_vocabulary_is_refused(index: int) -> None:
    codec = WordsCodec().fit(["a b"])
    assert [codec.token(4), codec.token(5), codec.id("b"), codec.id("c")] == ["a", "b", 5, codec.ids.unk]
    with pytest.raises(DataError, match=f"id {index} is outside the vocabulary of 6 words"):
        codec.token(index)


def test_unknown_pieces_are_named_once_in_their_order() -> None:
    codec = WordsCodec().fit(["a b"])
    assert codec.unknown("a z y z b") == ["z", "y"]
    assert codec.unknown_steps("a z").tolist() == [False, True]
    assert codec.unknown_rate("a z") == 0.5


def test_equal_texts_have_equal_contents_whatever_their_spaces() -> None:
    assert WordsCodec().fit(["a"]).content_key(" A\n b ") == "A b"
    assert WordsCodec(lower=True).fit(["a"]).content_key(" A\n b ") == "a b"


def test_the_tokenizer_beside_the_file_is_compared_with_its_fingerprint(tmp_path: Path) -> None:
    codecs.make("words").fit(["a b"]).save(tmp_path, "c")
    beside = tmp_path / "c.tokenizer.json"
    beside.write_text(beside.read_text() + " ")
    with pytest.raises(RunError, match="c.tokenizer.json was altered or cut short: c.json has another fingerprint"):
        codecs.load(tmp_path, "c")
