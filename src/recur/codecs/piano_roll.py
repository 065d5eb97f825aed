"""Piano rolls as arrays: (T, 88) of zeros and ones, from arrays or lists of pitches, and the notes in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from recur.codecs.bounds import check_memory
from recur.codecs.plain_text import shorten
from recur.codecs.reading import reading
from recur.errors import DataError

KEYS = 88
LOWEST = 21  # A0, the lowest key of the piano
HIGHEST = LOWEST + KEYS - 1


def on_the_piano(pitch: int) -> int:
    """Return a pitch, moved by octaves to a key of the piano.

    >>> on_the_piano(20), on_the_piano(60), on_the_piano(110)
    (32, 60, 98)
    """
    while pitch < LOWEST:
        pitch += 12
    while pitch > HIGHEST:
        pitch -= 12
    return pitch


def as_roll(value: Any) -> np.ndarray:
    """Return an array (T, 88), or a list with the pitches of every step, as a roll (T, 88) float32.

    Raises
    ------
    DataError
        When it is neither.
    """
    if isinstance(value, np.ndarray) and value.dtype != object:
        return checked_roll(value)
    if not isinstance(value, (Sequence, np.ndarray)):
        raise DataError(
            f"expected notes, found {type(value).__name__} {shorten(repr(value), 40)}",
            hint="a .mid file, a line such as C4 D4 E4/2, or the pitches of every step: [[60, 64], [62]]",
        )
    if len(value) and all(isinstance(step, (Sequence, np.ndarray)) and len(step) == KEYS for step in value):
        with reading("a piano roll", "array of zeros and ones", faults=(ValueError,), error=DataError, hint=None):
            return checked_roll(np.array(value))
    check_memory("the list of pitches", (len(value), "steps"), (KEYS, "keys"), item=4, hint="divide it into pieces")
    roll = np.zeros((len(value), KEYS), np.float32)
    for step, pitches in enumerate(value):
        roll[step, _keys_of(step, pitches)] = 1.0
    return roll


def _keys_of(step: int, pitches: Any) -> list[int]:
    """Return the keys of the pitches of one step."""
    if isinstance(pitches, str) or not isinstance(pitches, (Sequence, np.ndarray)):
        raise DataError(
            f"step {step + 1} is {type(pitches).__name__} {shorten(repr(pitches), 40)}; expected a list of pitches",
            hint="[[60, 64], [], [62]] is a chord, silence and a note",
        )
    for pitch in pitches:
        whole = isinstance(pitch, (int, np.integer)) or (isinstance(pitch, float) and pitch.is_integer())
        if isinstance(pitch, bool) or not whole or not LOWEST <= pitch <= HIGHEST:
            raise DataError(
                f"step {step + 1}: {shorten(repr(pitch), 20)} is not a key of the piano; "
                f"expected MIDI pitches from {LOWEST} to {HIGHEST}",
                hint="60 is C4, the middle of the piano",
            )
    return [int(pitch) - LOWEST for pitch in pitches]


def checked_roll(array: np.ndarray) -> np.ndarray:
    """Return an array as a roll, float32.

    Raises
    ------
    DataError
        When it has another shape, or values other than 0 and 1.
    """
    if array.size == 0:
        return np.zeros((0, KEYS), np.float32)
    if array.ndim != 2 or array.shape[1] != KEYS or array.dtype.kind not in "fiub":
        raise DataError(f"expected a piano roll of shape (steps, {KEYS}), found {array.dtype} of shape {array.shape}")
    if not np.isin(array, (0, 1)).all():
        raise DataError("a piano roll holds zeros and ones only", hint="make velocities 1: roll > 0")
    return array.astype(np.float32)


def notes_of_roll(roll: np.ndarray) -> np.ndarray:
    """Return the notes of a roll, (N, 3) int64 of start, end and pitch: every run of ones of a key is one note."""
    padded = np.zeros((roll.shape[0] + 2, KEYS), np.int8)
    padded[1:-1] = roll > 0
    change = np.diff(padded, axis=0)
    keys, starts = np.nonzero(change.T == 1)
    _, ends = np.nonzero(change.T == -1)
    notes = np.stack([starts, ends, keys + LOWEST], axis=1).astype(np.int64)
    return notes[np.lexsort((notes[:, 2], notes[:, 0]))]


def pitches_of_roll(roll: np.ndarray) -> list[list[int]]:
    """Return the MIDI pitches of every step of a roll (T, 88)."""
    return [(np.flatnonzero(row) + LOWEST).tolist() for row in roll]
