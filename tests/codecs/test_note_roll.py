"""Pieces as rolls: how often keys sound, notes outside the piano, transposed pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.codecs import NotesCodec
from recur.codecs.piano_roll import HIGHEST, LOWEST

pitches = st.integers(LOWEST, HIGHEST)


steps = st.lists(st.sets(pitches, max_size=4).map(sorted), max_size=12)


sounding = steps.filter(lambda piece: bool(piece) and bool(piece[-1]))


def rolls(**options: Any) -> NotesCodec:
    """A codec of rolls that has seen one chord."""
    return NotesCodec("roll", **options).fit([[[60, 64, 67]]])


def test_notes_outside_the_piano_are_left_out_of_rolls_and_counted(tmp_path: Path) -> None:
    path = NotesCodec("melody").write_midi("C0 C4 C9", tmp_path / "wide.mid")
    codec = NotesCodec("roll").fit([str(path)])
    assert codec.outside == 2
    assert "2 notes outside the piano left out" in codec.describe()


@given(sounding, st.integers(0, 2**32 - 1))
def test_a_transposed_roll_is_the_same_piece_with_notes_folded_at_the_ends(piece: list[list[int]], seed: int) -> None:
    codec = rolls(transpose=12)
    array = codec.encode(piece)
    moved = codec.augment(array, np.random.default_rng(seed))
    again = codec.augment(array, np.random.default_rng(seed))
    assert np.array_equal(moved, again)
    move = int(np.random.default_rng(seed).integers(-12, 13))
    for before, after in zip(codec.decode(array), codec.decode(moved), strict=True):
        assert {(pitch + move) % 12 for pitch in before} == {pitch % 12 for pitch in after}
        inside = {pitch + move for pitch in before if LOWEST <= pitch + move <= HIGHEST}
        assert inside <= set(after)


def test_how_often_keys_sound_is_measured_and_never_impossible() -> None:
    codec = NotesCodec("roll").fit([[[60], [60, 64]], [[], [60]]])
    assert codec.events.share[60 - LOWEST] == pytest.approx(4 / 6)
    assert codec.events.share[64 - LOWEST] == pytest.approx(2 / 6)
    assert codec.events.share.min() == pytest.approx(1 / 6)
