"""What every sequence mode is: codecs on both sides, a network between them, an error, and a way to answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from recur.codecs.codec import NO_TARGET, shorten
from recur.errors import ConfigError
from recur.modes.cancellation import check_cancelled

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig

PREDICT_BATCH = 64
SAMPLE_CHARACTERS = 200  # of an answer that is shown beside the truth

# whether input and target are sequences -> the mode
_FITTING = {
    (False, False): "one-to-one",
    (False, True): "one-to-many",
    (True, False): "many-to-one",
    (True, True): "synced or --mode many-to-many",
}


class Raw(Protocol):
    """A row before encoding: what the data room calls an Example."""

    @property
    def input(self) -> Any: ...

    @property
    def target(self) -> Any: ...


class Encoded(NamedTuple):
    """A row after encoding: arrays of one example, without padding."""

    input: np.ndarray | None
    target: np.ndarray

    @property
    def steps(self) -> int:
        """The longer of the two sides in time steps; 1 where neither side has time. Used to bucket rows."""
        sides = [side for side in (self.input, self.target) if side is not None and has_time(side)]
        return max((len(side) for side in sides), default=1)


@dataclass
class Batch:
    """Rows put together; lengths of None mean that every row is as long as the tensor.

    Attributes
    ----------
    inputs : Tensor or None
        (B, T) ids, (B, T, C) numbers or (B, T, H, W, C) frames; (B,) ids, (B, C) numbers or (B, H, W, C) pictures;
        None when the mode has no input.
    input_lengths : Tensor or None
        (B,) real steps of each row.
    targets, target_lengths : Tensor, Tensor or None
        The same for the other side.
    resets : Tensor or None
        (B, T) bool; True where the state is cleared before the step, for streams of several documents.
    rate : float
        By which the learning rate of its update is multiplied; a window of half the usual length says half as much.
    """

    inputs: Tensor | None
    input_lengths: Tensor | None
    targets: Tensor
    target_lengths: Tensor | None = None
    resets: Tensor | None = None
    rate: float = 1.0

    def to(self, device: torch.device | str) -> Batch:
        """Return the same batch on another device."""

        def move(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else tensor.to(device)

        return Batch(
            move(self.inputs),
            move(self.input_lengths),
            self.targets.to(device),
            move(self.target_lengths),
            move(self.resets),
            self.rate,
        )

    def __len__(self) -> int:
        return int(self.targets.shape[0])


@dataclass
class Loss:
    """The error of a batch.

    Attributes
    ----------
    mean : Tensor
        () mean error over all predictions of the batch, to backpropagate (label smoothing included).
    sums : dict
        Additive (numerator, denominator) pairs; "loss" is always (sum of e_t, number of predictions),
        without label smoothing.
    state : object, optional
        Final state of a mode that carries its state; not detached.
    """

    mean: Tensor
    sums: dict[str, tuple[float, float]]
    state: Any | None = None


@dataclass
class Prediction:
    """The answer to one input.

    Attributes
    ----------
    value : object
        The raw answer: a class, a text, a list of tags, numbers.
    scores : list of (value, probability)
        The best candidates, most probable first (of a beam, or of samples: best first, after length normalisation);
        empty for numbers.
    shown : str
        What a person reads.
    alignment : ndarray, optional
        (target steps, input steps) attention weights, where the model has attention.
    ranks : list of float, optional
        What written candidates are ordered by, one each of ``scores``: log p after length normalisation.
    quantiles : dict, optional
        Share to value, of a forecast with quantiles; ``value`` is the median.
    """

    value: Any
    scores: list[tuple[Any, float]]
    shown: str
    alignment: np.ndarray | None = None
    ranks: list[float] | None = None
    quantiles: dict[float, Any] | None = None


@dataclass
class Sample:
    """One row as it is shown after an evaluation."""

    input: str
    truth: str
    guess: str


class Mode(nn.Module, ABC):
    """A sequence mode: input codec x network x output codec x error x decoding.

    Parameters
    ----------
    input_codec : Codec or None
        How raw inputs become arrays; None where the mode works without an input.
    target_codec : Codec
        The same for what is predicted.
    config : ModelConfig
        The network between them.
    """

    name: ClassVar[str]
    carries_state: bool = False
    figure: str
    higher_is_better: bool

    def __init__(self, input_codec: Codec | None, target_codec: Codec, config: ModelConfig) -> None:
        super().__init__()
        self.input_codec = input_codec
        self.target_codec = target_codec
        self.config = config

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.parameters()).device

    @abstractmethod
    def encode_input(self, value: Any) -> np.ndarray | None:
        """Turn one raw input into the array that the network reads."""

    @abstractmethod
    def encode(self, example: Raw) -> Encoded:
        """Turn one raw row into arrays."""

    def vary(self, row: Encoded, *seed: int) -> Encoded:
        """A training row as it is met once: what the codecs change at random, both sides alike for the same seed."""
        given, target = row
        if given is not None and self.input_codec is not None and self.input_codec.varies:
            given = self.input_codec.vary(given, np.random.default_rng(seed))
        if self.target_codec.varies:
            target = self.target_codec.vary(target, np.random.default_rng(seed))
        return Encoded(given, target)

    def collate(self, encoded: Sequence[Encoded]) -> Batch:
        """Pad rows into one batch (on the CPU)."""
        inputs, input_lengths = pad([row.input for row in encoded])
        targets, target_lengths = pad([row.target for row in encoded])
        if targets is None:
            raise ConfigError("a batch needs targets", hint="use predict() for inputs without targets")
        return Batch(inputs, input_lengths, targets, target_lengths)

    @abstractmethod
    def loss(
        self, batch: Batch, state: Any | None = None, *, label_smoothing: float = 0.0, teacher_forcing: float = 1.0
    ) -> Loss:
        """Compute the error of a batch that is on the same device as the mode."""

    def forward(
        self, batch: Batch, state: Any | None = None, *, label_smoothing: float = 0.0, teacher_forcing: float = 1.0
    ) -> Loss:
        """The same as `loss`, so that wrappers which call the module (several devices) work."""
        return self.loss(batch, state, label_smoothing=label_smoothing, teacher_forcing=teacher_forcing)

    def penalise(self, *, activation: float, temporal: float) -> None:
        """Add penalties on the outputs of the last layer to the error that is learned from (`penalty`)."""
        from recur.modes.outputs import Output

        for module in self.modules():
            if isinstance(module, Output):
                module.penalty.activation, module.penalty.temporal = activation, temporal

    @abstractmethod
    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Turn sums added over batches into figures."""

    def tables(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, list[dict[str, Any]]]:
        """Turn sums added over batches into tables of figures, where a mode has some: name to rows."""
        del sums
        return {}

    @abstractmethod
    def predict(self, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
        """Answer raw inputs, in their order."""

    def generate(self, value: Any = None, **decoding: Any) -> Iterator[Any]:
        """Write the answer to one raw input item by item: pieces of a text, tags, rows of numbers.

        Raises
        ------
        ConfigError
            In a mode that answers in one pass.
        """
        del value, decoding
        raise ConfigError(
            f"{self.name} answers in one pass and writes nothing item by item", hint="recur predict, or model.predict()"
        )

    def samples(self, examples: Sequence[Raw], *, count: int = 3, prompts: Sequence[str] = ()) -> list[Sample]:
        """Answer the first rows, to be shown beside the truth; never touches the global random state."""
        del prompts  # only the modes that continue a text use them
        rows = [examples[index] for index in range(min(count, len(examples)))]
        if not rows:
            return []
        answers = self.predict([row.input for row in rows])
        return [
            Sample(
                "" if self.input_codec is None else self.input_codec.show(row.input),
                self.target_codec.show(row.target),
                shorten(answer.shown, SAMPLE_CHARACTERS),
            )
            for row, answer in zip(rows, answers, strict=True)
        ]

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Evaluation mode without gradients, put back afterwards."""
        was_training = self.training
        self.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            self.train(was_training)

    def input_batches(self, inputs: Sequence[Any]) -> Iterator[tuple[Tensor | None, Tensor | None, int]]:
        """Encode and pad raw inputs in pieces; yield (inputs, lengths, rows) on the mode's device."""
        for start in range(0, len(inputs), PREDICT_BATCH):
            check_cancelled()
            part = inputs[start : start + PREDICT_BATCH]
            values, lengths = pad([self.encode_input(value) for value in part])
            yield (
                None if values is None else values.to(self.device),
                None if lengths is None else lengths.to(self.device),
                len(part),
            )


def has_time(array: np.ndarray) -> bool:
    """Whether the array of one example has steps: (T,) ids, (T, C) numbers or (T, H, W, C) frames, and not () ids,
    (C,) numbers or a picture (H, W, C)."""
    return array.ndim in (2, 4) or (array.ndim == 1 and array.dtype.kind in "iu")


def answers(target: np.ndarray) -> np.ndarray:
    """Where the target of an example, () or (T,) ids or (C,) or (T, C) numbers, is there and not missing: bool."""
    there: np.ndarray = target != NO_TARGET if target.dtype.kind in "iu" else ~np.isnan(target)
    return there


def pad(arrays: Sequence[np.ndarray | None]) -> tuple[Tensor | None, Tensor | None]:
    """Put arrays of one example each into one tensor.

    Parameters
    ----------
    arrays : sequence of ndarray
        All (T,), (T, C) or (T, H, W, C) with T of any size, or all without time: () ids, (C,) numbers, which are told
        from (T,) ids by their dtype, or pictures (H, W, C). The letters
        of words, which make C, may be of any number too.

    Returns
    -------
    values : Tensor or None
        (B, T, ...) padded with zeros, at least one step wide; (B, ...) without time; None for no input.
    lengths : Tensor or None
        (B,) real steps; None without time.
    """
    present = [array for array in arrays if array is not None]
    if not present:
        return None, None
    first = present[0]
    if not has_time(first):
        return torch.from_numpy(np.stack(present)), None
    lengths = [len(array) for array in present]
    # the second axis too may be of any length: the letters of words
    wide = tuple(max(array.shape[1] for array in present) for _ in first.shape[1:2])
    values = np.zeros((len(present), max(1, *lengths), *wide, *first.shape[2:]), dtype=first.dtype)
    for row, array in enumerate(present):
        part = values[row, : len(array)]
        if array.ndim > 1:
            part = part[:, : array.shape[1]]
        part[...] = array
    return torch.from_numpy(values), torch.tensor(lengths, dtype=torch.long)


def step_mask(lengths: Tensor | None, values: Tensor) -> Tensor | None:
    """(B, T) bool: True at real steps of ``values`` (B, T, ...); None when all are."""
    if lengths is None:
        return None
    return torch.arange(values.shape[1], device=values.device) < lengths.to(values.device)[:, None]


def require_sequences(mode: str, source: Codec | None, target: Codec, expected: tuple[bool, bool]) -> None:
    """Refuse a codec whose values have time where the mode has none, or the other way round.

    Parameters
    ----------
    mode : str
        The mode that asks.
    source, target : Codec or None, Codec
        Of the two sides; there may be no input.
    expected : (bool, bool)
        Whether the input and the target are sequences in this mode.

    Raises
    ------
    ConfigError
        With the mode that fits both sides.
    """
    for side, codec, wanted in (("input", source, expected[0]), ("target", target, expected[1])):
        if codec is None or codec.sequence == wanted:
            continue
        has, wants = ("a sequence", "one value a row") if codec.sequence else ("one value a row", "a sequence")
        fitting = _FITTING[expected[0] if source is None else source.sequence, target.sequence]
        raise ConfigError(
            f"{mode}: the {side} is {has} ({codec.describe()}), expected {wants}", hint=f"--mode {fitting}"
        )


def need_input(codec: Codec | None, mode: str) -> Codec:
    """The input codec of a mode that cannot do without.

    Raises
    ------
    ConfigError
        When there is none.
    """
    if codec is None:
        raise ConfigError(f"{mode} needs an input, and none was given", hint="--input COLUMN, or --mode one-to-many")
    return codec


MOST_CANDIDATES = 1_000_000


def check_top(top: int) -> None:
    """Refuse to give no candidate.

    Raises
    ------
    ConfigError
        When fewer than one is asked for.
    """
    if top < 1:
        raise ConfigError(f"top must be at least 1, got {top}", hint="top=5")
    if top > MOST_CANDIDATES:
        raise ConfigError(f"top must be at most {MOST_CANDIDATES:,}", hint="top=5")


def one_way(config: ModelConfig, mode: str) -> None:
    """Refuse to read both ways where the future is what is predicted.

    Raises
    ------
    ConfigError
        When the configuration asks for it.
    """
    if config.bidirectional:
        raise ConfigError(
            f"{mode}: a network that reads both ways would see what it has to predict",
            hint="leave out bidirectional",
        )
