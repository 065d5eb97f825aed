"""Every codec gives back what it was given, before and after its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from recur import codecs
from recur.codecs import NumbersCodec, WordsCodec
from recur.config import Config

texts = st.text(st.characters(codec="utf-8"), max_size=40)
words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P"]), min_size=1, max_size=8).filter(
    lambda word: word not in ("<pad>", "<bos>", "<unk>", "<eos>") and len(word.split()) == 1
)
labels = st.one_of(st.integers(-1000, 1000), st.text(min_size=1, max_size=8).map(str.strip).filter(bool))
numbers = st.floats(-1e6, 1e6, allow_nan=False, width=32)


@given(st.lists(texts.filter(bool), min_size=1, max_size=5))
def test_characters_of_a_known_text_come_back(values: list[str]) -> None:
    codec = codecs.make("characters").fit(values)
    for value in values:
        assert codec.decode(codec.encode(value)) == value


@settings(max_examples=25)
@given(st.lists(texts, min_size=1, max_size=5), texts)
def test_subwords_of_any_text_come_back(values: list[str], other: str) -> None:
    codec = codecs.make("subwords", Config.of(max_vocab=300).data).fit(values)
    assert codec.decode(codec.encode(other)) == other
    assert codec.unknown_rate(other) == 0


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
        if codec.unk_id not in ids:
            np.testing.assert_array_equal(codec.encode(codec.decode(ids)), ids)


@given(st.lists(texts, min_size=1, max_size=4), texts)
def test_tokens_stand_beside_their_ids(values: list[str], other: str) -> None:
    for kind in ("words", "characters"):
        codec = codecs.make(kind).fit([*values, "a word, and a stop."])
        for value in [*values, other]:
            assert len(codec.tokens(value)) == len(codec.encode(value))
        np.testing.assert_equal(codec.encode_many([*values, other])[-1], codec.encode(other))


@given(st.lists(labels, min_size=1))
def test_classes_come_back(values: list[Any]) -> None:
    codec = codecs.make("class").fit(values)
    for value in values:
        assert str(codec.decode(codec.encode(value))) == str(value)
    assert codec.size == len({str(value) for value in values})


@given(st.lists(st.lists(labels, max_size=6), min_size=1).filter(any))
def test_tags_come_back(values: list[list[Any]]) -> None:
    codec = codecs.make("tags").fit(values)
    for value in values:
        assert list(map(str, codec.decode(codec.encode(value)))) == list(map(str, value))


@given(st.integers(1, 3).flatmap(lambda c: st.lists(st.lists(numbers, min_size=c, max_size=c), min_size=2)))
def test_numbers_come_back_in_their_units(rows: list[list[float]]) -> None:
    table = np.array(rows)
    scale = max(np.abs(table).max(), 1e-6)
    single = NumbersCodec(sequence=False).fit(rows)
    for row in rows:
        np.testing.assert_allclose(np.ravel(single.decode(single.encode(row))), row, atol=1e-5 * scale)
    series = NumbersCodec(sequence=True, columns=single.columns).fit([rows, rows[:1]])
    decoded = np.reshape(series.decode(series.encode(rows)), table.shape)
    np.testing.assert_allclose(decoded, table, atol=1e-5 * scale)


@given(st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=2, max_size=20))
def test_mean_and_deviation_are_those_of_numpy(rows: list[list[float]]) -> None:
    codec = NumbersCodec(sequence=False).fit(rows)
    table = np.array(rows)
    np.testing.assert_allclose(codec.mean, table.mean(axis=0), rtol=1e-9, atol=1e-6)
    expected = table.std(axis=0)
    varies = expected > 1e-6 * (1 + np.abs(table).max())
    np.testing.assert_allclose(codec.deviation[varies], expected[varies], rtol=1e-6)


EXAMPLES: list[tuple[str, list[Any], list[Any]]] = [
    ("words", ["It is n't so , he said .", "Yes ."], ["it is n't\nso.", "Nothing known", ""]),
    ("words", ["It isn't so, he said.", 'He said "yes" (twice)!'], ["isn't so, (twice)", ""]),
    ("words", [["10:30", "is", "late"]], [["10:30", "late"], "it is late."]),
    ("characters", ["naïve\n\tcafé", "日本語"], ["café 日本 x", ""]),
    ("subwords", ["naïve café café", "日本語"], ["quite new 🙂 <eos>", ""]),
    ("class", ["b", "a", 3, 12, "a"], ["a", "3", 12]),
    ("tags", [["NOUN", "VERB"], "DET NOUN"], ["NOUN DET", []]),
    ("numbers", [[1, 2.5], ["3", None], [4, 0]], [[1, 2], [None, 5]]),
]


@pytest.mark.parametrize(("kind", "fitted", "tried"), EXAMPLES, ids=[row[0] for row in EXAMPLES])
def test_a_loaded_codec_is_the_saved_one(kind: str, fitted: list[Any], tried: list[Any], tmp_path: Path) -> None:
    config = Config.of(max_vocab=300, missing="mean", lower=False).data
    codec = codecs.make(kind, config).fit(fitted)
    codec.save(tmp_path, "input_codec")
    loaded = codecs.load(tmp_path, "input_codec")
    assert type(loaded) is type(codec)
    assert loaded.describe() == codec.describe()
    assert (loaded.size, loaded.discrete, loaded.sequence) == (codec.size, codec.discrete, codec.sequence)
    for value in [*fitted, *tried]:
        ids = codec.encode(value)
        np.testing.assert_array_equal(loaded.encode(value), ids)
        assert loaded.decode(ids) == codec.decode(ids)
        assert loaded.show(value) == codec.show(value)
    loaded.save(tmp_path, "again")
    for file in tmp_path.glob("input_codec*"):
        again = tmp_path / file.name.replace("input_codec", "again")
        assert file.read_bytes() == again.read_bytes()


@pytest.mark.parametrize(("kind", "fitted", "tried"), EXAMPLES[:5], ids=[row[0] for row in EXAMPLES[:5]])
def test_hf_tokenizers_opens_the_file(kind: str, fitted: list[Any], tried: list[Any], tmp_path: Path) -> None:
    codec = codecs.make(kind, Config.of(max_vocab=300).data).fit(fitted)
    codec.save(tmp_path, "input_codec")
    tokenizer = Tokenizer.from_file(str(tmp_path / "input_codec.tokenizer.json"))
    assert tokenizer.get_vocab_size() == codec.size
    for value in [*fitted, *tried]:
        ids = tokenizer.encode(value, is_pretokenized=isinstance(value, list)).ids
        if codec.unk_id not in ids:
            assert ids == codec.encode(value).tolist()


def test_lower_case_is_the_same_for_texts_and_lists(tmp_path: Path) -> None:
    codec = WordsCodec(lower=True).fit([["Sky", "BLUE"], ["sky", "İstanbul"]])
    assert codec.vocabulary[4] == "sky"
    np.testing.assert_array_equal(codec.encode("SKY blue"), codec.encode(["sky", "Blue"]))
    codec.save(tmp_path, "a")
    np.testing.assert_array_equal(codecs.load(tmp_path, "a").encode("İSTANBUL sky"), codec.encode("İSTANBUL sky"))
