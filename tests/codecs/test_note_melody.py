"""Pieces as melodies: back to their lines, transposed, and with chords that training has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.codecs import NotesCodec
from recur.codecs.note_events import HOLD, REST, chord_name, line_of
from recur.codecs.piano_roll import HIGHEST, LOWEST
from recur.errors import DataError

pitches = st.integers(LOWEST, HIGHEST)


events = st.lists(
    st.one_of(st.just(HOLD), st.just(REST), st.sets(pitches, min_size=1, max_size=3).map(chord_name)), min_size=1
).filter(lambda found: found[0] != HOLD)


@given(st.lists(events, min_size=1, max_size=3))
def test_a_melody_that_was_fitted_comes_back_as_its_line(pieces: list[list[str]]) -> None:
    lines = [line_of(piece, 4) for piece in pieces] + ["C4"]
    codec = NotesCodec("melody").fit(lines)
    for line in lines:
        ids = codec.encode(line)
        assert ids.dtype == np.int64
        assert ids.min() >= 4
        assert ids.max() < codec.size
        assert codec.decode(ids) == line


def test_a_transposed_melody_is_the_same_line_moved() -> None:
    codec = NotesCodec("melody", transpose=3).fit(["C4 E4+G4 r*2 D4/2"])
    found = {codec.decode(codec.augment(codec.encode("C4 E4+G4 r D4/2"), np.random.default_rng(s))) for s in range(60)}
    assert len(found) == 7
    assert "D#4 G4+A#4 r F4/2" in found
    assert "A3 C#4+E4 r B3/2" in found


def test_a_chord_never_seen_is_read_as_its_highest_note() -> None:
    codec = NotesCodec("melody", frames_per_beat=1).fit(["C4 G4"])
    assert codec.decode(codec.encode("C4+G4 C4+E4 G4")) == "G4 r G4"


@pytest.mark.parametrize("values", [[], [[]], [[[]]]])
def test_pieces_without_notes_teach_a_melody_nothing(values: list[Any]) -> None:
    with pytest.raises(DataError, match="no notes to learn from"):
        NotesCodec("melody").fit(values)
