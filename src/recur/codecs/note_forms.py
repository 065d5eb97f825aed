"""``NoteForm``: the base of the two forms of a piece as an array, roll and melody."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from recur.codecs.traits import EventTraits, IdTraits


class NoteForm(ABC):
    """A form of the arrays of `NotesCodec`.

    Parameters
    ----------
    frames_per_beat : int
        Steps of a quarter note.
    transpose : int
        Largest number of semitones, up or down, by which training pieces are moved.

    Attributes
    ----------
    size : int
        Number of columns, or of ids.
    ids : IdTraits
    events : EventTraits or None
        Whether the array has columns of zeros and ones.
    vocabulary : list of str
        The event of each id.
    """

    discrete: ClassVar[bool]
    ids: ClassVar[IdTraits] = IdTraits()
    size: int
    events: EventTraits | None = None

    def __init__(self, frames_per_beat: int, transpose: int) -> None:
        self.frames_per_beat, self.transpose = frames_per_beat, transpose
        self.vocabulary: list[str] = []

    @abstractmethod
    def fit(self, values: Iterable[Any]) -> None:
        """Learn from pieces in any source."""

    @abstractmethod
    def encode(self, value: Any) -> np.ndarray:
        """Return the array of a piece."""

    @abstractmethod
    def decode(self, array: Any) -> Any:
        """Return the piece of an array."""

    @abstractmethod
    def transposed(self, array: np.ndarray, move: int) -> np.ndarray:
        """Return the array of a piece moved by semitones; a note beyond the keys of the piano is moved by octaves."""

    @abstractmethod
    def show(self, value: Any, width: int) -> str:
        """Return a piece on one line."""

    @abstractmethod
    def describe(self, grid: str) -> str:
        """Return the form in one line; ``grid`` is the number of steps per beat, in words."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return the state to save, as JSON."""

    @abstractmethod
    def restore(self, state: dict[str, Any], path: Path) -> None:
        """Restore a state that was read from ``path``."""
