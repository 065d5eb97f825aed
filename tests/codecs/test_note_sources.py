"""A piece in any of its sources: the same notes from a MIDI file, a line and a roll."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


@given(sounding, st.sampled_from([1, 2, 3, 4, 6, 24]))
def test_a_roll_that_ends_with_a_note_comes_back_from_its_midi_file(
    tmp_path_factory: pytest.TempPathFactory, piece: list[list[int]], beat: int
) -> None:
    codec = rolls(frames_per_beat=beat)
    path = codec.write_midi(piece, tmp_path_factory.mktemp("midi") / "piece.mid")
    assert codec.decode(codec.encode(str(path))) == piece


def test_repeated_notes_stay_apart_in_a_melody_and_merge_in_a_roll(tmp_path: Path) -> None:
    melody = NotesCodec("melody", frames_per_beat=2).fit(["C4 C4/2 C4/2"])
    assert melody.encode("C4 C4/2 C4/2").tolist() == [6, 4, 6, 6]
    assert rolls(frames_per_beat=2).notes("C4 C4/2 C4/2").tolist() == [[0, 2, 60], [2, 3, 60], [3, 4, 60]]
    roll = rolls(frames_per_beat=2)
    assert roll.notes(roll.encode("C4 C4/2 C4/2")).tolist() == [[0, 4, 60]]
    path = melody.write_midi("C4 C4/2 C4/2", tmp_path / "c.mid")
    assert melody.decode(melody.encode(str(path))) == "C4 C4/2 C4/2"


def test_a_melody_of_a_polyphonic_file_cuts_notes_where_the_next_begin(tmp_path: Path) -> None:
    path = rolls(frames_per_beat=2).write_midi([[48, 60], [48, 60], [48, 62], [], [64]], tmp_path / "two.mid")
    codec = NotesCodec("melody", frames_per_beat=2).fit([str(path)])
    assert codec.decode(codec.encode(str(path))) == "C3+C4 D4/2 r/2 E4/2"


def test_times_go_to_the_nearest_step_and_no_note_vanishes(tmp_path: Path) -> None:
    fine = rolls(frames_per_beat=24)
    fine.write_midi([[60]] + [[]] * 10 + [[62]] * 26, tmp_path / "fine.mid")
    coarse = rolls(frames_per_beat=2)
    assert coarse.notes(str(tmp_path / "fine.mid")).tolist() == [[0, 1, 60], [1, 3, 62]]
