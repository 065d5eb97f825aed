"""``Head``, the base class: a readout of the vectors h_t with its error and figures.

    symbols   z_t = W_hy h_t + b_y    e_t = -log softmax(z_t)[y_t]
    numbers   z_t = W_hy h_t + b_y    e_t = mean over columns of (z_t - y_t)^2, standardised
    frames    z_t = W_hy h_t + b_y    e_t = sum over keys of their binary cross entropies (``binary``)

Padded steps are left out before the readout, so they cost nothing and count nowhere.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from recur.codecs.codec import NO_TARGET, WHOLE
from recur.decoding.options import check_top
from recur.engine import observers
from recur.errors import ConfigError, DataError
from recur.heads.penalty import Penalty
from recur.heads.prediction import Option, Prediction
from recur.nn import AdaptiveReadout, Readout
from recur.nn.dropout import Drop

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig
    from recur.decoding import Decoding
    from recur.decoding.vocabulary import Vocabulary
    from recur.nn.graph_writer import GraphOutput, GraphWriter

Sums = dict[str, tuple[float, float]]


class Head(nn.Module, ABC):
    """A readout with its error.

    Attributes
    ----------
    figure : str
        The figure that people look at.
    higher_is_better : bool
        Which way it improves.
    answers_with : str
        What an answer is made of: symbols that are searched, numbers, or events that are drawn one by one.
    whole_rows : bool
        Whether the answer at a step depends on all steps of its row, so that there is none item by item.
    spans : bool
        Whether its symbols are tags of spans.
    unit : str
        Of its `scores`: nats of log-probabilities, or standard deviations of the training values.
    exclusive : bool
        Whether only one of its outputs can be true, so that they are compared with each other.
    may_miss : bool
        Whether some of its targets may be missing: NaN, or ``NO_TARGET``.
    """

    figure: str
    higher_is_better: bool
    answers_with: ClassVar[Literal["symbols", "numbers", "events"]]
    whole_rows: bool = False
    spans: bool = False
    unit: ClassVar[str] = "nats"
    exclusive: ClassVar[bool] = False
    may_miss = True
    readout: Readout | AdaptiveReadout

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.drop = Drop(config.dropout.rate, config.dropout.variational)
        self.penalty = Penalty()

    @property
    def matrix(self) -> Readout | None:
        """The readout, where it is one matrix W_hy with its bias."""
        return self.readout.matrix

    def error(
        self, vectors: Tensor, targets: Tensor, mask: Tensor | None, *, label_smoothing: float = 0.0
    ) -> tuple[Tensor, Sums]:
        """Mean error to backpropagate, and the sums for figures.

        Parameters
        ----------
        vectors : Tensor
            (B, T, H), or (B, H).
        targets : Tensor
            (B, T) ids or (B, T, C) numbers; (B,) or (B, C).
        mask : Tensor or None
            (B, T) bool, True where there is a prediction; None for everywhere.
        label_smoothing : float
            Share of probability given to all symbols alike, in the mean only.
        """
        raw, vectors = vectors, self.drop(vectors)
        penalty = self.penalty(raw, vectors, mask) if self.training else None
        mask = self._answered(targets, mask)
        observer = observers.current()
        if observer is not None:
            vectors = observer.answer(self, vectors, targets, mask)
        if mask is not None:
            vectors, targets = vectors[mask], targets[mask]
        elif vectors.dim() == 3:
            vectors, targets = vectors.flatten(0, 1), targets.flatten(0, 1)
        if targets.shape[0] == 0:
            # nothing to predict: a zero that can still be backpropagated
            return vectors.sum() * 0.0 + self.nothing(), {"loss": (0.0, 0.0)}
        mean, sums = self._error(vectors, targets, label_smoothing)
        return (mean if penalty is None else mean + penalty), sums

    def errors(self, vectors: Tensor, targets: Tensor, mask: Tensor) -> tuple[Tensor, Tensor | None]:
        """e (N,) of each prediction of vectors (B, T, H), in the order of rows and steps, whose mean is `error`; and
        the z (B, T, V) that they are made of, None where the readout is not one matrix."""
        if self.matrix is None:
            # the mean error of one prediction is its error, whatever the readout
            pairs = zip(vectors[mask], targets[mask], strict=True)
            each = [self._error(vector[None], target[None], 0.0)[0] for vector, target in pairs]
            return (torch.stack(each) if each else vectors.new_zeros(0)), None
        z = self.matrix(vectors)
        return self._each(z, targets, mask), z

    @abstractmethod
    def choice(self, vectors: Tensor) -> Tensor:
        """(..., H) -> the likeliest answers: ids (...), or columns (..., C)."""

    def choice_in_row(self, vectors: Tensor) -> Tensor:
        """(B, T, H) -> the likeliest answers of whole rows: ids (B, T), or columns (B, T, C)."""
        return self.choice(vectors)

    @abstractmethod
    def scores(self, vectors: Tensor, outputs: Sequence[int]) -> Tensor:
        """(..., H) -> (..., K) of K outputs: log p of symbols or of events, the values of columns."""

    def scores_in_row(self, vectors: Tensor, lengths: Tensor | None, steps: Tensor, outputs: Sequence[int]) -> Tensor:
        """(B, T, H) -> `scores` (B, K) at one step (B,) of each row."""
        del lengths
        return self.scores(vectors[torch.arange(len(vectors), device=vectors.device), steps], outputs)

    @abstractmethod
    def options(
        self, vectors: Tensor, step: int, codec: Codec, top: int, *, first: int | None = None,
        symbols: Vocabulary | None = None,
    ) -> list[Option]:  # fmt: skip
        """Return the most probable outputs at one step of a row.

        Parameters
        ----------
        vectors : Tensor
            (T, H).
        step : int
            From 0.
        codec : Codec
            Of what is answered.
        top : int
            How many symbols or events; of numbers all columns are returned.
        first : int, optional
            The output that is returned before all others, and counts among the ``top``.
        symbols : Vocabulary, optional
            The ids, where a beginning and an end were added to those of the codec.
        """

    def output_named(self, name: str, codec: Codec) -> int:
        """Return the column, or the id, of the output that a user names.

        Raises
        ------
        DataError
            When there is no such output.
        """
        names = codec.column_names()
        if name not in names:
            raise DataError(
                f'"{name}" is not an output of this network', hint=f"one of {', '.join(map(str, names[:12]))}"
            )
        return names.index(name)

    @abstractmethod
    def truth(self, answer: np.ndarray, output: int) -> np.ndarray:
        """Return the target whose error is that of one output: an id (), or columns (C,) that are else as answered."""

    def references(self, answers: np.ndarray) -> np.ndarray:
        """Return the targets (T,) or (T, C) of steps whose truth is unknown, given the head's own answers."""
        return answers.copy()

    def drawing(self, decoding: Decoding) -> Callable[[Tensor], Tensor]:
        """Return the rule that makes an answer of a vector, as the options ask."""
        del decoding
        return self.choice

    def answers(self, vectors: Tensor, codec: Codec, top: int) -> list[Prediction]:
        """One answer for each of B vectors (B, H), with the ``top`` most probable candidates, if any."""
        check_top(top)
        values = [codec.decode(row) for row in self.choice(vectors).cpu().numpy()]
        return [Prediction(value, [], codec.show(value, WHOLE)) for value in values]

    def answers_in_row(self, vectors: Tensor, lengths: Tensor, mask: Tensor | None, codec: Codec) -> list[Prediction]:
        """One answer for each of B rows of vectors (B, T, H): the values of its steps."""
        del mask
        columns = self.choice(vectors).cpu().numpy()
        values = [codec.decode(row[:steps]) for row, steps in zip(columns, lengths.tolist(), strict=True)]
        return [Prediction(value, [], codec.show(value, WHOLE)) for value in values]

    @abstractmethod
    def write(self, graph: GraphWriter, vectors: str, codec: Codec, lengths: str | None) -> list[GraphOutput]:
        """Write what is answered to vectors (..., H) as nodes of a graph, numbers in their own units.

        Parameters
        ----------
        graph : GraphWriter
        vectors : str
        codec : Codec
            Of the target.
        lengths : str or None
            (B,) real steps of vectors (B, T, H); None where there are no steps.
        """

    @abstractmethod
    def tensors(self, vectors: Tensor, codec: Codec, lengths: Tensor | None) -> dict[str, Tensor]:
        """The outputs of `write` by name, computed here."""

    def compared(self, outputs: Mapping[str, Tensor], lengths: Tensor | None) -> dict[str, Tensor]:
        """What outputs of `write` and of `tensors` are compared by: themselves, where there is one right answer."""
        del lengths
        return dict(outputs)

    def log_probs(self, vectors: Tensor) -> Tensor:
        """(..., H) -> log p (..., V) of symbols.

        Raises
        ------
        ConfigError
            Of a head without symbols.
        """
        del vectors
        raise ConfigError(f"this readout answers with {self.answers_with}: it has no probabilities of symbols")

    def logits(self, vectors: Tensor) -> Tensor:
        """(..., H) -> z (..., C) of events.

        Raises
        ------
        ConfigError
            Of a head without events.
        """
        del vectors
        raise ConfigError(f"this readout answers with {self.answers_with}: it has no probabilities of events")

    def _each(self, z: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
        """e (N,) of z (B, T, V)."""
        raise NotImplementedError(f"{type(self).__name__} has no error of single predictions")

    def _answered(self, targets: Tensor, mask: Tensor | None) -> Tensor | None:
        """The mask without the steps, or rows, whose target is missing."""
        if not self.may_miss:
            return mask
        there = ~targets.isnan().all(-1) if targets.is_floating_point() else targets != NO_TARGET
        if bool(there.all()):
            return mask
        return there if mask is None else mask & there

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Figures from sums added over batches."""
        return {"loss": ratio(sums["loss"])}

    def _usable(self, values: Tensor) -> Tensor:
        # in training the error says it, with what led to it
        return values if self.training else finite(values)

    @abstractmethod
    def _error(self, vectors: Tensor, targets: Tensor, label_smoothing: float) -> tuple[Tensor, Sums]:
        """The error of N predictions: vectors (N, H), targets (N,) or (N, C)."""

    def nothing(self) -> Tensor:
        """A zero that depends on the parameters."""
        return sum((parameter.sum() * 0.0 for parameter in self.parameters()), torch.zeros(()))


def finite(values: Tensor) -> Tensor:
    """Return what a network answers, numbers or log p, refused where one of them is not a number.

    Raises
    ------
    DataError
        When a value is NaN or infinite; minus infinity is the log p of what cannot be.
    """
    # the sum says it of most in one pass
    if not math.isfinite(float(values.detach().sum())):
        wrong = int((values.isnan() | (values == math.inf)).sum())
        if wrong:
            raise DataError(
                f"the network's answer is not finite: {wrong:,} of {values.numel():,} values",
                hint="give values of the size that it was trained on; or train again, if its weights collapsed",
            )
    return values


def ratio(pair: tuple[float, float]) -> float:
    """Numerator by denominator; not a number when nothing was counted."""
    return pair[0] / pair[1] if pair[1] else math.nan
