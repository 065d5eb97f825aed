"""What every codec says of itself: how columns are scaled, which values are one, and which contents are equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

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
from recur.errors import DataError

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
    with pytest.raises(DataError, match="which a request carries and does not name") as caught:
        codec.from_json(str(path))
    assert caught.value.hint == codec.carried


@pytest.mark.parametrize("name", ["words", "class", "tags", "numbers", "dates"])
def test_other_values_are_read_from_json_as_they_are(name: str) -> None:
    assert fitted(name).from_json(["x", 1]) == ["x", 1]
    assert not fitted(name).carried
