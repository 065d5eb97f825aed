"""What each codec does with the unknown, the empty, the missing and the damaged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur import codecs
from recur.codecs import CharactersCodec, NumbersCodec, TokenCodec, WordsCodec
from recur.config import Config
from recur.errors import ConfigError, DataError, RunError


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


def test_spaces_before_signs_are_learnt() -> None:
    french = WordsCodec().fit(["Va !", "Cours, vite !", "Oui, non.", "Je sais."])
    assert french.split == "words"
    assert french.decode(french.encode("Oui, vite !")) == "Oui, vite !"


def test_an_unknown_word_is_tried_in_lower_case_then_in_parts(penn: WordsCodec) -> None:
    assert penn.unknown_rate("He SAY") == 0
    assert penn.tokens("France.") == ["France", "."]
    assert penn.tokens("didn't") == ["did", "n't"]
    assert penn.tokens("I'm") == ["I", "'m"]
    assert penn.encode("Spain").tolist() == [penn.unk_id]
    assert penn.tokens("Spain") == ["Spain"]
    assert penn.encode("<unk>").tolist() == [penn.unk_id]


def test_reserved_names_in_a_text_are_not_padding(penn: WordsCodec) -> None:
    assert penn.encode("<pad> <bos>").tolist() == [1, 1]
    assert penn.encode(["<pad>", "<bos>"]).tolist() == [1, 1]
    characters = CharactersCodec().fit(["<pad>"])
    assert len(characters.encode("<pad>")) == 5


def test_a_line_end_is_the_end_token_of_whole_files(penn: WordsCodec) -> None:
    ids = penn.encode("he did\nI 'm here\n")
    assert ids.tolist().count(penn.eos_id) == 2
    assert penn.decode(ids) == "he did\nI 'm here\n"
    rows = WordsCodec().fit(["he did\nI"])
    assert rows.eos_id not in rows.encode("he did\nI")


def test_ids_follow_frequency() -> None:
    codec = WordsCodec().fit(["b a a", "c a b"])
    assert codec.vocabulary == ["<pad>", "<unk>", "<bos>", "<eos>", "a", "b", "c"]
    assert [codec.id("a"), codec.id("zzz"), codec.token(5)] == [4, 1, "b"]


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


def test_nothing_to_learn_from_is_refused() -> None:
    for kind in ("words", "characters"):
        with pytest.raises(DataError, match=f"no {kind} are left"):
            codecs.make(kind).fit(["", "  " if kind == "words" else ""])
    with pytest.raises(DataError, match="no row has a label"):
        codecs.make("class").fit([])
    with pytest.raises(DataError, match="no numbers to measure"):
        codecs.make("numbers", sequence=True).fit([])


def test_unknown_characters_read_as_the_replacement_sign() -> None:
    codec = CharactersCodec().fit(["abc"])
    assert codec.encode("aé").tolist() == [codec.id("a"), codec.unk_id]
    assert codec.decode(codec.encode("aéb")) == "a\ufffdb"
    assert codec.unknown_rate("aéb") == pytest.approx(1 / 3)


def test_half_a_surrogate_pair_is_replaced() -> None:
    for kind in ("words", "characters", "subwords"):
        codec = codecs.make(kind).fit(["a \ud83d b"])
        assert "\ud83d" not in codec.decode(codec.encode("a \ud83d b"))


def test_fit_reads_its_values_once_and_keeps_none() -> None:
    def stream() -> Iterator[str]:
        for index in range(20_000):
            yield f"line {index % 7} of many."

    assert WordsCodec().fit(stream()).size == 4 + 11
    assert CharactersCodec().fit(stream()).size > 4


def test_an_unseen_class_is_refused_with_the_nearest() -> None:
    codec = codecs.make("class").fit(["positive", "negative"])
    with pytest.raises(DataError, match='class "positiv" was not in the training data. Did you mean "positive"?'):
        codec.encode("positiv")
    tags = codecs.make("tags").fit([["NOUN", "VERB"]])
    with pytest.raises(DataError, match='tag "NOUNS" was not in the training data. Did you mean "NOUN"?'):
        tags.encode(["VERB", "NOUNS"])


@pytest.mark.parametrize("value", [None, "", "  ", float("nan")])
def test_a_missing_label_is_refused(value: Any) -> None:
    with pytest.raises(DataError, match="a label is missing"):
        codecs.make("class").fit(["a", value])


def test_a_number_and_its_text_are_one_class() -> None:
    codec = codecs.make("class").fit([2, 10, 1, np.int64(2), 1.0])
    assert codec.decode(0) == 1
    assert [int(codec.encode(value)) for value in ("1", 2, "10")] == [0, 1, 2]


def test_missing_numbers() -> None:
    rows = [[1.0, "3"], ["NA", 4], [2, None], [3.0, ""]]
    with pytest.raises(DataError, match='a number is missing in column "a"'):
        NumbersCodec(sequence=False, columns=["a", "b"]).fit(rows)
    with pytest.raises(DataError, match='a number is missing in column "b" at step 2'):
        NumbersCodec(sequence=True, columns=["a", "b"]).fit([rows[:1]]).encode(rows[0:3:2])
    mean = NumbersCodec(sequence=True, columns=["a", "b"], missing="mean").fit([rows])
    assert mean.missing_count == 3
    assert mean.decode(mean.encode(rows))[1][0] == pytest.approx(2.0)
    previous = NumbersCodec(sequence=True, columns=["a", "b"], missing="previous").fit([rows])
    assert np.array(previous.decode(previous.encode(rows)))[:, 1] == pytest.approx([3, 4, 4, 4], rel=1e-6)
    assert previous.decode(previous.encode([["", "3"]]))[0][0] == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("abc", '"abc" is not a number'),
        ("1_000", '"1_000" is not a number'),
        ("inf", "finite"),
        (np.inf, "finite"),
        (np.array([np.inf]), "finite"),
        (10**400, "a whole number of 1,329 bits"),
        ([1.0, -(10**400)], "a whole number of 1,329 bits"),
        ([1, 2], "expected 1 numbers"),
        ({"a": 1}.keys(), "expected a number, found dict_keys"),
    ],
)
def test_what_is_no_number_is_refused(value: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        NumbersCodec(sequence=False).fit([1.0, 2.0, value])


def test_a_constant_column_keeps_its_scale() -> None:
    codec = NumbersCodec(sequence=False).fit([0.1] * 10)
    assert codec.deviation.tolist() == [1.0]
    assert codec.decode(codec.encode(0.3)) == pytest.approx(0.3)


def test_units_are_kept_and_shown() -> None:
    codec = NumbersCodec(sequence=False, columns=["Temp [°C]", "Wind"]).fit([[1, 2], [3, 4]])
    assert codec.units == ["°C", ""]
    assert codec.show([1.5, 2]) == "(1.5 °C, 2)"


def test_a_line_shown_is_short() -> None:
    codec = WordsCodec().fit(["a b"])
    assert codec.show("word " * 1_000_000, width=20) == "word word word word…"
    assert codec.show(["a"] * 100, width=9) == "a a a a …"


def test_words_given_to_another_kind_of_codec_are_refused() -> None:
    with pytest.raises(ConfigError, match='no codec "wrods". Did you mean "words"?'):
        codecs.make("wrods")
    with pytest.raises(ConfigError, match="subwords need at least 260"):
        codecs.make("subwords", Config.of(max_vocab=100).data)
    with pytest.raises(DataError, match="expected text, found bytes"):
        WordsCodec().fit([b"bytes"])
    with pytest.raises(DataError, match="call fit"):
        WordsCodec().encode("a")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A folder with one codec of each kind of file."""
    codecs.make("words").fit(["a b c"]).save(tmp_path, "words")
    codecs.make("class").fit(["a", "b"]).save(tmp_path, "class")
    NumbersCodec(sequence=False).fit([1.0, 2.0]).save(tmp_path, "numbers")
    return tmp_path


