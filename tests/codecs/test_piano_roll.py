"""Piano rolls: back to the pitches of every step; what is no roll is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.codecs import NotesCodec
from recur.codecs.piano_roll import HIGHEST, KEYS, LOWEST
from recur.errors import DataError

pitches = st.integers(LOWEST, HIGHEST)


steps = st.lists(st.sets(pitches, max_size=4).map(sorted), max_size=12)


def rolls(**options: Any) -> NotesCodec:
    """A codec of rolls that has seen one chord."""
    return NotesCodec("roll", **options).fit([[[60, 64, 67]]])


@given(steps)
def test_a_roll_comes_back_as_the_pitches_of_every_step(piece: list[list[int]]) -> None:
    codec = rolls()
    array = codec.encode(piece)
    assert array.shape == (len(piece), KEYS)
    assert array.dtype == np.float32
    assert codec.decode(array) == piece
    assert np.array_equal(codec.encode(array), array)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([[60], [110]], "step 2: 110 is not a key of the piano"),
        ([[60], ["C4"]], "step 2: 'C4' is not a key"),
        ([[60], 62], "step 2 is int 62; expected a list of pitches"),
        (np.full((3, KEYS), 0.5), "zeros and ones only"),
        (np.zeros((3, 12)), "expected a piano roll of shape (steps, 88)"),
        (7, "expected notes, found int 7"),
        ("C4 H4", '"H4" is not a note'),
        ("C4/3", "lasts 1/3 beats, which is not a whole number of steps at 4 per beat"),
        ("C4/0", "divided by 0"),
    ],
)
def test_what_is_no_music_is_refused_in_words(value: Any, said: str) -> None:
    with pytest.raises(DataError) as caught:
        rolls().encode(value)
    assert said in caught.value.message
    assert caught.value.hint or "shape" in said or "88" in caught.value.message


@pytest.mark.parametrize("value", [[["C"] * 88, [[0]] * 88], [[60, [1]]], [[[60]]], 3, "C4*" + "9" * 5000, [None]])
def test_values_that_are_no_notes_are_refused(value: Any) -> None:
    with pytest.raises(DataError):
        NotesCodec().encode(value)
