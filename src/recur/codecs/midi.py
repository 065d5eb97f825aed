"""MIDI files in and out, on a grid of equal steps; symusic (extra ``music``) reads and writes them.

A note is three whole numbers (start, end, pitch): steps from the beginning, the end excluded, and the MIDI pitch, in
which C4 is 60. With R steps per beat (a quarter note), a time of t ticks in a file of Q ticks per beat is step
``round(t R / Q)``; no note is shorter than one step.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from recur.atomic import write_bytes
from recur.bounded import read_bytes
from recur.codecs.bounds import SKIP, bounds, check_steps
from recur.errors import DamagedError, require

SUFFIXES = (".mid", ".midi")
VELOCITY = 80
_TICKS = 480


def read_midi(path: Path, frames_per_beat: int) -> np.ndarray:
    """Return the notes of a file on the grid, drums left out: (N, 3) int64 of start, end and pitch; by start,
    then by pitch.

    Parameters
    ----------
    path : Path
    frames_per_beat : int
        R, steps of a quarter note.

    Raises
    ------
    DamagedError
        When the file is missing, is no MIDI file, is cut short or has no note.
    MissingExtraError
        Without symusic.
    """
    symusic = require("symusic", "music")
    raw = read_bytes(path, bounds().bytes, kind="MIDI file", error=DamagedError, hint=SKIP)
    try:
        score = symusic.Score.from_midi(raw)
    # the compiled reader has no error class of its own, and the block holds nothing else
    except Exception as error:
        reason = re.sub(r"^MiniMidi: (Invaild midi file! )?|: iostream error$", "", str(error))
        raise DamagedError(
            f"{path} is damaged or not a MIDI file: {reason}", hint="--damaged skip leaves such files out"
        ) from error
    beat = int(score.ticks_per_quarter)
    parts = []
    for track in score.tracks:
        if track.is_drum or not len(track.notes):
            continue
        table = track.notes.numpy()
        start = np.maximum(table["time"].astype(np.int64), 0)
        end = start + table["duration"].astype(np.int64)
        first = _round(start * frames_per_beat, beat)
        last = np.maximum(first + 1, _round(end * frames_per_beat, beat))
        parts.append(np.stack([first, last, table["pitch"].astype(np.int64) % 128], axis=1))
    if not parts or beat < 1:
        raise DamagedError(f"{path} has no notes (drums are not counted)", hint="--damaged skip leaves such files out")
    check_steps(path, int(max(part[:, 1].max() for part in parts)))
    notes = np.unique(np.concatenate(parts), axis=0)
    return notes[np.lexsort((notes[:, 1], notes[:, 2], notes[:, 0]))]


def write_midi(path: Path, notes: np.ndarray, frames_per_beat: int, *, tempo: float = 120.0) -> None:
    """Write notes as a MIDI file of one piano track, atomically.

    Parameters
    ----------
    path : Path
    notes : ndarray
        (N, 3) of start, end and pitch.
    frames_per_beat : int
        R.
    tempo : float
        Beats per minute.

    Raises
    ------
    MissingExtraError
        Without symusic.
    """
    symusic = require("symusic", "music")
    # every step is a whole number of ticks
    beat = frames_per_beat * max(1, _TICKS // frames_per_beat)
    ticks = beat // frames_per_beat
    score: Any = symusic.Score(beat)
    score.tempos.append(symusic.Tempo(0, tempo))
    track: Any = symusic.Track(name="piano", program=0, is_drum=False)
    for start, end, pitch in notes.tolist():
        track.notes.append(symusic.Note(start * ticks, (end - start) * ticks, pitch, VELOCITY))
    score.tracks.append(track)
    write_bytes(path, score.dumps_midi())


def _round(numerator: np.ndarray, denominator: int) -> np.ndarray:
    """Whole numbers nearest to a quotient, halves up, without floating point."""
    quotient: np.ndarray = (2 * numerator + denominator) // (2 * denominator)
    return quotient
