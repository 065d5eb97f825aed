"""Pieces as rolls: the keys that sound at each step, and the share of steps at which each sounds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.files import field
from recur.codecs.note_events import chord_name, name_of
from recur.codecs.note_forms import NoteForm
from recur.codecs.note_sources import count_outside, read_roll
from recur.codecs.piano_roll import KEYS, LOWEST, checked_roll, pitches_of_roll
from recur.codecs.plain_text import shorten
from recur.codecs.traits import EventTraits
from recur.errors import DataError, RunError


class RollForm(NoteForm):
    """A piece as (T, 88) float32 of zeros and ones."""

    discrete = False
    size = KEYS

    def __init__(self, frames_per_beat: int, transpose: int) -> None:
        super().__init__(frames_per_beat, transpose)
        self.outside = 0
        self._adopt(np.full(KEYS, 0.5))

    def _adopt(self, share: np.ndarray) -> None:
        """Set the share of steps at which each key sounds."""
        self._share = share
        self.events = EventTraits(share, "sounds")

    def fit(self, values: Iterable[Any]) -> None:
        """Measure how often each key sounds, and count the notes beyond the keys of a piano."""
        self.outside = 0
        steps, sounding = 0, np.zeros(KEYS)
        for value in values:
            roll = self.encode(value)
            self.outside += count_outside(value, self.frames_per_beat)
            steps, sounding = steps + len(roll), sounding + roll.sum(axis=0)
        if not steps:
            raise DataError("there are no notes to learn from: no piece has a step")
        # a key that never sounds has a small share and not 0 (Laplace's rule of succession)
        self._adopt((sounding + 1) / (steps + 2))

    def encode(self, value: Any) -> np.ndarray:
        """Return the roll of a piece."""
        return read_roll(value, self.frames_per_beat)

    def decode(self, array: Any) -> list[list[int]]:
        """Return the pitches of every step."""
        return pitches_of_roll(checked_roll(np.asarray(array)))

    def transposed(self, array: np.ndarray, move: int) -> np.ndarray:
        moved = np.zeros_like(array)
        steps, keys = np.nonzero(array)
        keys = keys + move
        moved[steps, np.where(keys < 0, keys + 12, np.where(keys >= KEYS, keys - 12, keys))] = 1
        return moved

    def show(self, value: Any, width: int) -> str:
        """Return the chords of a piece as they change."""
        chords: list[str] = []
        for pitches in pitches_of_roll(self.encode(value)[: 4 * width]):
            chord = chord_name(pitches)
            if not chords or chords[-1] != chord:
                chords.append(chord)
        return shorten(" ".join(chords), width)

    def describe(self, grid: str) -> str:
        heard = np.flatnonzero(self._share > self._share.min())
        span = f" from {name_of(int(heard[0]) + LOWEST)} to {name_of(int(heard[-1]) + LOWEST)}" if len(heard) else ""
        lost = f", {self.outside:,} notes outside the piano left out" if self.outside else ""
        transposed = f", transposed by up to {self.transpose} semitones" if self.transpose else ""
        return f"piano roll of {KEYS} keys, {grid}, notes{span}{transposed}{lost}"

    def state(self) -> dict[str, Any]:
        return {"outside": self.outside, "share": self._share.tolist(), "vocabulary": []}

    def restore(self, state: dict[str, Any], path: Path) -> None:
        self.outside = field(state, "outside", int, path)
        share = field(state, "share", list, path)
        if len(share) != KEYS or not all(isinstance(one, float) and 0 < one < 1 for one in share):
            raise RunError(f'{path} is damaged: "share" should hold {KEYS} numbers between 0 and 1')
        self._adopt(np.array(share))
