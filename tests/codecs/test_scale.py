"""The common size, channels and normalisation of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.codecs.scale import Scale
from recur.errors import DataError, RunError
from tests.pictures import noise


def scale(size: Any = None, color: str = "auto") -> Scale:
    """A scale that has measured a gray picture of 0, 0, 10, 10."""
    found = Scale(size, color)
    found.measure([np.array([[0, 0], [10, 10]], np.uint8)])
    return found


@pytest.mark.parametrize(
    ("size", "grid"), [(4, (4, 4, 0)), ([4, 6], (4, 6, 0)), ((5,), (5, 5, 0)), (None, (0, 0, 0)), ([], (0, 0, 0))]
)
def test_a_size_is_a_side_or_height_and_width(size: Any, grid: tuple[int, int, int]) -> None:
    assert Scale(size, "auto").grid == grid


def test_an_unknown_colour_is_refused_with_those_there_are() -> None:
    with pytest.raises(DataError, match="there is no color 'grey'") as caught:
        Scale(4, "grey")
    assert caught.value.hint == "one of auto, gray, rgb"


def test_mean_and_deviation_are_those_of_all_pixels() -> None:
    found = scale()
    assert found.grid == (2, 2, 1)
    assert (found.mean.tolist(), found.deviation.tolist()) == ([5.0], [5.0])
    assert found.standardised(np.array([[[0], [10]]], np.uint8)).tolist() == [[[-1.0], [1.0]]]


@given(st.lists(st.integers(0, 99), min_size=1, max_size=4), st.sampled_from([1, 3]))
def test_mean_and_deviation_are_those_of_numpy(seeds: list[int], channels: int) -> None:
    pictures = [noise(3, 4, channels, seed=seed) for seed in seeds]
    found = Scale(None, "auto")
    assert found.measure(pictures) == len(pictures)
    together = np.stack(pictures).reshape(-1, channels).astype(np.float64)
    np.testing.assert_allclose(found.mean, together.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.deviation, together.std(axis=0), rtol=1e-9)


@pytest.mark.parametrize(
    ("color", "channels", "found"),
    [("auto", [1, 1], 1), ("auto", [1, 3], 3), ("gray", [3, 3], 1), ("rgb", [1, 1], 3)],
)
def test_colours_are_those_of_the_pictures_or_those_asked_for(color: str, channels: list[int], found: int) -> None:
    measured = Scale(None, color)
    measured.measure([noise(2, 2, each) for each in channels])
    assert measured.channels == len(measured.mean) == found
    assert measured.read(noise(2, 2)).shape == (2, 2, found)


def test_a_channel_of_one_value_keeps_its_scale() -> None:
    found = Scale(None, "auto")
    found.measure([np.full((3, 3), 7, np.uint8)])
    assert (found.mean.tolist(), found.deviation.tolist()) == ([7.0], [1.0])


def test_pixels_come_back_and_what_lies_outside_is_cut() -> None:
    found = scale()
    pixels = np.arange(256, dtype=np.uint8)[:, None]
    assert np.array_equal(found.restored(found.standardised(pixels)), pixels)
    assert found.restored(np.array([[-9.0], [99.0]])).tolist() == [[0], [255]]


def test_what_a_column_is_worth_is_that_of_its_channel() -> None:
    mean, deviation = scale().for_columns(3)
    assert (mean.tolist(), deviation.tolist()) == ([5.0] * 3, [5.0] * 3)


def test_pictures_of_two_sizes_and_none_at_all_are_refused() -> None:
    with pytest.raises(DataError, match="different sizes: a picture in memory .* is 2 x 3, .* is 3 x 2") as caught:
        Scale(None, "auto").measure([noise(2, 3), noise(3, 2)])
    assert "--image-size 64" in str(caught.value.hint)
    with pytest.raises(DataError, match="there are no pictures to compute a scale from"):
        Scale(None, "auto").measure([])
    with pytest.raises(DataError, match="the codec knows no pictures yet"):
        Scale(None, "auto").read(noise(2, 2))


def test_the_state_comes_back() -> None:
    found = scale()
    again = Scale.restore(found.state(), Path("c.json"))
    assert again.describe() == found.describe() == "2 x 2, gray"
    assert again.state() == found.state()


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("grid", [2, 2], '"grid" should be'), ("grid", [0, 2, 1], '"grid" should be'),
        ("grid", [2, 2, 2], '"grid" should'),
        ("color", "red", '"grid" should be'), ("mean", [1.0, 2.0], '"mean" should hold 1 finite numbers'),
        ("mean", [float("nan")], '"mean" should hold'), ("deviation", [0.0], '"deviation" should hold'),
        ("deviation", None, '"deviation" should be list'),
    ],
)  # fmt: skip
def test_a_damaged_state_is_refused(key: str, value: Any, said: str) -> None:
    with pytest.raises(RunError, match=f"c.json is damaged: {said}"):
        Scale.restore(scale().state() | {key: value}, Path("c.json"))
