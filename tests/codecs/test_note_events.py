"""Notes as text: names, lengths and events, there and back."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.codecs.note_events import (
    HOLD,
    REST,
    chord_name,
    events_of,
    events_of_notes,
    line_of,
    name_of,
    notes_of,
    pitch_of,
)
from recur.codecs.piano_roll import HIGHEST, LOWEST
from recur.errors import DataError

pitches = st.integers(LOWEST, HIGHEST)


events = st.lists(
    st.one_of(st.just(HOLD), st.just(REST), st.sets(pitches, min_size=1, max_size=3).map(chord_name)), min_size=1
).filter(lambda found: found[0] != HOLD)


@given(st.integers(0, 127))
def test_every_pitch_has_a_name_that_leads_back_to_it(pitch: int) -> None:
    assert pitch_of(name_of(pitch)) == pitch


@given(events, st.sampled_from([1, 2, 3, 4, 12]))
def test_events_come_back_from_their_line(found: list[str], beat: int) -> None:
    assert events_of(line_of(found, beat), beat) == found


@given(events)
def test_events_come_back_from_their_notes_but_for_how_rests_are_divided(found: list[str]) -> None:
    again = events_of_notes(notes_of(found))
    assert np.array_equal(notes_of(again), notes_of(found))


def test_a_grid_that_holds_the_length_is_named() -> None:
    with pytest.raises(DataError) as caught:
        events_of("C4/3", 4)
    assert caught.value.hint == "--frames-per-beat 12"
    assert len(events_of("C4/3", 12)) == 4


@pytest.mark.parametrize(
    ("name", "pitch"),
    [("C4", 60), ("C-1", 0), ("G9", 127), ("A4", 69), ("Cb4", 59), ("B#3", 60), ("f#5", 78), ("Bb3", 58)],
)
def test_a_name_is_a_pitch(name: str, pitch: int) -> None:
    assert pitch_of(name) == pitch


@pytest.mark.parametrize("name", ["", "H4", "C", "C##4", "Cb-1", "G#9", "C10", "4C", "C 4", "r"])
def test_what_names_no_note_is_refused(name: str) -> None:
    with pytest.raises(DataError, match=f'"{name}" is not a note; expected a letter and an octave') as caught:
        pitch_of(name)
    assert caught.value.hint == "C4 is the middle of the piano: C4 F#4 Bb3"


@pytest.mark.parametrize(("pitches", "name"), [([], "r"), ([60], "C4"), ([67, 60, 60], "C4+G4"), ([70, 58], "A#3+A#4")])
def test_notes_that_begin_together_are_named_from_the_lowest(pitches: list[int], name: str) -> None:
    assert chord_name(pitches) == name


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", []), ("C4", ["C4", "-"]), ("R r/2", ["r", "-", "r"]), ("G4+c4/2", ["C4+G4"]), ("C4*3/2", ["C4", "-", "-"]),
        ("C4/2  C4/2\n", ["C4", "C4"]), ("C4*2/4", ["C4"]),
    ],
)  # fmt: skip
def test_a_line_is_one_event_a_step(line: str, found: list[str]) -> None:
    assert events_of(line, 2) == found


@pytest.mark.parametrize(
    ("line", "said", "hint"),
    [
        ("C4/4", '"C4/4" lasts 1/4 beats, which is not a whole number of steps at 2 per beat', "--frames-per-beat 4"),
        ("C4*0", '"C4*0" lasts 0 beats', "--frames-per-beat 2"),
        ("C4/0", '"C4/0" lasts a beat divided by 0', "C4/2 lasts half a beat"),
        ("C4*1234567890", "has a length of more than 9 digits", "C4*4, C4/2"),
        ("C4+r", '"r" is not a note', "C4 is the middle of the piano: C4 F#4 Bb3"),
        ("C4*", '"C4*" is not a note', "C4 is the middle of the piano: C4 F#4 Bb3"),
    ],
)
def test_a_word_that_fits_no_step_is_refused(line: str, said: str, hint: str) -> None:
    with pytest.raises(DataError, match=re.escape(said)) as caught:
        events_of(line, 2)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("found", "line"),
    [([], ""), (["-", "-", "C4"], "r C4/2"), (["C4", "-", "-", "r"], "C4*3/2 r/2"), (["C4", "C4"], "C4/2 C4/2")],
)
def test_a_hold_lengthens_what_was_before_it(found: list[str], line: str) -> None:
    assert line_of(found, 2) == line


def test_notes_last_until_the_next_event() -> None:
    found = notes_of(["-", "C4+E4", "-", "r", "C4", "C4"])
    assert found.tolist() == [[1, 3, 60], [1, 3, 64], [4, 5, 60], [5, 6, 60]]
    assert notes_of([]).shape == (0, 3)
    assert notes_of(["r"]).dtype == np.int64


def test_notes_end_where_the_next_begin_and_silence_between_them_is_a_rest() -> None:
    notes = np.array([[1, 5, 60], [3, 4, 62], [6, 7, 64]])
    assert events_of_notes(notes) == ["r", "C4", "-", "D4", "r", "-", "E4"]
    assert events_of_notes(np.zeros((0, 3), np.int64)) == []
