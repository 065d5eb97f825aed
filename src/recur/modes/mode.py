"""``Mode``, the base class: two codecs, a network between them, an error and an answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor, nn

from recur.cancellation import check_cancelled
from recur.codecs.plain_text import shorten
from recur.errors import ConfigError
from recur.heads.head import Head, Sums
from recur.heads.prediction import Prediction
from recur.modes.abilities import Abilities, ReadOut, Wording
from recur.modes.item_model import ItemModel
from recur.modes.one_pass import OnePass
from recur.network.batch import Batch, Encoded, Raw, pad
from recur.nn.freezing import freeze_layers

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig
    from recur.decoding import Decoding
    from recur.decoding.vocabulary import Vocabulary
    from recur.network.inputs import Inputs

PREDICT_BATCH = 64
SAMPLE_CHARACTERS = 200  # of an answer that is shown beside the truth

# whether input and target are sequences -> the mode
_FITTING = {
    (False, False): "one-to-one",
    (False, True): "one-to-many",
    (True, False): "many-to-one",
    (True, True): "synced or --mode many-to-many",
}


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

    Attributes
    ----------
    symbols : Vocabulary or None
        The symbols that are written one after another, where some are.
    former_names : dict of str to str
        Names that parameters had in weights of older versions, and their present names.
    inputs : Inputs or None
        What turns the items of an input into vectors x_t; None where nothing is read.
    """

    name: ClassVar[str]
    former_names: ClassVar[Mapping[str, str]] = {}
    symbols: Vocabulary | None = None
    inputs: Inputs | None

    def __init__(self, input_codec: Codec | None, target_codec: Codec, config: ModelConfig) -> None:
        super().__init__()
        self.input_codec = input_codec
        self.target_codec = target_codec
        self.config = config

    @property
    @abstractmethod
    def abilities(self) -> Abilities:
        """What the network can do."""

    @property
    @abstractmethod
    def head(self) -> Head:
        """The readout with its error."""

    @property
    def metric(self) -> str:
        """The metric that decides which checkpoint is best."""
        return self.head.metric

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher value of that metric is better."""
        return self.head.higher_is_better

    @property
    def mode(self) -> Mode:
        """Itself, so that a model and its mode can be given alike."""
        return self

    @property
    def cell(self) -> str:
        """The cell of the recurrent layers; empty where there are none."""
        return self.config.cell

    @property
    def wording(self) -> Wording:
        """The network in words, where it has no run folder with a task."""
        return Wording(self.cell or "feed-forward network", self.name)

    @property
    def read_from(self) -> ReadOut:
        """The part and the summary that the answers are read out of."""
        return ReadOut()

    @property
    def item_model(self) -> ItemModel | None:
        """The network as one that continues what it reads, where it predicts the next item."""
        return None

    @property
    def one_pass(self) -> OnePass | None:
        """The parts of the network, where it answers in one pass through them."""
        return None

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""
        return next(self.parameters()).device

    @abstractmethod
    def encode_input(self, value: Any) -> np.ndarray | None:
        """Turn one raw input into the array that the network reads."""

    def read(self, inputs: Tensor, lengths: Tensor | None = None) -> None:
        """Run over a sequence of inputs (B, T) or (B, T, C), for observers of the recurrences that read it.

        Raises
        ------
        ConfigError
            In a mode that reads no sequence.
        """
        del inputs, lengths
        raise ConfigError(f"{self.name} reads no sequence", hint="give a network that reads one, such as many-to-one")

    def contributions(self, inputs: Tensor | None, lengths: Tensor | None = None) -> Tensor | None:
        """Return the contribution of each step to the vector that is read out, (B, T, H).

        None where each step is read out separately, or there are no steps.
        """
        del inputs, lengths
        return None

    @abstractmethod
    def encode(self, example: Raw) -> Encoded:
        """Turn one raw row into arrays."""

    def vary(self, row: Encoded, *seed: int) -> Encoded:
        """Return a random variant of a training row: what the codecs augment, both sides alike for the same seed."""
        inputs, target = row
        if inputs is not None and self.input_codec is not None and self.input_codec.augments:
            inputs = self.input_codec.augment(inputs, np.random.default_rng(seed))
        if self.target_codec.augments:
            target = self.target_codec.augment(target, np.random.default_rng(seed))
        return Encoded(inputs, target)

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
        """Compute `loss`: wrappers for several devices call the module itself."""
        return self.loss(batch, state, label_smoothing=label_smoothing, teacher_forcing=teacher_forcing)

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Turn sums added over batches into metrics."""
        return self.head.summary(sums)

    def tables(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, list[dict[str, Any]]]:
        """Turn sums added over batches into tables of metrics, where a mode has some: name to rows."""
        del sums
        return {}

    def simple_guesses(self, rows: Iterable[Encoded]) -> dict[str, Sums] | None:
        """Return the sums of the mode's own baselines on rows, by name; None where it has none."""
        del rows
        return None

    def items_written(self, decoding: Decoding) -> int:
        """Return the number of items generated for one answer; 0 where it is given in one pass."""
        del decoding
        return 0

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
            f"{self.name} answers in one pass and cannot generate item by item",
            hint="recur predict, or model.predict()",
        )

    def samples(self, examples: Sequence[Raw], *, count: int = 3) -> list[Sample]:
        """Answer the first rows, to be shown with their targets; never changes the global random state."""
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

    def train(self, mode: bool = True) -> Self:
        """Set training mode, or evaluation mode, in which the recurrent layers are frozen."""
        super().train(mode)
        if not mode:
            freeze_layers(self)
        return self

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Switch to evaluation mode without gradients, and restore training mode afterwards."""
        if not self.training:
            # a text is generated step by step, and a walk through all modules costs a fifth of a step
            with torch.no_grad():
                yield
            return
        self.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            self.train()

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
    for side, codec, sequence in (("input", source, expected[0]), ("target", target, expected[1])):
        if codec is None or codec.sequence == sequence:
            continue
        has, wants = ("a sequence", "one value per row") if codec.sequence else ("one value per row", "a sequence")
        fitting = _FITTING[expected[0] if source is None else source.sequence, target.sequence]
        raise ConfigError(
            f"{mode}: the {side} is {has} ({codec.describe()}), expected {wants}", hint=f"--mode {fitting}"
        )


def require_input(codec: Codec | None, mode: str) -> Codec:
    """Return the input codec of a mode that requires one.

    Raises
    ------
    ConfigError
        When there is none.
    """
    if codec is None:
        raise ConfigError(f"{mode} needs an input, and none was given", hint="--input COLUMN, or --mode one-to-many")
    return codec


def require_one_direction(config: ModelConfig, mode: str) -> None:
    """Refuse to read in both directions if the future is predicted.

    Raises
    ------
    ConfigError
        When the configuration asks for it.
    """
    if config.bidirectional:
        raise ConfigError(
            f"{mode}: a network that reads in both directions would see the items that it has to predict",
            hint="leave out bidirectional",
        )
