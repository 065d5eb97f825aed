"""The tunes: notes on the grid, within two octaves, the same in another key."""

from __future__ import annotations

import pytest

from recur.codecs import NotesCodec
from recur.codecs.note_events import events_of, pitch_of
from recur.demos import melody
from recur.demos.tunes import STEPS_PER_BEAT, TUNES, transpose


@pytest.mark.parametrize("name", TUNES)
def test_every_tune_is_notes_on_the_grid_within_two_octaves(name: str) -> None:
    events = events_of(TUNES[name], STEPS_PER_BEAT)
    pitches = [pitch_of(event) for event in events if event not in ("-", "r")]
    assert len(events) > melody.OPENING + 16
    assert max(pitches) - min(pitches) <= 24
    assert len(set(pitches)) >= 4


@pytest.mark.parametrize("name", TUNES)
def test_a_tune_in_another_key_is_the_same_tune(name: str) -> None:
    line = TUNES[name]
    assert transpose(transpose(line, 5), -5) == transpose(line, 0)
    codec = NotesCodec(frames_per_beat=STEPS_PER_BEAT)
    own, higher = codec.notes(line), codec.notes(transpose(line, 3))
    assert (own[:, :2] == higher[:, :2]).all()
    assert (own[:, 2] + 3 == higher[:, 2]).all()
