"""``Question``: one output to be explained, as a function of the input items.

    language model               log p(next word | text)
    tags of a sequence           log p(tag of one item | sequence)
    many-to-one, one-to-one      log p(class | input)
    many-to-many, one-to-many    log p(one word | words before it, input)

For numbers the output is the predicted value itself, in standard deviations of the training values.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from recur.decoding.options import check_top
from recur.decoding.vocabulary import Vocabulary
from recur.errors import DataError
from recur.heads import StepHead
from recur.heads.prediction import Option
from recur.modes import Mode
from recur.network.batch import Batch, Encoded, has_time, pad


class OutputRequest(NamedTuple):
    """Which output of a network is requested.

    Attributes
    ----------
    target : str or None
        The label of an output; None for the network's own.
    at : int, str or None
        Which answer of a sequence of answers: a number from 1, or the item.
    top : int
        How many outputs are compared.
    """

    target: str | None = None
    at: int | str | None = None
    top: int = 5


class Question(ABC):
    """An input, its items, and the outputs that can be explained.

    Attributes
    ----------
    mode : Mode
    items : list of str
        The label of each step of the input.
    values : ndarray or None
        What the network reads: (T,) ids, (T, C) numbers, () or (C,) without time.
    options : list of Option
        The first is the one that is explained.
    removable : list of bool
        Items that can be left out; a start symbol cannot.
    says : str
        The output in words: "the next word is sky".
    unit : str
        "nats" or "standard deviations".
    place : int or None
        Which answer of a sequence of answers, from 0.
    answer : str
        The whole answer of the network as text; empty where the options are the answer.
    answer_items : list of str or None
        The items of an answer of several, any of which can be explained.
    exclusive : bool
        Whether only one of the options can be true, so that they can be compared with each other.
    grid : (int, int) or None
        Rows and columns of the items, where they are parts of a picture.
    alignment : dict or None
        With attention: what was written (``rows``), what was read (``columns``), and the ``weights`` between them.
    predicts_items : bool
        Whether the network predicts the items that it reads, so that one can be treated as unknown.
    """

    unit = "nats"
    place: int | None = None
    answer = ""
    answer_items: list[str] | None = None
    exclusive = True
    grid: tuple[int, int] | None = None
    alignment: dict[str, Any] | None = None
    predicts_items = False

    def __init__(self, mode: Mode, value: Any) -> None:
        self.mode, self.value = mode, value
        self.items: list[str] = []
        self.values: np.ndarray | None = None
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
        """The example with the chosen output as its target, for BPTT."""

    @property
    def has_steps(self) -> bool:
        """Whether there is an error at more than one step."""
        return True

    def weights(self, predictions: int) -> np.ndarray:
        """Which of the errors of the batch make up the error of the chosen output: (N,) ones and zeros."""
        if not self.has_steps:
            return np.ones(predictions)
        weights = np.zeros(predictions)
        weights[-1 if self.place is None else self.place] = 1
        return weights

    def part_labels(self, part: str) -> list[str]:
        """Labels of what a part of the network reads, for the steps that have one."""
        del part
        return list(self.items)

    def labels_of(self, part: str, steps: int) -> list[str]:
        """Labels of what a part of the network reads at ``steps`` steps; a step without a label has its number."""
        labels = self.part_labels(part)
        return (labels + [str(t + 1) for t in range(len(labels), steps)])[:steps]

    def surprise(self, errors: np.ndarray) -> list[float | None] | None:
        """How unexpected each item was, in nats, from the errors (N,) of all predictions; None where none is
        predicted."""
        del errors
        return None

    def without(self, places: Sequence[int]) -> Question:
        """The same question for rows that lack one item each, at the given places."""
        del places
        return self

    def swap_scores(self, targets: Sequence[Any]) -> np.ndarray | None:
        """The outputs (K, T) of targets with each item unknown; None where the items are not predicted."""
        del targets
        return None

    def run(self) -> bool:
        """Compute the error of the chosen output for observers; return whether the gradient is cut between passes."""
        self.mode.loss(self.batch())
        return False

    @property
    def has_time(self) -> bool:
        """Whether the items are steps in time."""
        return self.values is not None and has_time(self.values)

    def rows(self, count: int) -> tuple[Tensor | None, Tensor | None]:
        """The same input in ``count`` rows: values and lengths."""
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


class HeadQuestion(Question):
    """A question whose answer is read out of one vector of each row by a head.

    Attributes
    ----------
    head : StepHead
    codec : Codec
        The codec of the answer.
    symbols : Vocabulary or None
        The vocabulary, where start and end symbols are added to those of the codec.
    """

    symbols: Vocabulary | None = None

    def __init__(self, mode: Mode, head: StepHead, value: Any) -> None:
        super().__init__(mode, value)
        self.head, self.codec = head, mode.target_codec
        self.unit, self.exclusive = head.unit, head.exclusive

    @abstractmethod
    def vectors(self, values: Tensor | None, lengths: Tensor | None) -> Tensor:
        """The vector (B, H) that the answer of each row is read out of."""

    def scores(self, values: Tensor | None, lengths: Tensor | None, targets: Sequence[Any]) -> Tensor:
        return self.head.scores(self.vectors(values, lengths), targets)

    def choose(self, vectors: Tensor, step: int, request: OutputRequest, own: int | None = None) -> list[Option]:
        """The options at one step of a row (T, H), the one that is requested first.

        Parameters
        ----------
        vectors : Tensor
            (T, H).
        step : int
            From 0.
        request : OutputRequest
        own : int, optional
            The network's own output, where it is not the likeliest.

        Raises
        ------
        DataError
            When the target is not an output of this network.
        """
        check_top(request.top)
        find = partial(self.head.options, vectors, step, self.codec, request.top, symbols=self.symbols)
        if request.target is None:
            return find(first=own)
        name = str(request.target)
        same = [one.target for one in find() if one.label == name]
        return find(first=same[0] if same else self.head.output_id(name, self.codec))


def with_first(options: list[Option], label: str) -> list[Option]:
    """The options with the one of this label in front.

    Raises
    ------
    DataError
        When there is none.
    """
    mine = [one for one in options if one.label == label]
    if not mine:
        raise DataError(
            f'"{label}" is not an output of this network', hint=f"one of {', '.join(o.label for o in options[:12])}"
        )
    return mine[:1] + [one for one in options if one.label != label]
