"""Notes: pieces of music as rolls of 88 keys, or as melodies of one event per step."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np

from recur.codecs.codec import Codec
from recur.codecs.files import digest_of, field
from recur.codecs.midi import SUFFIXES, write_midi
from recur.codecs.note_events import name_of
from recur.codecs.note_forms import NoteForm
from recur.codecs.note_melody import MelodyForm
from recur.codecs.note_roll import RollForm
from recur.codecs.note_sources import is_midi_file, read_events, read_notes, read_roll
from recur.codecs.piano_roll import KEYS, LOWEST, pitches_of_roll
from recur.codecs.request_files import as_file, decode_data_url, path_refused
from recur.codecs.traits import FileTraits
from recur.config import DataConfig
from recur.errors import DataError, RunError

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
    list with the MIDI pitches of every step, or a line of notes (see ``recur.codecs.note_events``). Either form reads
    all of them. A roll does not distinguish two notes of one key without a gap from a long one; a melody does, but
    there a note ends when the next one begins.

    Parameters
    ----------
    form : str
        ``roll`` (Boulanger-Lewandowski, Bengio and Vincent 2012) or ``melody`` (Waite 2016, with a hold sign).
    frames_per_beat : int
        Steps of a quarter note; times of MIDI files are rounded to the nearest step.
    transpose : int
        Largest number of semitones, up or down, by which `augment` moves a piece.
    """

    kind = "notes"
    sequence = True
    option_groups = frozenset({"note"})
    playable = True
    file = FileTraits(
        '"data:audio/midi;base64,...", a line such as "C4 D4 E4/2", or a list of the pitches of every step'
    )

    def __init__(self, form: Form = "roll", *, frames_per_beat: int = 4, transpose: int = 0) -> None:
        self.form: Form = form
        self.frames_per_beat = frames_per_beat
        self.transpose = transpose
        self.augments = transpose > 0
        forms: dict[Form, type[NoteForm]] = {"roll": RollForm, "melody": MelodyForm}
        self._form = forms[form](frames_per_beat, transpose)
        self.discrete, self.ids = self._form.discrete, self._form.ids
        self._settle()

    def _settle(self) -> NotesCodec:
        """Copy the attributes of the fitted form."""
        self.size, self.events, self.vocabulary = self._form.size, self._form.events, self._form.vocabulary
        return self

    @staticmethod
    def of(codec: Codec | None) -> NotesCodec | None:
        """Return the codec itself if its values are notes, else None."""
        return codec if isinstance(codec, NotesCodec) else None

    @classmethod
    def configured(cls, data: DataConfig, **_: Any) -> NotesCodec:
        return cls(data.notes.form, frames_per_beat=data.notes.frames_per_beat, transpose=data.notes.transpose)

    @property
    def outside(self) -> int:
        """Number of notes of the training files beyond the keys of a piano, which rolls leave out."""
        return self._form.outside if isinstance(self._form, RollForm) else 0

    def fit(self, values: Iterable[Any]) -> NotesCodec:
        """Roll: measure how often each key sounds. Melody: collect the events, in all keys they can be moved to."""
        self._form.fit(values)
        return self._settle()

    def encode(self, value: Any) -> np.ndarray:
        """Return the piece in the codec's form: (T, 88) float32 of zeros and ones, or one id per step (T,) int64."""
        return self._form.encode(value)

    def decode(self, array: Any) -> Any:
        """Return the pitches of every step of a roll, or the line of a melody's ids.

        Raises
        ------
        DataError
            When the array is not in the codec's form.
        """
        return self._form.decode(array)

    def augment(self, array: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """Transpose a piece by a random number of semitones; notes beyond the piano are moved by octaves."""
        move = int(draw.integers(-self.transpose, self.transpose + 1))
        return array if move == 0 else self._form.transposed(array, move)

    def column_names(self) -> list[str]:
        """Return the note of each key."""
        return [name_of(LOWEST + key) for key in range(KEYS)]

    def typed_form(self) -> dict[str, Any] | None:
        if not self.discrete:
            return None
        return {"kind": "melody", "vocabulary": self.vocabulary, "steps_per_beat": self.frames_per_beat}

    def step_labels(self, array: np.ndarray) -> list[str]:
        """Return the notes that sound at each step of a roll."""
        return ["+".join(map(name_of, pitches)) or "rest" for pitches in pitches_of_roll(array)]

    def items(self, ids: np.ndarray) -> list[Any]:
        """Return symbols (T,) as events of a melody."""
        return [self.token(int(index)) for index in ids]

    def item_ids(self, item: str) -> list[int]:
        """Return the id of one event, a note, a rest or a hold.

        Raises
        ------
        DataError
            When it is not an event, or is not in the vocabulary.
        """
        return [self._melody().event_id(item)]

    def token(self, index: int) -> str:
        """Return the event of an id."""
        return self._melody().token(index)

    def _melody(self) -> MelodyForm:
        if not isinstance(self._form, MelodyForm):
            raise DataError("a roll has no events", hint='NotesCodec("melody"), or --notes melody')
        return self._form

    def tokens(self, value: Any) -> list[str]:
        """Return a piece as one event per step."""
        return read_events(value, self.frames_per_beat)

    def notes(self, value: Any) -> np.ndarray:
        """Return the notes of a piece in any source: (N, 3) int64 of start, end (in steps) and MIDI pitch."""
        return read_notes(value, self.frames_per_beat)

    def frames(self, value: Any) -> np.ndarray:
        """Return a piece in any source as a roll: (T, 88) float32 of zeros and ones."""
        return read_roll(value, self.frames_per_beat)

    def write_midi(self, value: Any, path: Path | str, *, tempo: float = 120.0) -> Path:
        """Write a piece as a MIDI file, atomically.

        Parameters
        ----------
        value : object
            A raw value of any kind.
        path : path
        tempo : float
            Beats per minute.

        Raises
        ------
        MissingExtraError
            Without symusic: ``pip install "recur-nn[music]"``.
        """
        target = Path(path)
        write_midi(target, self.notes(value), self.frames_per_beat, tempo=tempo)
        return target

    def from_json(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value.startswith("data:"):
            with as_file(decode_data_url(self, value), SUFFIXES[0], "the piece") as path:
                return self.decode(self.encode(path))
        if value.lower().endswith(SUFFIXES):
            raise path_refused(self)
        return value

    def content_key(self, value: Any) -> Any:
        """Return a digest of the notes."""
        return digest_of(self.notes(value))

    def is_one_value(self, value: Any) -> bool:
        """Return whether a value is a roll, or a list of steps, each a list of pitches, and not a list of pieces."""
        if not isinstance(value, (list, tuple)):
            return getattr(value, "ndim", 0) == 2
        return bool(value) and all(
            isinstance(step, (list, tuple)) and not any(isinstance(pitch, (list, tuple)) for pitch in step)
            for step in value
        )

    def check_file(self, value: Any) -> None:
        """Read the MIDI file that a value is the path of; do nothing for other values.

        Raises
        ------
        DamagedError
            When it is missing, not a MIDI file, cut short, or has no notes.
        """
        if is_midi_file(value):
            self.notes(value)

    def show(self, value: Any, width: int = 72) -> str:
        """Return the notes on one line; for a roll, the chords at each change."""
        return self._form.show(value, width)

    def describe(self) -> str:
        """Return the form, the grid and the size."""
        grid = f"{self.frames_per_beat} step{'s' * (self.frames_per_beat != 1)} per beat"
        return f"notes: {self._form.describe(grid)}"

    def _state(self) -> dict[str, Any]:
        grid = {"form": self.form, "frames_per_beat": self.frames_per_beat, "transpose": self.transpose}
        return grid | self._form.state()

    @classmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> NotesCodec:
        form = field(state, "form", str, path)
        if form not in ("roll", "melody"):
            raise RunError(f'{path} is damaged: "form" should be roll or melody, found {form!r}')
        frames_per_beat, transpose = field(state, "frames_per_beat", int, path), field(state, "transpose", int, path)
        if frames_per_beat < 1 or not 0 <= transpose <= 12:
            raise RunError(f"{path} is damaged: {frames_per_beat} steps per beat, {transpose} semitones")
        codec = cls("roll" if form == "roll" else "melody", frames_per_beat=frames_per_beat, transpose=transpose)
        codec._form.restore(state, path)
        return codec._settle()
