"""Sources of a piece of music (MIDI file, line of notes, roll, pitches), read as notes, as a roll or as events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.bounds import check_memory
from recur.codecs.midi import SUFFIXES, read_midi
from recur.codecs.note_events import events_of, events_of_notes, notes_of
from recur.codecs.piano_roll import HIGHEST, KEYS, LOWEST, as_roll, notes_of_roll
from recur.codecs.plain_text import shorten


def is_midi_file(value: Any) -> bool:
    """Return whether a value is a path, or a text with the ending of a MIDI file."""
    return isinstance(value, Path) or (isinstance(value, str) and value.lower().endswith(SUFFIXES))


def read_notes(value: Any, frames_per_beat: int) -> np.ndarray:
    """Return the notes of a piece: (N, 3) int64 of start, end (in steps) and MIDI pitch."""
    if is_midi_file(value):
        return read_midi(Path(value), frames_per_beat)
    if isinstance(value, str):
        return notes_of(events_of(value, frames_per_beat))
    return notes_of_roll(as_roll(value))


def read_events(value: Any, frames_per_beat: int) -> list[str]:
    """Return a piece as one event per step."""
    if isinstance(value, str) and not is_midi_file(value):
        return events_of(value, frames_per_beat)
    return events_of_notes(read_notes(value, frames_per_beat))


def read_roll(value: Any, frames_per_beat: int) -> np.ndarray:
    """Return a piece as a roll: (T, 88) float32 of zeros and ones."""
    if not isinstance(value, (str, Path)):
        return as_roll(value)
    steps = 0 if is_midi_file(value) else len(events_of(str(value), frames_per_beat))
    notes = read_notes(value, frames_per_beat)
    steps = max(steps, int(notes[:, 1].max(initial=0)))
    name = value if is_midi_file(value) else shorten(str(value), 60)
    check_memory(name, (steps, "steps"), (KEYS, "keys"), item=4)
    roll = np.zeros((steps, KEYS), np.float32)
    for start, end, pitch in notes.tolist():
        if LOWEST <= pitch <= HIGHEST:
            roll[start:end, pitch - LOWEST] = 1.0
    return roll


def count_outside(value: Any, frames_per_beat: int) -> int:
    """Return the number of notes of a MIDI file that are beyond the keys of a piano; 0 for other sources."""
    if not is_midi_file(value):
        return 0
    pitches = read_notes(value, frames_per_beat)[:, 2]
    return int(((pitches < LOWEST) | (pitches > HIGHEST)).sum())
