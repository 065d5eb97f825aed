"""``Question``: one output to be explained, as a function of the input items.

    language model               log p(next word | text)
    tags of a sequence           log p(tag of one item | sequence)
    many-to-one, one-to-one      log p(class | input)
    many-to-many, one-to-many    log p(one word | words before it, input)

Of numbers the output is the predicted value itself, in standard deviations of the training values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from recur.codecs import Codec
from recur.codecs.melody import name_of
from recur.codecs.notes import LOWEST
from recur.errors import ConfigError, DataError, did_you_mean
from recur.heads.events import EventHead
from recur.heads.head import Head
from recur.heads.numbers import NumberHead
from recur.heads.symbols import SymbolHead
from recur.modes import Mode
from recur.network.batch import Batch, Encoded, has_time, pad

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Option:
    """One output that could be explained.

    Attributes
    ----------
    label : str
        What a person reads.
    probability : float or None
        Of symbols; None of numbers.
    target : object
        Ids, an id, or a column, as the question reads them.
    """

    label: str
    probability: float | None
    target: Any


class Question(ABC):
    """An input, its items, and the outputs that can be explained.

    Attributes
    ----------
    mode : Mode
    items : list of str
        What a person reads for each step of the input.
    values : ndarray or None
        What the network reads: (T,) ids, (T, C) numbers, () or (C,) without time.
    options : list of Option
        The first is the one that is explained.
    removable : list of bool
        Items that can be left out; a start sign cannot.
    says : str
        The output in words: "the next word is sky".
    unit : str
        "nats" or "standard deviations".
    place : int or None
        Which answer of a sequence of answers, from 0.
    answer : str
        The whole answer of the network as a person reads it; empty where the options are the answer.
    exclusive : bool
        Whether only one of the options can be true, so that they can be compared with each other.
    grid : (int, int) or None
        Rows and columns of the items, where they are parts of a picture.
    """

    unit = "nats"
    place: int | None = None
    answer = ""
    exclusive = True
    grid: tuple[int, int] | None = None

    def __init__(self, mode: Mode, value: Any) -> None:
        self.mode, self.value = mode, value
        self.items: list[str] = []
        self.values: Array | None = None
        self.options: list[Option] = []
        self.removable: list[bool] = []

    @property
    @abstractmethod
    def says(self) -> str:
        """The output that is explained, in words."""

    @abstractmethod
    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        """Outputs (B, K) for rows of inputs and K targets: log-probabilities, or values."""

    def score(self, values: Tensor | None, lengths: Tensor | None, target: Any) -> Tensor:
        """One output (B,) for rows of inputs."""
        return self.scores(values, lengths, [target])[:, 0]

    @abstractmethod
    def batch(self) -> Batch:
        """The example with the chosen output as its truth, for BPTT."""

    @property
    def has_steps(self) -> bool:
        """Whether there is an error at more than one step."""
        return True

    def weights(self, predictions: int) -> Array:
        """Which of the errors of the batch make up the error of the chosen output: (N,) ones and zeros."""
        if not self.has_steps:
            return np.ones(predictions)
        found = np.zeros(predictions)
        found[-1 if self.place is None else self.place] = 1
        return found

    def labels_read(self, part: str) -> list[str]:
        """What a part of the network reads at each step, as far as it has a name."""
        del part
        return list(self.items)

    def run(self) -> bool:
        """Compute the error of the chosen output for those who follow it back; False: it is not cut anywhere."""
        self.mode.loss(self.batch())
        return False

    @property
    def inputs(self) -> nn.Module | None:
        """What turns items into the vectors x_t."""
        found = getattr(self.mode, "inputs", None)
        return found if isinstance(found, nn.Module) else None

    @property
    def has_time(self) -> bool:
        """Whether the items are steps in time."""
        return self.values is not None and has_time(self.values)

    def rows(self, count: int) -> tuple[Tensor | None, Tensor | None]:
        """The same input so many times: values and lengths."""
        if self.values is None:
            return None, None
        values, lengths = pad([self.values] * count)
        return self.move(values), None if lengths is None else lengths.to(self.mode.device)

    def move(self, values: Tensor | None) -> Tensor | None:
        """Values on the network's device, numbers in its precision."""
        if values is None:
            return None
        weight = next(self.mode.parameters())
        values = values.to(weight.device)
        return values.to(weight.dtype) if values.is_floating_point() else values

    def _one(self, encoded: Encoded) -> Batch:
        batch = self.mode.collate([encoded]).to(self.mode.device)
        batch.inputs = self.move(batch.inputs)
        return batch


