"""``Codec``, the base class: fit on raw values, encode to arrays, decode, show, save and load."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from recur.codecs.files import read_json, write_json
from recur.codecs.traits import Columns, Symbols, Text, Values
from recur.errors import DataError, RunError

if TYPE_CHECKING:
    from recur.config import DataConfig

FORMAT = 1
WHOLE = 10**9  # as the width of `Codec.show`: nothing is cut
NO_TARGET = -100  # the id of a step that has no target

KINDS: dict[str, type[Codec]] = {}


class Codec(Text, Symbols, Columns, Values):
    """Raw values to arrays and back.

    A discrete codec gives ids, int64; the others give columns, float32. A sequence codec gives one row per step:

    =================  ====================  ====================
    encode(value)      discrete              numbers
    =================  ====================  ====================
    sequence           (T,) int64            (T, C) float32
    one value per row    () int64              (C,) float32
    =================  ====================  ====================

    A step, or a value, that is a picture is (H, W, C) float32 in place of (C,); ``grid`` is then its shape.

    A codec defines what is in this class. What it can state beyond that has defaults, in four groups of
    `recur.codecs.traits`: `Values` (how raw values are given), `Text`, `Symbols` (of discrete codecs) and `Columns` (of
    the others).

    Attributes
    ----------
    kind : str
        The name in configurations and files, such as words or numbers.
    selectable : bool
        Whether a configuration may name the kind.
    discrete : bool
        Whether values are ids.
    sequence : bool
        Whether a value has many steps.
    size : int
        Number of ids, or number of columns.
    augments : bool
        Whether `augment` changes training rows.
    """

    kind: ClassVar[str]
    selectable: ClassVar[bool] = True
    discrete: bool
    sequence: bool
    size: int
    augments: bool = False

    @property
    def answers_per_step(self) -> bool:
        """Whether each step of a value is an answer of its own, with a row in a table: tags, numbers, events."""
        return self.sequence and (self.per_step or self.events is not None)

    def __init_subclass__(cls) -> None:
        """Register the class under its kind, so that a file can name it."""
        super().__init_subclass__()
        if "kind" in cls.__dict__:
            KINDS[cls.kind] = cls

    @classmethod
    def configured(
        cls, data: DataConfig, *, sequence: bool = False, columns: Sequence[str] = (),
        styles: Mapping[str, Any] | None = None, target: bool = False,
    ) -> Codec:  # fmt: skip
        """Return an unfitted codec as the configuration asks for it; the parameters are those of `make`."""
        del data, sequence, columns, styles, target
        return cls()

    @abstractmethod
    def fit(self, values: Iterable[Any]) -> Codec:
        """Learn the vocabulary (or the scale) from values, read once and not kept; return self."""

    def in_bounded_memory(self) -> Codec:
        """Limit the memory of `fit`, so that it does not grow with the number of values; return self."""
        return self

    @abstractmethod
    def encode(self, value: Any) -> np.ndarray:
        """Return the array of one value."""

    def encode_target(self, value: Any) -> np.ndarray:
        """Return the array of one target value: a missing one is NaN, or the id ``NO_TARGET``."""
        return self.encode(value)

    @abstractmethod
    def decode(self, array: Any) -> Any:
        """Return the value of an array, encoded by this codec or predicted by a model."""

    def augment(self, array: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """Return a random variant of the array of a training value; equal generators change two sides alike."""
        del draw
        return array

    def _not_fitted(self, what: str) -> DataError:
        """Return the error of a codec that has no ``what`` (vocabulary, scale) before `fit`."""
        return DataError(f"the {self.kind} codec has no {what} yet", hint="call fit(values) first")

    @abstractmethod
    def describe(self) -> str:
        """Return one line about the codec, such as ``words: vocabulary 10,000``."""

    @abstractmethod
    def show(self, value: Any, width: int = 72) -> str:
        """Return one line of at most ``width`` characters for a person."""

    def typed_form(self) -> dict[str, Any] | None:
        """Return how a person types a value, as JSON for programs in other languages.

        Its ``kind`` is words, characters, subwords, symbols, melody, numbers, images or audio, and the rest is what
        that form depends on. None where no such program reads these values.
        """
        return None

    @abstractmethod
    def _state(self) -> dict[str, Any]:
        """Return the state to save, as JSON."""

    @classmethod
    @abstractmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> Codec:
        """Return the codec of a state read from ``path``."""

    def document(self) -> dict[str, Any]:
        """Return everything that `load` needs, as JSON."""
        return {"format": FORMAT, "kind": self.kind, **self._state()}

    def whole_document(self) -> dict[str, Any]:
        """Return everything that another program needs to encode and decode, as JSON; no other file is needed."""
        document = self.document()
        del document["format"]  # of the run folder's file
        return document

    def save(self, folder: Path, name: str) -> None:
        """Write ``folder/name.json``."""
        write_json(Path(folder) / f"{name}.json", self.document())

    @classmethod
    def load(cls, folder: Path, name: str) -> Codec:
        """Return the codec written by `save`; it encodes and decodes exactly as the saved one.

        Raises
        ------
        RunError
            When the file is missing, damaged, altered or of another kind.
        """
        path = Path(folder) / f"{name}.json"
        state = read_json(path)
        if state.get("format") != FORMAT:
            raise RunError(f"{path} has format {state.get('format')!r}; this version of recur reads {FORMAT}")
        kind = state.get("kind")
        codec = KINDS.get(kind) if isinstance(kind, str) else None
        if codec is None or not issubclass(codec, cls):
            expected = ", ".join(name for name, each in KINDS.items() if issubclass(each, cls))
            raise RunError(
                f"{path} holds a codec of kind {kind!r}; expected one of {expected}",
                hint="import the module that defines a codec of your own before the run is loaded",
            )
        return codec._restore(state, path)
