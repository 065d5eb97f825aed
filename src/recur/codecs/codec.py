"""``Codec``, the base class: fit on raw values, encode to arrays, decode, show, save and load."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from recur.codecs.files import read_json, write_json
from recur.errors import DataError, RunError, did_you_mean
from recur.figures import short

if TYPE_CHECKING:
    from recur.config import DataConfig

FORMAT = 1
WHOLE = 10**9  # as the width of `Codec.show`: nothing is cut
NO_TARGET = -100  # the id of a step that has no target

KINDS: dict[str, type[Codec]] = {}


class Codec(ABC):
    """One way to turn raw values into arrays and arrays into values.

    A discrete codec gives ids, int64; the others give columns, float32. A sequence codec gives one row per step:

    =================  ====================  ====================
    encode(value)      discrete              numbers
    =================  ====================  ====================
    sequence           (T,) int64            (T, C) float32
    one value per row    () int64              (C,) float32
    =================  ====================  ====================

    A step, or a value, that is a picture is (H, W, C) float32 in place of (C,): then ``grid`` says so.

    Attributes
    ----------
    kind : str
        The name in configurations and files: words, characters, subwords, class, tags, numbers, notes, audio, images,
        frames.
    selectable : bool
        Whether a configuration may name the kind.
    discrete : bool
        Whether values are ids.
    binary : bool
        Of columns: whether each is 0 or 1, an event that happens or not.
    event_verb : str
        Of events: what one does, such as "sounds".
    varies : bool
        Whether `vary` changes training rows.
    sequence : bool
        Whether one example has many steps.
    size : int
        Number of ids, or number of columns.
    text : bool
        Whether values are texts: strings that are cut into symbols and put together again.
    characters : bool
        Of texts: whether a symbol is one character.
    splits_characters : bool
        Of texts: whether a symbol may be a part of a character, so that its text is known with the next one.
    ends_lines : bool
        Of texts in a stream: whether the end of a line is the end symbol, and not a character of the text.
    pictured : bool
        Whether a value is a picture, or several: they are read and never written.
    numeric : bool
        Whether a value is plain numbers in units of their own, which can be forecast and continued.
    whole_words : bool
        Of texts: whether a symbol is a whole word.
    itself : bool
        Of ids: whether a sequence of them is predicted item by item, and measured by its perplexity.
    by_frequency : bool
        Of ids: whether they follow by falling frequency.
    labelled : bool
        Whether values are labels, known by name: classes and tags.
    by_step : bool
        Whether each step of a value may be an answer of its own: tags and numbers.
    noun, plural : str
        What one value is called, and several.
    by_label : bool
        Of ids: whether right answers are also counted per label.
    grid : tuple of int or None
        Height, width and channels, where what is read is pictures.
    pad_id, unk_id, bos_id, eos_id : int or None
        The ids of padding, of what is unknown, of a beginning and of an end, where the codec has them.
    vocabulary : sequence of str
        Of symbols: what a person sees for each id.
    labels : sequence
        Of labels: those of training, in the order of their ids.
    units : sequence of str
        Of columns: the unit of each, where units are known.
    share : float or ndarray
        Of events: how often each happens.
    season : int
        Of a series: steps after which it repeats itself, where that is known; 1 where it is not.
    missing_count : int
        Of columns: how many missing numbers `fit` met.
    fills : float or None
        Of columns: the encoded number that a missing one becomes; None where it is a number before it, or is refused.
    playable : bool
        Whether values are pieces of notes, which can be played.
    itemised : bool
        Whether each step of a value is an answer of its own, as a tag or the numbers of a step, with a row in a table.
    brief : bool
        Whether a value is short enough to stand beside the answer to it: a text, a class, the name of a file.
    carried : str
        Of values that are files: how a request carries their contents; empty where values are JSON as they are.
    """

    kind: ClassVar[str]
    selectable: ClassVar[bool] = True
    discrete: bool
    binary: bool = False
    event_verb: ClassVar[str] = "happens"
    varies: bool = False
    sequence: bool
    size: int
    text: bool = False
    characters: bool = False
    ends_lines: bool = False
    splits_characters: bool = False
    pictured: ClassVar[bool] = False
    numeric: ClassVar[bool] = False
    whole_words: ClassVar[bool] = False
    itself: bool = False
    by_frequency: ClassVar[bool] = False
    labelled: ClassVar[bool] = False
    by_step: ClassVar[bool] = False
    noun: ClassVar[str] = "value"
    plural: ClassVar[str] = "values"
    by_label: ClassVar[bool] = False
    grid: tuple[int, int, int] | None = None
    pad_id: ClassVar[int | None] = None
    unk_id: ClassVar[int | None] = None
    bos_id: ClassVar[int | None] = None
    eos_id: ClassVar[int | None] = None
    vocabulary: Sequence[str] = ()
    share: float | np.ndarray = 0.5
    season: int = 1
    missing_count: int = 0
    playable: ClassVar[bool] = False
    itemised: bool = False
    brief: ClassVar[bool] = False
    carried: ClassVar[str] = ""

    @property
    def fills(self) -> float | None:
        """The encoded number that a missing one becomes; None where there is no such number."""
        return None

    @property
    def letter_count(self) -> int:
        """Of words that are read with their letters: number of letter ids; 0 for all others."""
        return 0

    @property
    def labels(self) -> Sequence[Any]:
        """The labels in the order of their ids; none unless values are labels."""
        return ()

    @property
    def units(self) -> Sequence[str]:
        """The unit of each column; none unless units are known."""
        return ()

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
        """Learn the alphabet (or the scale) from values, read once and not kept; return self."""

    @abstractmethod
    def encode(self, value: Any) -> np.ndarray:
        """Return the array of one value."""

    def encode_target(self, value: Any) -> np.ndarray:
        """Return the array of one value that is to be predicted: what is missing is NaN, or the id ``NO_TARGET``."""
        return self.encode(value)

    @abstractmethod
    def decode(self, array: Any) -> Any:
        """Return the value of an array that this codec, or a model, has made."""

    def items(self, ids: np.ndarray) -> list[Any]:
        """Return symbols (T,) as items that can be given one by one, such as tags; of texts use `decode`."""
        value = self.decode(ids)
        return list(value) if isinstance(value, (list, tuple)) else [value]

    def item_ids(self, item: str) -> list[int]:
        """Return the ids of one item that a user names, such as a tag.

        Raises
        ------
        DataError
            When the codec does not know it.
        """
        return [int(index) for index in self.encode([item])]

    def symbol(self, index: int) -> str:
        """Return what a person reads for an id."""
        return str(self.vocabulary[index]) if self.vocabulary else shorten(str(self.labels[index]), 72)

    def symbol_id(self, name: Any) -> int:
        """Return the id of one symbol that a user names.

        Raises
        ------
        DataError
            When it is more than one symbol, or unknown.
        """
        ids = np.atleast_1d(self.encode(name))
        if ids.shape != (1,) or int(ids[0]) == self.unk_id:
            raise self.no_output(name, "a single symbol")
        return int(ids[0])

    def no_output(self, value: Any, what: str) -> DataError:
        """Return the error for a value that no output means: it is not ``what``, such as "a single word"."""
        known = [str(one) for one in self.vocabulary if not str(one).startswith("<")]
        return DataError(
            f'"{value}" is not {what} in the vocabulary of this network.{did_you_mean(str(value), known)}',
            hint="give one of its vocabulary as --target",
        )

    def step_labels(self, array: np.ndarray) -> list[str]:
        """Return what a person reads for each step of an array (T, C): "step 1", "step 2", ..."""
        return [f"step {step + 1}" for step in range(len(array))]

    def column_labels(self, array: np.ndarray) -> list[str]:
        """Return what a person reads for each column of the array (C,) of one value."""
        return [f"{name} {short(float(one), 3)}" for name, one in zip(self.column_names(), array, strict=True)]

    def tokens(self, value: Any) -> list[Any] | None:
        """Return the readable pieces of a value, one per step; None where it has no such pieces."""
        del value
        return None

    def one_a_step(self, value: Any) -> Any:
        """Return the value so that `encode` gives one step for each of the pieces that are labelled one by one."""
        return value

    def unknown(self, value: Any) -> list[str]:
        """Return the pieces of a text that are not in the vocabulary, in their order, each once."""
        del value
        return []

    def unknown_steps(self, value: Any) -> np.ndarray | None:
        """Return for each step of a text whether the vocabulary lacks it, (T,) bool; None where values are no texts."""
        del value
        return None

    def typed(self, text: str) -> Any:
        """Return the value of a text that was typed."""
        return text

    def from_json(self, value: Any) -> Any:
        """Return the value that a request holds; of files it holds the contents, never a path.

        Raises
        ------
        DataError
            For a path, or for contents that cannot be decoded.
        """
        return value

    def contents(self, value: Any) -> Any:
        """Return something that is equal for equal contents, under whatever name or in whatever form they are given.

        Raises
        ------
        DataError
            When a file cannot be read.
        """
        return " ".join(value.split()) if isinstance(value, str) else value

    def is_one(self, value: Any) -> bool:
        """Return whether a list, a tuple or an array is one value of this codec, and not many."""
        del value
        return False

    def is_whole(self, item: Any, *, alone: bool, labelled: bool) -> bool:
        """Return whether an item of a column is a whole value, and not one step of it.

        Parameters
        ----------
        item : object
            The first one.
        alone : bool
            Whether no other column is read.
        labelled : bool
            Whether the steps of a value are labelled one by one.
        """
        del item, alone, labelled
        return True

    def column_names(self) -> list[str]:
        """Return the name of each column."""
        return [str(index) for index in range(self.size)]

    def column_deviations(self) -> list[float]:
        """Return what 1 in each encoded column is worth in the column's own unit."""
        return [1.0] * self.size

    def written(self, number: float, column: int) -> str:
        """Return a number of a column, in its own unit, for a person."""
        del column
        return short(number)

    def normalisation(self) -> tuple[np.ndarray, np.ndarray]:
        """Return mean and deviation by which columns, or the channels of pictures, are standardised.

        Columns that are read as they are have 0 and 1.
        """
        return np.zeros(self.size, np.float32), np.ones(self.size, np.float32)

    def vary(self, array: np.ndarray, draw: np.random.Generator) -> np.ndarray:
        """Return the array of a training value as one epoch meets it; equal generators change two sides alike."""
        del draw
        return array

    @abstractmethod
    def describe(self) -> str:
        """Return one line about the codec, such as ``words: vocabulary 10,000``."""

    @abstractmethod
    def show(self, value: Any, width: int = 72) -> str:
        """Return one line of at most ``width`` characters for a person."""

    def intact(self, value: Any) -> None:
        """Read the file that a value names from end to end; of codecs without files this does nothing.

        Raises
        ------
        DamagedError
            When the file cannot be read.
        """
        del value

    @abstractmethod
    def _state(self) -> dict[str, Any]:
        """Return what must be kept, as JSON."""

    @classmethod
    @abstractmethod
    def _restore(cls, state: dict[str, Any], path: Path) -> Codec:
        """Return the codec of a state read from ``path``."""

    def document(self) -> dict[str, Any]:
        """Everything that `load` needs, as JSON."""
        return {"format": FORMAT, "kind": self.kind, **self._state()}

    def whole_document(self) -> dict[str, Any]:
        """Everything that another program needs to make and to read arrays, as JSON; no other file is needed."""
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
        found = KINDS.get(kind) if isinstance(kind, str) else None
        if found is None or not issubclass(found, cls):
            expected = ", ".join(name for name, each in KINDS.items() if issubclass(each, cls))
            raise RunError(f"{path} holds a codec of kind {kind!r}; expected one of {expected}")
        return found._restore(state, path)


