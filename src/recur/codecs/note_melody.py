"""Pieces as melodies: one event per step, each an id; a chord is an event of its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.files import field, strings
from recur.codecs.note_events import HOLD, REST, chord_name, line_of, pitch_of
from recur.codecs.note_forms import NoteForm
from recur.codecs.note_sources import is_midi_file, read_events
from recur.codecs.piano_roll import on_the_piano
from recur.codecs.plain_text import shorten
from recur.codecs.tokens import BOS, BOS_ID, EOS, EOS_ID, PAD, PAD_ID, RESERVED, UNK, UNK_ID, ids_of
from recur.codecs.traits import IdTraits
from recur.errors import DataError, RunError


class MelodyForm(NoteForm):
    """A piece as (T,) int64: a note or a chord that begins, a rest, or a hold."""

    discrete = True
    ids = IdTraits(PAD_ID, UNK_ID, BOS_ID, EOS_ID, next_item=True)

    def __init__(self, frames_per_beat: int, transpose: int) -> None:
        super().__init__(frames_per_beat, transpose)
        self._adopt([])

    def _adopt(self, vocabulary: list[str]) -> None:
        # two chords can have the same name once their notes are moved by octaves
        self.vocabulary = list(dict.fromkeys(vocabulary))
        self._ids = {event: index for index, event in enumerate(self.vocabulary)}
        self.size = len(self.vocabulary)
        # semitones -> the transposed id of each id
        self._moves: dict[int, np.ndarray] = {}

    def fit(self, values: Iterable[Any]) -> None:
        """Collect the events, in every key that they can be transposed to."""
        seen: set[str] = set()
        for value in values:
            seen.update(read_events(value, self.frames_per_beat))
        chords = {tuple(map(pitch_of, event.split("+"))) for event in seen - {HOLD, REST}}
        if not chords:
            raise DataError("there are no notes to learn from: no piece has a note")
        moves = range(-self.transpose, self.transpose + 1)
        moved = {tuple(sorted({on_the_piano(pitch + move) for pitch in chord})) for chord in chords for move in moves}
        ordered = sorted(chords | moved if self.transpose else chords, key=lambda one: (len(one), one))
        self._adopt([*RESERVED, HOLD, REST, *map(chord_name, ordered)])

    def encode(self, value: Any) -> np.ndarray:
        """Return the ids of a piece."""
        if not self.size:
            raise DataError("the notes codec has no events yet", hint="call fit(values) first")
        return np.array([self._id(event) for event in read_events(value, self.frames_per_beat)], np.int64)

    def _id(self, event: str) -> int:
        """Return the id of an event; for a chord that is not in training, that of its highest note."""
        return self._ids.get(event, self._ids.get(event.split("+")[-1], UNK_ID))

    def decode(self, array: Any) -> str:
        """Return the line of notes of ids."""
        ids = [index for index in ids_of(array) if index not in (PAD_ID, BOS_ID, EOS_ID)]
        return line_of([REST if index == UNK_ID else self.token(index) for index in ids], self.frames_per_beat)

    def token(self, index: int) -> str:
        """Return the event of an id."""
        if not 0 <= int(index) < self.size:
            raise DataError(f"id {int(index)} is outside the {self.size:,} events")
        return self.vocabulary[int(index)]

    def event_id(self, item: str) -> int:
        """Return the id of one event: a note, a chord, a rest or a hold.

        Raises
        ------
        DataError
            When it is no event, or the vocabulary does not hold it.
        """
        event = item if item in (HOLD, REST) else chord_name(pitch_of(name) for name in item.split("+"))
        index = self._ids.get(event)
        if index is None:
            raise DataError(
                f'the training melodies have no "{shorten(item, 20)}"', hint="use a note that occurs in them"
            )
        return index

    def transposed(self, array: np.ndarray, move: int) -> np.ndarray:
        if move not in self._moves:
            self._moves[move] = np.array([self._moved(index, move) for index in range(self.size)], np.int64)
        ids: np.ndarray = self._moves[move][array]
        return ids

    def _moved(self, index: int, move: int) -> int:
        """Return the id of an event in another key."""
        if index < len(RESERVED) or self.vocabulary[index] in (HOLD, REST):
            return index
        return self._id(chord_name(on_the_piano(pitch_of(name) + move) for name in self.vocabulary[index].split("+")))

    def show(self, value: Any, width: int) -> str:
        """Return a piece as a line of notes."""
        if is_midi_file(value) or not isinstance(value, str):
            value = line_of(read_events(value, self.frames_per_beat), self.frames_per_beat)
        return shorten(value, width)

    def describe(self, grid: str) -> str:
        transposed = f", transposed by up to {self.transpose} semitones" if self.transpose else ""
        return f"melody of {self.size:,} events, {grid}{transposed}"

    def state(self) -> dict[str, Any]:
        return {"outside": 0, "share": [], "vocabulary": self.vocabulary}

    def restore(self, state: dict[str, Any], path: Path) -> None:
        field(state, "outside", int, path)
        vocabulary = strings(state, "vocabulary", path)
        if vocabulary[:6] != [PAD, UNK, BOS, EOS, HOLD, REST] or len(set(vocabulary)) != len(vocabulary):
            raise RunError(f'{path} is damaged: "vocabulary" should hold different events, the reserved ones first')
        self._adopt(vocabulary)
