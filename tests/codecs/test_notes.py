"""Notes go through MIDI files, rolls and lines of text and come back; damaged files are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur import codecs, errors
from recur.codecs import NotesCodec
from recur.codecs.melody import HOLD, REST, chord_name, line_of
from recur.codecs.notes import HIGHEST, KEYS, LOWEST
from recur.config import Config
from recur.errors import DamagedError, DataError, MissingExtraError, RunError

pitches = st.integers(LOWEST, HIGHEST)
steps = st.lists(st.sets(pitches, max_size=4).map(sorted), max_size=12)
sounding = steps.filter(lambda piece: bool(piece) and bool(piece[-1]))
events = st.lists(
    st.one_of(st.just(HOLD), st.just(REST), st.sets(pitches, min_size=1, max_size=3).map(chord_name)), min_size=1
).filter(lambda found: found[0] != HOLD)


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


@given(sounding, st.sampled_from([1, 2, 3, 4, 6, 24]))
def test_a_roll_that_ends_with_a_note_comes_back_from_its_midi_file(
    tmp_path_factory: pytest.TempPathFactory, piece: list[list[int]], beat: int
) -> None:
    codec = rolls(frames_per_beat=beat)
    path = codec.write_midi(piece, tmp_path_factory.mktemp("midi") / "piece.mid")
    assert codec.decode(codec.encode(str(path))) == piece


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
        ("C4/3", "lasts 1/3 beats, which is not a whole number of steps at 4 a beat"),
        ("C4/0", "divided by 0"),
    ],
)
def test_what_is_no_music_is_refused_in_words(value: Any, said: str) -> None:
    with pytest.raises(DataError) as caught:
        rolls().encode(value)
    assert said in caught.value.message
    assert caught.value.hint or "shape" in said or "88" in caught.value.message


@pytest.mark.parametrize("cut", [0, 3, 20, -5])
def test_a_damaged_midi_file_is_named(tmp_path: Path, cut: int) -> None:
    path = rolls().write_midi([[60], [62]], tmp_path / "whole.mid")
    damaged = tmp_path / "cut.mid"
    damaged.write_bytes(path.read_bytes()[:cut])
    for action in (rolls().encode, rolls().check_file):
        with pytest.raises(DamagedError, match=r"cut\.mid is damaged or not a MIDI file"):
            action(str(damaged))
    rolls().check_file(str(path))


def test_a_midi_file_without_notes_and_one_that_is_not_there_are_damaged_too(tmp_path: Path) -> None:
    empty = rolls().write_midi([[]], tmp_path / "empty.mid")
    with pytest.raises(DamagedError, match="has no notes"):
        rolls().check_file(str(empty))
    with pytest.raises(DamagedError, match="is missing"):
        rolls().check_file(str(tmp_path / "absent.mid"))


def test_notes_outside_the_piano_are_left_out_of_rolls_and_counted(tmp_path: Path) -> None:
    path = NotesCodec("melody").write_midi("C0 C4 C9", tmp_path / "wide.mid")
    codec = NotesCodec("roll").fit([str(path)])
    assert codec.outside == 2
    assert "2 notes outside the piano left out" in codec.describe()


@given(sounding, st.integers(0, 2**32 - 1))
def test_a_varied_roll_is_the_same_piece_moved_with_notes_folded_at_the_ends(piece: list[list[int]], seed: int) -> None:
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


def test_a_varied_melody_is_the_same_line_moved() -> None:
    codec = NotesCodec("melody", transpose=3).fit(["C4 E4+G4 r*2 D4/2"])
    found = {codec.decode(codec.augment(codec.encode("C4 E4+G4 r D4/2"), np.random.default_rng(s))) for s in range(60)}
    assert len(found) == 7
    assert "D#4 G4+A#4 r F4/2" in found
    assert "A3 C#4+E4 r B3/2" in found


def test_a_chord_never_seen_is_read_as_its_highest_note() -> None:
    codec = NotesCodec("melody", frames_per_beat=1).fit(["C4 G4"])
    assert codec.decode(codec.encode("C4+G4 C4+E4 G4")) == "G4 r G4"


@pytest.mark.parametrize("form", ["roll", "melody"])
def test_a_saved_codec_reads_and_writes_as_before(tmp_path: Path, form: str) -> None:
    data = Config.of(notes=form, frames_per_beat=2, transpose=2).data
    codec = codecs.make("notes", data).fit(["C4 E4+G4 r D4/2"])
    codec.save(tmp_path, "input_codec")
    loaded = codecs.load(tmp_path, "input_codec")
    array = codec.encode("C4 E4+G4 D4/2")
    assert np.array_equal(loaded.encode("C4 E4+G4 D4/2"), array)
    assert loaded.decode(array) == codec.decode(array)
    assert loaded.describe() == codec.describe()
    assert loaded.augments
    text = (tmp_path / "input_codec.json").read_text(encoding="utf-8")
    (tmp_path / "input_codec.json").write_text(text.replace(f'"{form}"', '"chant"'), encoding="utf-8")
    with pytest.raises(RunError, match="roll or melody"):
        codecs.load(tmp_path, "input_codec")


def test_how_often_keys_sound_is_measured_and_never_impossible() -> None:
    codec = NotesCodec("roll").fit([[[60], [60, 64]], [[], [60]]])
    assert codec.events.share[60 - LOWEST] == pytest.approx(4 / 6)
    assert codec.events.share[64 - LOWEST] == pytest.approx(2 / 6)
    assert codec.events.share.min() == pytest.approx(1 / 6)


@pytest.mark.parametrize("values", [[], [[]], [[[]]]])
def test_pieces_without_notes_teach_a_melody_nothing(values: list[Any]) -> None:
    with pytest.raises(DataError, match="no notes to learn from"):
        NotesCodec("melody").fit(values)


def test_shown_on_one_line() -> None:
    assert rolls().show([[60, 64], [60, 64], [62]], 40) == "C4+E4 D4"
    assert len(rolls().show([[60 + step % 12] for step in range(100)], 40)) == 40
    assert NotesCodec("melody", frames_per_beat=1).show("C4 D4 E4", 40) == "C4 D4 E4"


def test_without_symusic_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(module: str, extra: str) -> None:
        raise MissingExtraError(module, hint=f'pip install "recur-nn[{extra}]"')

    monkeypatch.setattr("recur.codecs.midi.require", absent)
    with pytest.raises(errors.MissingExtraError) as caught:
        rolls().write_midi([[60]], tmp_path / "a.mid")
    assert caught.value.hint == 'pip install "recur-nn[music]"'
    assert not (tmp_path / "a.mid").exists()


@pytest.mark.parametrize("value", [[["C"] * 88, [[0]] * 88], [[60, [1]]], [[[60]]], 3, "C4*" + "9" * 5000, [None]])
def test_values_that_are_no_notes_are_refused(value: Any) -> None:
    with pytest.raises(DataError):
        NotesCodec().encode(value)
