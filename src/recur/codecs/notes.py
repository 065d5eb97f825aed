"""Notes: MIDI files and piano rolls as frames of 88 keys, or as one event per step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from recur.codecs.bounds import check_memory
from recur.codecs.carried import as_file, data_of, named
from recur.codecs.codec import Codec
from recur.codecs.files import digest_of, field, strings
from recur.codecs.melody import (
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
from recur.codecs.midi import SUFFIXES, read_midi, write_midi
from recur.codecs.plain_text import shorten
from recur.codecs.reading import reading
from recur.codecs.tokens import BOS, BOS_ID, EOS, EOS_ID, PAD, PAD_ID, RESERVED, UNK, UNK_ID, ids_of
from recur.codecs.traits import EventTraits, FileTraits, IdTraits
from recur.config import DataConfig
from recur.errors import DataError, RunError

KEYS = 88
LOWEST = 21  # A0, the lowest key of the piano
HIGHEST = LOWEST + KEYS - 1

Form = Literal["roll", "melody"]


class NotesCodec(Codec):
    """Pieces of music, in one of two forms.

    ========  ==============================================  =======================  =======================
    form      a step is                                       `encode` gives           `decode` gives
    ========  ==============================================  =======================  =======================
    roll      the keys that sound, several at once            (T, 88) float32, 0 or 1  pitches of every step
    melody    an event: notes that begin, a rest, or a hold   (T,) int64               a line: ``C4 D4 E4/2 r``
    ========  ==============================================  =======================  =======================

    A raw value is the path of a MIDI file, an array (T, 88) of zeros and ones (the first key is A0, MIDI pitch 21), a
    list with the MIDI pitches of every step, or a line of notes (see ``recur.codecs.melody``). Either form reads all
    of them. A roll does not tell two notes of one key without a gap from a long one; a melody does, but there a note
    ends when the next one begins.

    Parameters
    ----------
    form : str
        ``roll`` (Boulanger-Lewandowski, Bengio and Vincent 2012) or ``melody`` (Waite 2016, with a hold sign).
    frames_per_beat : int
        Steps of a quarter note; times of MIDI files go to the nearest step.
    transpose : int
        Largest number of semitones, up or down, by which `vary` moves a piece.

    Attributes
    ----------
    outside : int
        Notes of files, met by `fit`, that no piano has and that were left out of rolls.
    """

    kind = "notes"
    sequence = True
    playable = True
    file = FileTraits(
        '"data:audio/midi;base64,...", a line such as "C4 D4 E4/2", or a list of the pitches of every step'
    )

    def __init__(self, form: Form = "roll", *, frames_per_beat: int = 4, transpose: int = 0) -> None:
        self.form: Form = form
        self.frames_per_beat = frames_per_beat
        self.transpose = transpose
        self.discrete = form == "melody"
        self.ids = IdTraits(PAD_ID, UNK_ID, BOS_ID, EOS_ID, next_item=True) if self.discrete else IdTraits()
        self.events = None if self.discrete else EventTraits(np.full(KEYS, 0.5), "sounds")
        self.augments = transpose > 0
        self.outside = 0
        self.size = 0 if self.discrete else KEYS
        self.vocabulary: list[str] = []
        self._ids: dict[str, int] = {}
        # semitones -> the id that each id becomes
        self._moves: dict[int, np.ndarray] = {}

    @staticmethod
    def of(codec: Codec | None) -> NotesCodec | None:
        """Return the codec itself where its values are notes, which can be played; else None."""
        return codec if isinstance(codec, NotesCodec) else None

    @classmethod
    def configured(cls, data: DataConfig, **_: Any) -> NotesCodec:
        return cls(data.notes.form, frames_per_beat=data.notes.frames_per_beat, transpose=data.notes.transpose)

    def fit(self, values: Iterable[Any]) -> NotesCodec:
        """Roll: measure how often each key sounds. Melody: collect the events, in all keys they may be moved to."""
        self.outside = 0
        if self.events is not None:
            steps, sounding = 0, np.zeros(KEYS)
            for value in values:
                roll = self.frames(value)
                self.outside += self._outside(value)
                steps, sounding = steps + len(roll), sounding + roll.sum(axis=0)
            if not steps:
                raise DataError("there are no notes to learn from: no piece has a step")
            # a key that never sounds is rare, not impossible (Laplace's rule of succession)
            self.events = EventTraits((sounding + 1) / (steps + 2), "sounds")
            return self
        seen: set[str] = set()
        for value in values:
            seen.update(self.tokens(value))
        chords = {tuple(map(pitch_of, event.split("+"))) for event in seen - {HOLD, REST}}
        if not chords:
            raise DataError("there are no notes to learn from: no piece has a note")
        moves = range(-self.transpose, self.transpose + 1)
        moved = {tuple(sorted({_on_the_piano(pitch + move) for pitch in chord})) for chord in chords for move in moves}
        ordered = sorted(chords | moved if self.transpose else chords, key=lambda one: (len(one), one))
        self._adopt([*RESERVED, HOLD, REST, *map(chord_name, ordered)])
        return self

    def _adopt(self, vocabulary: list[str]) -> None:
        # two chords may fold into one name
        self.vocabulary = list(dict.fromkeys(vocabulary))
        self._ids = {event: index for index, event in enumerate(self.vocabulary)}
        self.size = len(self.vocabulary)
        self._moves = {}

    def encode(self, value: Any) -> np.ndarray:
        """Return the piece in the codec's form: (T, 88) float32 of zeros and ones, or one id a step (T,) int64."""
        if self.events is not None:
            return self.frames(value)
        if not self.size:
            raise DataError("the notes codec has no events yet", hint="call fit(values) first")
        return np.array([self._id(event) for event in self.tokens(value)], np.int64)

    def _id(self, event: str) -> int:
        """Return the id of an event; of a chord that training has not seen, that of its highest note."""
        return self._ids.get(event, self._ids.get(event.split("+")[-1], UNK_ID))

    def decode(self, array: Any) -> Any:
        """Return the pitches of every step of a roll, or the line of a melody's ids.

        Raises
        ------
        DataError
            When the array is not in the codec's form.
        """
        if self.events is not None:
            return [(np.flatnonzero(row) + LOWEST).tolist() for row in _checked(np.asarray(array))]
        ids = [index for index in ids_of(array) if index not in (PAD_ID, BOS_ID, EOS_ID)]
        return line_of([REST if index == UNK_ID else self.token(index) for index in ids], self.frames_per_beat)

    def column_names(self) -> list[str]:
        """Return the note of each key."""
        return [name_of(LOWEST + key) for key in range(KEYS)]

    def step_labels(self, array: np.ndarray) -> list[str]:
        """Return the notes that sound at each step of a roll."""
        names = self.column_names()
        return ["+".join(names[key] for key in np.flatnonzero(row)) or "rest" for row in array]

    def items(self, ids: np.ndarray) -> list[Any]:
        """Return symbols (T,) as events of a melody."""
        return [self.token(int(index)) for index in ids]

    def item_ids(self, item: str) -> list[int]:
        """Return the id of one event, a note, a rest or a hold.

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
        return [index]

    def token(self, index: int) -> str:
        """Return the event of an id."""
        if not 0 <= int(index) < self.size:
            raise DataError(f"id {int(index)} is outside the {self.size:,} events")
        return self.vocabulary[int(index)]

    def tokens(self, value: Any) -> list[str]:
        """Return a piece as one event per step."""
        if isinstance(value, str) and not _is_file(value):
            return events_of(value, self.frames_per_beat)
        return events_of_notes(self.notes(value))

    def notes(self, value: Any) -> np.ndarray:
        """Return the notes of a piece, however it is given: (N, 3) int64 of start, end (in steps) and MIDI pitch."""
        if _is_file(value):
            return read_midi(Path(value), self.frames_per_beat)
        if isinstance(value, str):
            return notes_of(events_of(value, self.frames_per_beat))
        return _notes_of_roll(_roll(value))

    def frames(self, value: Any) -> np.ndarray:
        """Return a piece as a roll, however it is given: (T, 88) float32 of zeros and ones."""
        if not isinstance(value, (str, Path)):
            return _roll(value)
        steps = 0 if _is_file(value) else len(events_of(str(value), self.frames_per_beat))
        notes = self.notes(value)
        steps = max(steps, int(notes[:, 1].max(initial=0)))
        check_memory(value if _is_file(value) else shorten(str(value), 60), (steps, "steps"), (KEYS, "keys"), item=4)
        roll = np.zeros((steps, KEYS), np.float32)
        for start, end, pitch in notes.tolist():
            if LOWEST <= pitch <= HIGHEST:
                roll[start:end, pitch - LOWEST] = 1.0
        return roll

    def _outside(self, value: Any) -> int:
        if not _is_file(value):
            return 0
        pitches = self.notes(value)[:, 2]
        return int(((pitches < LOWEST) | (pitches > HIGHEST)).sum())

    def write_midi(self, value: Any, path: Path | str, *, tempo: float = 120.0) -> Path:
        """Write a piece as a MIDI file, atomically.

        Parameters
        ----------
        value : object
            A raw value of any kind.
        path : path
        tempo : float
            Beats a minute.

        Raises
        ------
        MissingExtraError
            Without symusic: ``pip install "recur-nn[music]"``.
        """
        target = Path(path)
        write_midi(target, self.notes(value), self.frames_per_beat, tempo=tempo)
        return target

    def augment(self, array: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """Move a piece by a random number of semitones; a note that leaves the piano moves by an octave more."""
        move = int(draw.integers(-self.transpose, self.transpose + 1))
        if move == 0:
            return array
        if self.events is not None:
            moved = np.zeros_like(array)
            steps, keys = np.nonzero(array)
            keys = keys + move
            moved[steps, np.where(keys < 0, keys + 12, np.where(keys >= KEYS, keys - 12, keys))] = 1
            return moved
        if move not in self._moves:
            self._moves[move] = np.array([self._moved(index, move) for index in range(self.size)], np.int64)
        ids: np.ndarray = self._moves[move][array]
        return ids

    def _moved(self, index: int, move: int) -> int:
        """Return the id of an event in another key."""
        if index < len(RESERVED) or self.vocabulary[index] in (HOLD, REST):
            return index
        return self._id(chord_name(_on_the_piano(pitch_of(name) + move) for name in self.vocabulary[index].split("+")))

    def from_json(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value.startswith("data:"):
            with as_file(data_of(self, value), SUFFIXES[0], "the piece") as path:
                return self.decode(self.encode(path))
        if value.lower().endswith(SUFFIXES):
            raise named(self)
        return value

    def content_key(self, value: Any) -> Any:
        """Return the notes in short."""
        return digest_of(self.notes(value))

    def is_one_value(self, value: Any) -> bool:
        """Return whether a value is a roll, or a list of steps, each a list of pitches, and no list of pieces."""
        if not isinstance(value, (list, tuple)):
            return getattr(value, "ndim", 0) == 2
        return bool(value) and all(
            isinstance(step, (list, tuple)) and not any(isinstance(pitch, (list, tuple)) for pitch in step)
            for step in value
        )

    def is_whole_value(self, item: Any, *, alone: bool, labelled: bool) -> bool:
        del alone, labelled
        return isinstance(item, (str, Path))

    def check_file(self, value: Any) -> None:
        """Read the MIDI file that a value names; other values name none.

        Raises
        ------
        DamagedError
            When it is missing, no MIDI file, cut short, or has no notes.
        """
        if _is_file(value):
            self.notes(value)

    def show(self, value: Any, width: int = 72) -> str:
        """Return the notes on one line; of a roll the chords as they change."""
        if self.events is None:
            if _is_file(value) or not isinstance(value, str):
                value = line_of(self.tokens(value), self.frames_per_beat)
            return shorten(value, width)
        chords: list[str] = []
        for row in self.frames(value)[: 4 * width]:
            chord = chord_name((np.flatnonzero(row) + LOWEST).tolist())
            if not chords or chords[-1] != chord:
                chords.append(chord)
        return shorten(" ".join(chords), width)

    def describe(self) -> str:
        """Return the form, the grid and the size."""
        beat = f"{self.frames_per_beat} step{'s' * (self.frames_per_beat != 1)} a beat"
        moved = f", moved by up to {self.transpose} semitones" if self.transpose else ""
        if self.events is not None:
            share = np.asarray(self.events.share)
            heard = np.flatnonzero(share > share.min())
            span = (
                f" from {name_of(int(heard[0]) + LOWEST)} to {name_of(int(heard[-1]) + LOWEST)}" if len(heard) else ""
            )
            lost = f", {self.outside:,} notes outside the piano left out" if self.outside else ""
            return f"notes: piano roll of {KEYS} keys, {beat}, notes{span}{moved}{lost}"
        return f"notes: melody of {self.size:,} events, {beat}{moved}"

    def _state(self) -> dict[str, Any]:
        return {
            "form": self.form,
            "frames_per_beat": self.frames_per_beat,
            "transpose": self.transpose,
            "outside": self.outside,
            "share": [] if self.events is None else np.asarray(self.events.share).tolist(),
            "vocabulary": self.vocabulary,
        }

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> NotesCodec:
        form = field(state, "form", str, path)
        if form not in ("roll", "melody"):
            raise RunError(f'{path} is damaged: "form" should be roll or melody, found {form!r}')
        codec = cls(
            "roll" if form == "roll" else "melody",
            frames_per_beat=field(state, "frames_per_beat", int, path),
            transpose=field(state, "transpose", int, path),
        )
        codec.outside = field(state, "outside", int, path)
        if codec.frames_per_beat < 1 or not 0 <= codec.transpose <= 12:
            raise RunError(f"{path} is damaged: {codec.frames_per_beat} steps a beat, {codec.transpose} semitones")
        if codec.events is not None:
            share = field(state, "share", list, path)
            if len(share) != KEYS or not all(isinstance(one, float) and 0 < one < 1 for one in share):
                raise RunError(f'{path} is damaged: "share" should hold {KEYS} numbers between 0 and 1')
            codec.events = EventTraits(np.array(share), "sounds")
            return codec
        vocabulary = strings(state, "vocabulary", path)
        if vocabulary[:6] != [PAD, UNK, BOS, EOS, HOLD, REST] or len(set(vocabulary)) != len(vocabulary):
            raise RunError(f'{path} is damaged: "vocabulary" should hold different events, the reserved ones first')
        codec._adopt(vocabulary)
        return codec


def _is_file(value: Any) -> bool:
    return isinstance(value, Path) or (isinstance(value, str) and value.lower().endswith(SUFFIXES))


def _on_the_piano(pitch: int) -> int:
    """Return a pitch, moved by octaves until a piano has it."""
    while pitch < LOWEST:
        pitch += 12
    while pitch > HIGHEST:
        pitch -= 12
    return pitch


def _roll(value: Any) -> np.ndarray:
    """Return an array (T, 88), or a list with the pitches of every step, as a roll (T, 88) float32.

    Raises
    ------
    DataError
        When it is neither.
    """
    if isinstance(value, np.ndarray) and value.dtype != object:
        return _checked(value)
    if not isinstance(value, (Sequence, np.ndarray)):
        raise DataError(
            f"expected notes, found {type(value).__name__} {shorten(repr(value), 40)}",
            hint="a .mid file, a line such as C4 D4 E4/2, or the pitches of every step: [[60, 64], [62]]",
        )
    if len(value) and all(isinstance(step, (Sequence, np.ndarray)) and len(step) == KEYS for step in value):
        with reading("a piano roll", "array of zeros and ones", faults=(ValueError,), error=DataError, hint=None):
            return _checked(np.array(value))
    check_memory("the list of pitches", (len(value), "steps"), (KEYS, "keys"), item=4, hint="divide it into pieces")
    roll = np.zeros((len(value), KEYS), np.float32)
    for step, pitches in enumerate(value):
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
            roll[step, int(pitch) - LOWEST] = 1.0
    return roll


def _checked(array: np.ndarray) -> np.ndarray:
    """Return an array as a roll, refused when it is none."""
    if array.size == 0:
        return np.zeros((0, KEYS), np.float32)
    if array.ndim != 2 or array.shape[1] != KEYS or array.dtype.kind not in "fiub":
        raise DataError(f"expected a piano roll of shape (steps, {KEYS}), found {array.dtype} of shape {array.shape}")
    if not np.isin(array, (0, 1)).all():
        raise DataError("a piano roll holds zeros and ones only", hint="make velocities 1: roll > 0")
    return array.astype(np.float32)


def _notes_of_roll(roll: np.ndarray) -> np.ndarray:
    """Return the notes of a roll: every run of ones of a key is one note."""
    padded = np.zeros((roll.shape[0] + 2, KEYS), np.int8)
    padded[1:-1] = roll > 0
    change = np.diff(padded, axis=0)
    keys, starts = np.nonzero(change.T == 1)
    _, ends = np.nonzero(change.T == -1)
    notes = np.stack([starts, ends, keys + LOWEST], axis=1).astype(np.int64)
    return notes[np.lexsort((notes[:, 2], notes[:, 0]))]
