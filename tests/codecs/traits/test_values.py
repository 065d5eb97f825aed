"""How raw values are given: one value or many, equal contents, what a request holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur.errors import DataError
from tests.codecs.fitted import PICTURES, SOUND, fitted


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
    assert fitted(name).is_one_value(one)
    assert not fitted(name).is_one_value(many)


@pytest.mark.parametrize("name", ["words", "class", "tags", "numbers", "dates"])
def test_of_other_values_a_list_is_many(name: str) -> None:
    assert not fitted(name).is_one_value(["a", "b"])


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
    assert fitted(name).is_whole_value(item, alone=alone, labelled=labelled) is whole


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("words", "the  sky\n", "the sky"), ("characters", "ABC", "abc"), ("numbers", ["1.0", "2"], [1, 2.0]),
        ("images", PICTURES[0], np.repeat(PICTURES[0][:, :, None], 3, axis=2)),
        ("melody", "C4 D4", [[60]] * 4 + [[62]] * 4),
    ],
)  # fmt: skip
def test_equal_contents_in_other_forms_are_equal(name: str, first: Any, second: Any) -> None:
    assert fitted(name).content_key(first) == fitted(name).content_key(second)


@pytest.mark.parametrize("name", ["images", "frames", "audio", "melody"])
def test_a_request_carries_files_and_names_none(name: str, tmp_path: Path) -> None:
    codec = fitted(name)
    path = tmp_path / {"images": "a.png", "frames": "a.mp4", "audio": "a.wav", "melody": "a.mid"}[name]
    path.write_bytes(b"anything")
    with pytest.raises(DataError, match="which must be in the request itself") as caught:
        codec.from_json(str(path))
    assert caught.value.hint == codec.file.request_form


@pytest.mark.parametrize("name", ["words", "class", "tags", "numbers", "dates"])
def test_other_values_are_read_from_json_as_they_are(name: str) -> None:
    assert fitted(name).from_json(["x", 1]) == ["x", 1]
    assert fitted(name).file is None
