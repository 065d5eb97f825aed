"""What every codec says of itself: how columns are scaled, which values are one, and which contents are equal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur import codecs
from recur.codecs import (
    AudioCodec,
    CharactersCodec,
    ClassCodec,
    Codec,
    DatesCodec,
    FramesCodec,
    ImagesCodec,
    NotesCodec,
    NumbersCodec,
    SpelledWordsCodec,
    TagsCodec,
    WordsCodec,
)
from recur.codecs.codec import between_spaces, shorten, to_text
from recur.codecs.kinds import check_kind, codec_class
from recur.errors import ConfigError, DataError, RunError

PICTURES = [np.full((4, 4), 90, np.uint8), np.full((4, 4), 10, np.uint8)]
SOUND = (np.sin(np.arange(4000) / 9), 8000)


def fitted(name: str) -> Codec:
    codecs: dict[str, Codec] = {
        "words": WordsCodec().fit(["the sky is blue"]),
        "characters": CharactersCodec(lower=True).fit(["abc"]),
        "spelled": SpelledWordsCodec().fit(["the sky is blue"]),
        "class": ClassCodec().fit(["a", "b"]),
        "tags": TagsCodec().fit(["A B"]),
        "numbers": NumbersCodec(sequence=False, columns=["a", "b"]).fit([[1.0, 2.0], [3.0, 6.0]]),
        "series": NumbersCodec(sequence=True, columns=["a"]).fit([[1.0, 3.0]]),
        "dates": DatesCodec().fit(["06:00"]),
        "images": ImagesCodec().fit(PICTURES),
        "rows of images": ImagesCodec(steps="rows").fit(PICTURES),
        "frames": FramesCodec().fit([PICTURES]),
        "audio": AudioCodec(bands=8).fit([SOUND]),
        "roll": NotesCodec("roll").fit([[[60], [62]]]),
        "melody": NotesCodec("melody").fit(["C4 D4"]),
    }
    return codecs[name]


COLUMNS = {"numbers": 2, "series": 1, "dates": 2, "images": 1, "rows of images": 4, "frames": 1, "audio": 8, "roll": 88}


@pytest.mark.parametrize("name", COLUMNS)
def test_each_column_or_channel_has_a_mean_and_a_deviation(name: str) -> None:
    mean, deviation = fitted(name).normalisation()
    assert (mean.shape, deviation.shape, mean.dtype, deviation.dtype) == ((COLUMNS[name],), mean.shape, "f4", "f4")
    assert (deviation > 0).all()


@pytest.mark.parametrize(
    ("name", "raw"),
    [("numbers", [3.0, 6.0]), ("series", [1.0, 5.0]), ("images", PICTURES[0]), ("rows of images", PICTURES[1])],
)
def test_what_is_standardised_by_them_is_what_is_encoded(name: str, raw: Any) -> None:
    codec = fitted(name)
    mean, deviation = codec.normalisation()
    encoded = codec.encode(raw)
    expected = (np.asarray(raw, np.float64).reshape(encoded.shape) - mean) / deviation
    np.testing.assert_allclose(encoded, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "one", "many"),
    [
        ("series", [1.0, 2.0], [[1.0], [2.0]]),
        ("images", PICTURES[0], np.stack(PICTURES)),
        ("frames", np.stack(PICTURES), np.stack([np.stack(PICTURES)] * 2)),
        ("audio", SOUND, [SOUND, SOUND]),
        ("melody", [[60], [62]], [[[60], [62]], [[64]]]),
    ],
)
def test_a_list_or_an_array_is_one_value_or_many(name: str, one: Any, many: Any) -> None:
    assert fitted(name).is_one(one)
    assert not fitted(name).is_one(many)


@pytest.mark.parametrize("name", ["words", "class", "tags", "numbers", "dates"])
def test_of_other_values_a_list_is_many(name: str) -> None:
    assert not fitted(name).is_one(["a", "b"])


@pytest.mark.parametrize(
    ("name", "item", "alone", "labelled", "whole"),
    [
        ("words", "the sky", True, False, True), ("words", "sky", True, True, False),
        ("words", "the sky", True, True, True), ("tags", ["A", "B"], True, True, True),
        ("series", 1.0, True, False, False), ("series", [1.0], True, False, True),
        ("series", 1.0, False, False, True), ("numbers", 1.0, True, False, True),
        ("images", "a.png", True, False, True), ("images", PICTURES[0], True, False, False),
        ("class", "a", True, True, True),
    ],
)  # fmt: skip
def test_an_item_of_a_column_is_a_value_or_a_step_of_one(
    name: str, item: Any, alone: bool, labelled: bool, whole: bool
) -> None:
    assert fitted(name).is_whole(item, alone=alone, labelled=labelled) is whole


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("words", "the  sky\n", "the sky"), ("characters", "ABC", "abc"), ("numbers", ["1.0", "2"], [1, 2.0]),
        ("images", PICTURES[0], np.repeat(PICTURES[0][:, :, None], 3, axis=2)),
        ("melody", "C4 D4", [[60]] * 4 + [[62]] * 4),
    ],
)  # fmt: skip
def test_equal_contents_in_other_forms_are_equal(name: str, first: Any, second: Any) -> None:
    assert fitted(name).contents(first) == fitted(name).contents(second)


def test_of_words_with_their_letters_words_are_counted_and_no_letters() -> None:
    unknown = fitted("spelled").unknown_steps("the zebra qqq")
    assert unknown is not None
    assert unknown.tolist() == [False, True, True]
    assert fitted("melody").unknown_steps("C4") is None


@pytest.mark.parametrize("name", ["images", "frames", "audio", "melody"])
def test_a_request_carries_files_and_names_none(name: str, tmp_path: Path) -> None:
    codec = fitted(name)
    path = tmp_path / {"images": "a.png", "frames": "a.mp4", "audio": "a.wav", "melody": "a.mid"}[name]
    path.write_bytes(b"anything")
    with pytest.raises(DataError, match="which must be in the request itself") as caught:
        codec.from_json(str(path))
    assert caught.value.hint == codec.carried


@pytest.mark.parametrize("name", ["words", "class", "tags", "numbers", "dates"])
def test_other_values_are_read_from_json_as_they_are(name: str) -> None:
    assert fitted(name).from_json(["x", 1]) == ["x", 1]
    assert not fitted(name).carried


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


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        ("words", ["", "  "], "no words are left"),
        ("characters", ["", ""], "no characters are left"),
        ("class", [], "there is no class: no row has a label"),
        ("tags", [[], [None]], "there is no tag: no row has a label"),
        ("numbers", [], "no numbers to scale"),
        ("images", [], "there are no pictures"),
    ],
)
def test_nothing_to_learn_from_is_refused(kind: str, values: list[Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        codecs.make(kind, sequence=True).fit(values)


@pytest.mark.parametrize("kind", ["words", "characters", "subwords", "class", "tags", "numbers", "spelled"])
def test_a_codec_that_was_not_fitted_says_so(kind: str) -> None:
    with pytest.raises(DataError, match=f"the {kind} codec has no") as caught:
        codecs.make(kind, sequence=True).encode("1")
    assert caught.value.hint == "call fit(values) first"


def test_an_unknown_kind_is_refused_with_the_nearest_and_all_that_can_be_asked_for() -> None:
    with pytest.raises(ConfigError, match='there is no codec "wrods". Did you mean "words"?') as caught:
        check_kind("wrods")
    listed = str(caught.value.hint).split(", ")
    assert {"words", "characters", "subwords", "class", "tags", "numbers", "dates"} <= set(listed)
    assert "spelled" not in listed
    with pytest.raises(ConfigError, match='no codec "wrods"'):
        codec_class("wrods")


def test_a_kind_that_only_the_program_asks_for_has_a_class_and_no_name_in_a_configuration() -> None:
    assert codec_class("spelled") is SpelledWordsCodec
    with pytest.raises(ConfigError, match='no codec "spelled"'):
        check_kind("spelled")
    check_kind(None)
    check_kind("tags")


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("ab", 2, "ab"), ("abc", 2, "a…"), ("a  \n b\tc ", 5, "a b c"), ("", 3, ""), ("abc", 1, "…"), ("abc", 0, "…"),
        ("a" + " " * 100 + "b", 10, "a…"),
    ],
)  # fmt: skip
def test_a_text_is_shortened_to_one_line(text: str, width: int, shown: str) -> None:
    assert shorten(text, width) == shown


@pytest.mark.parametrize(
    ("value", "text"),
    [("a", "a"), (3, "3"), (2.5, "2.5"), (True, "True"), ("\ud83d\ude00", "😀"), ("a\udc00", "a\ufffd")],
)
def test_a_value_becomes_a_text_that_utf8_can_write(value: Any, text: str) -> None:
    assert to_text(value) == text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"a", "expected text, found bytes"), (bytearray(b"a"), "expected text, found bytearray"),
        (None, "expected text, found nothing"), ({}, "expected text, found dict"), ([1], "expected text, found list"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_refused(value: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        to_text(value)


@pytest.mark.parametrize(
    ("item", "labelled", "whole"),
    [(["a"], True, True), ("a b", True, True), ("a", True, False), (" a ", True, False), ("a", False, True)],
)
def test_a_sentence_has_spaces_where_its_words_are_labelled(item: Any, labelled: bool, whole: bool) -> None:
    assert between_spaces(item, labelled) is whole


def test_a_symbol_that_a_user_names_is_one_known_symbol() -> None:
    codec = codecs.make("words").fit(["the sky is blue"])
    assert codec.symbol(codec.symbol_id("sky")) == "sky"
    with pytest.raises(DataError, match='"skye" is not a single symbol in the vocabulary of this network'):
        codec.symbol_id("skye")
    with pytest.raises(DataError, match='"the sky" is not a single symbol') as caught:
        codec.symbol_id("the sky")
    assert caught.value.hint == "give one of its vocabulary as --target"


def test_a_label_and_a_letter_that_utf8_cannot_write_are_replaced(tmp_path: Path) -> None:
    codec = ClassCodec().fit(["a\ud800", "b"])
    assert codec.labels == ["a\ufffd", "b"]
    codec.save(tmp_path, "target")
    spelled = SpelledWordsCodec().fit(["one \udc80x two"])
    spelled.save(tmp_path, "input")


def test_a_whole_number_of_more_digits_than_python_writes_is_refused() -> None:
    with pytest.raises(DataError, match="expected text, found int with too many digits") as caught:
        to_text(10**5000)
    assert caught.value.hint == "give it as a text"
    with pytest.raises(DataError, match="too many digits"):
        ClassCodec().fit([10**5000, 1])
