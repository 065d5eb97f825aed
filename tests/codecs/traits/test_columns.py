"""Columns: how they are scaled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.codecs.fitted import PICTURES, fitted
from tests.tolerances import agree

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
    agree(encoded, expected)


@pytest.mark.parametrize(
    ("name", "per_step"),
    [("roll", True), ("series", True), ("tags", True), ("melody", False), ("numbers", False), ("words", False)],
)
def test_steps_of_tags_numbers_and_events_are_answers_of_their_own(name: str, per_step: bool) -> None:
    assert fitted(name).answers_per_step is per_step


def test_events_state_how_often_they_happen() -> None:
    roll = fitted("roll")
    assert roll.events is not None
    assert roll.events.verb == "sounds"
    assert np.shape(roll.events.share) == (88,)
    assert [fitted(name).events for name in ("melody", "series", "words")] == [None] * 3