def shorten(text: str, width: int) -> str:
    """Return ``text`` on one line, cut with an ellipsis when it is longer than ``width``."""
    # a text of megabytes needs no more than its beginning
    line = " ".join(text[: 8 * width].split())
    if len(line) <= width and len(text) <= 8 * width:
        return line
    return line[: max(width - 1, 0)] + "…"


def between_spaces(item: Any, labelled: bool) -> bool:
    """Return whether an item of a column is a whole sentence: where its words are labelled one by one, a list of them,
    or a text with spaces between them."""
    return isinstance(item, (list, tuple)) or not labelled or " " in str(item).strip()


def to_text(value: Any) -> str:
    """Return a raw value as text that can be written in UTF-8.

    Numbers become their digits. Half of a surrogate pair (JSON can hold it, UTF-8 cannot) becomes U+FFFD.

    Raises
    ------
    DataError
        When the value is missing or is no text.
    """
    if isinstance(value, (bytes, bytearray)):
        found = type(value).__name__
        raise DataError(f"expected text, found {found}", hint="decode it first: value.decode('utf-8')")
    if value is None or isinstance(value, (dict, list, tuple, set)):
        raise DataError(f"expected text, found {'nothing' if value is None else type(value).__name__}")
    return without_surrogates(value if isinstance(value, str) else digits(value))


def without_surrogates(text: str) -> str:
    """Return a text that can be written in UTF-8: half of a surrogate pair becomes U+FFFD, two halves one character.

    >>> without_surrogates("a\\ud800b")
    'a\ufffdb'
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def digits(value: Any) -> str:
    """Return a value as text; a whole number with more digits than Python writes is refused.

    Raises
    ------
    DataError
        When it has more than a few thousand digits.
    """
    try:
        return str(value)
    except ValueError as error:
        raise DataError(
            f"expected text, found {type(value).__name__} with too many digits", hint="give it as a text"
        ) from error