@pytest.mark.parametrize("name", ["words", "words.tokenizer", "class", "numbers"])
def test_a_file_cut_short_at_any_byte_is_refused(saved: Path, name: str) -> None:
    path = saved / f"{name}.json"
    whole = path.read_bytes()
    # the last byte is the line end, which carries nothing in our own files
    for length in range(0, len(whole) - 1, max(len(whole) // 40, 1)):
        path.write_bytes(whole[:length])
        with pytest.raises(RunError) as caught:
            codecs.load(saved, name.split(".")[0])
        assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("words", "format", 99),
        ("words", "kind", "wrods"),
        ("words", "kind", None),
        ("words", "size", 3),
        ("words", "split", "letters"),
        ("words", "lower", 1),
        ("words", "spacing", {}),
        ("words", "tokenizer_sha256", ""),
        ("class", "labels", []),
        ("class", "labels", ["b", "a"]),
        ("class", "labels", ["a", ["b"]]),
        ("numbers", "mean", ["x"]),
        ("numbers", "mean", [1.0, 2.0]),
        ("numbers", "deviation", [0.0]),
        ("numbers", "missing", "guess"),
    ],
)
def test_an_altered_file_is_refused(saved: Path, name: str, key: str, value: Any) -> None:
    path = saved / f"{name}.json"
    state = json.loads(path.read_text())
    state[key] = value
    path.write_text(json.dumps(state))
    with pytest.raises(RunError, match=str(saved)):
        codecs.load(saved, name)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is missing"):
        codecs.load(tmp_path, "input_codec")


def test_a_file_of_another_kind_is_refused(saved: Path) -> None:
    with pytest.raises(RunError, match="holds a codec of kind 'class'; expected one of words"):
        WordsCodec.load(saved, "class")