def log_probs_of(output: Head, vectors: Tensor) -> Tensor:
    """log p (..., V) of a readout of symbols."""
    if not isinstance(output, SymbolHead):
        raise ConfigError("numbers have no probabilities")
    return output.log_probs(vectors)


def columns_of(output: Any, vectors: Tensor, targets: Sequence[Any]) -> Tensor:
    """log p of symbols or of notes that sound, or the values of columns, (B, K) from (B, H)."""
    columns = [int(one) for one in targets]
    if isinstance(output, NumberHead):
        return output.values(vectors)[:, columns]
    if isinstance(output, EventHead):
        return logsigmoid(output.logits(vectors))[:, columns]
    return log_probs_of(output, vectors)[:, columns]


def options_of(output: Any, codec: Codec, vector: Tensor, top: int, target: str | None = None) -> list[Option]:
    """What a readout of numbers or notes says of a vector (H,), the one that is asked for first.

    Raises
    ------
    DataError
        When the target is no column, or no note.
    """
    if isinstance(output, EventHead):
        chances = torch.sigmoid(output.logits(vector))
        names = [name_of(key + LOWEST) for key in range(len(chances))]
        best = chances.argsort(descending=True, stable=True).tolist()
        found = [Option(names[key], float(chances[key]), key) for key in best]
        if target is not None:
            return chosen_first(found, target, [])[:top]
        return found[:top]
    numbers = output.values(vector).cpu().numpy()
    own = codec.decode(numbers[None] if codec.sequence else numbers)
    labels = output.columns if len(output.columns) > 1 else [codec.show(own)]
    found = [Option(label, None, column) for column, label in enumerate(labels)]
    if target is None or (len(found) == 1 and target in (labels[0], output.columns[0])):
        return found
    return chosen_first(found, target, [])


def unsayable(codec: Codec, target: object, what: str) -> DataError:
    """What is said of a chosen answer that a network cannot give, with the nearest that it can."""
    vocabulary = [str(one) for one in getattr(codec, "vocabulary", []) if not str(one).startswith("<")]
    return DataError(
        f'"{target}" is not one {what} that this network can say.{did_you_mean(str(target), vocabulary)}',
        hint="give one of its vocabulary as --target",
    )


def chosen_first(options: list[Option], label: str, otherwise: list[Option]) -> list[Option]:
    """The options with the one of this label in front."""
    mine = [one for one in options if one.label == label] or otherwise
    if not mine:
        raise DataError(
            f'"{label}" is not an output of this network', hint=f"one of {', '.join(o.label for o in options[:12])}"
        )
    return mine[:1] + [one for one in options if one.label != label]


def one_symbol(codec: Codec, target: Any) -> int:
    """The id of a chosen answer.

    Raises
    ------
    DataError
        Unless it is one symbol that the network knows.
    """
    ids = codec.encode(target)
    if len(ids) != 1 or int(ids[0]) == getattr(codec, "unk_id", None):
        raise unsayable(codec, target, "symbol")
    return int(ids[0])


def towards_mean(own: Array, column: int) -> Array:
    """Numbers that a network's own answer is compared with, for an error of one column alone.

    Its truth is the mean: the error of a value that is its own truth would be zero, and have no gradient.
    """
    found = np.array(own)
    found[column] = 0
    return found
