"""MIDI files: notes on a grid of steps, there and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recur.codecs.midi import read_midi, write_midi
from recur.errors import DamagedError

symusic = pytest.importorskip("symusic")


NOTES = np.array([[0, 2, 60], [0, 4, 64], [2, 4, 62], [8, 9, 108]])


def midi(folder: Path, *notes: tuple[int, int, int], drums: bool = False, beat: int = 480) -> Path:
    """A file of notes (start, length, pitch) in ticks."""
    score = symusic.Score(beat)
    track = symusic.Track(is_drum=drums)
    for start, length, pitch in notes:
        track.notes.append(symusic.Note(start, length, pitch, 64))
    score.tracks.append(track)
    path = folder / "a.mid"
    path.write_bytes(score.dumps_midi())
    return path


@pytest.mark.parametrize("beat", [1, 4, 7, 24, 960])
def test_notes_come_back_on_every_grid(tmp_path: Path, beat: int) -> None:
    path = tmp_path / "a.mid"
    write_midi(path, NOTES, beat)
    found = read_midi(path, beat)
    assert found.dtype == np.int64
    assert found.tolist() == [[0, 2, 60], [0, 4, 64], [2, 4, 62], [8, 9, 108]]


@pytest.mark.parametrize(
    ("start", "length", "found"),
    [
        (0, 480, [0, 2]), (119, 480, [0, 2]), (120, 480, [1, 3]), (0, 1, [0, 1]), (0, 599, [0, 2]), (0, 600, [0, 3]),
        (480, 240, [2, 3]),
    ],
)  # fmt: skip
def test_times_go_to_the_nearest_step_halves_up(tmp_path: Path, start: int, length: int, found: list[int]) -> None:
    assert read_midi(midi(tmp_path, (start, length, 60)), 2).tolist() == [[*found, 60]]


def test_notes_are_in_the_order_of_their_start_then_of_their_pitch_and_each_once(tmp_path: Path) -> None:
    path = midi(tmp_path, (480, 480, 60), (0, 480, 64), (0, 960, 60), (0, 480, 60), (1, 480, 64))
    assert read_midi(path, 1).tolist() == [[0, 1, 60], [0, 2, 60], [0, 1, 64], [1, 2, 60]]


def test_drums_are_left_out(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"a\.mid has no notes \(drums are not counted\)") as caught:
        read_midi(midi(tmp_path, (0, 480, 60), drums=True), 4)
    assert caught.value.hint == "--damaged skip leaves such files out"


@pytest.mark.parametrize("content", [b"", b"MThd", b"not music", b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x01\xe0MTrk"])
def test_what_is_no_midi_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=r"a\.mid (is damaged or not a MIDI file|has no notes)"):
        read_midi(path, 4)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedError, match=r"none\.mid is missing"):
        read_midi(tmp_path / "none.mid", 4)


def test_the_tempo_is_written(tmp_path: Path) -> None:
    write_midi(tmp_path / "a.mid", NOTES, 4, tempo=90.0)
    score = symusic.Score(str(tmp_path / "a.mid"))
    assert [round(each.qpm, 3) for each in score.tempos] == [90.0]
    assert score.ticks_per_quarter == 480
