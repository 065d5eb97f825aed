"""``Head``, the base class: a readout of the vectors h_t with its error and metrics.

    symbols   z_t = W_hy h_t + b_y    e_t = -log softmax(z_t)[y_t]
    numbers   z_t = W_hy h_t + b_y    e_t = mean over columns of (z_t - y_t)^2, standardised
    frames    z_t = W_hy h_t + b_y    e_t = sum over keys of their binary cross entropies (``binary``)

Padded steps are removed before the readout, so they cost nothing and are not counted.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from recur.engine import observers
from recur.errors import ConfigError, DataError
from recur.heads.known_targets import known
from recur.heads.penalty import Penalty
from recur.heads.quantiles import Quantiles
from recur.nn import AdaptiveReadout, Readout
from recur.nn.dropout import Drop
from recur.nn.shared_rows import part_of_mean

if TYPE_CHECKING:
    from recur.config import ModelConfig

Sums = dict[str, tuple[float, float]]


class Head(nn.Module, ABC):
    """A readout with its error.

    Attributes
    ----------
    metric : str
        The metric that a person follows, and by which the best weights are kept.
    higher_is_better : bool
        Whether a higher value of that metric is better.
    whole_rows : bool
        Whether the answer at a step depends on all steps of its row, so that there is none item by item.
    spans : bool
        Whether its symbols are tags of spans.
    quantiles : Quantiles
        Those that an answer has.
    unit : str
        Of scores: nats of log-probabilities, or standard deviations of the training values.
    exclusive : bool
        Whether only one of its outputs can be true, so that they are compared with each other.
    may_miss : bool
        Whether some of its targets may be missing: NaN, or ``NO_TARGET``.
    losses : frozenset of str
        Errors other than its usual one, by their names in a configuration.

    Raises
    ------
    ConfigError
        For an error that it does not have.
    """

    metric: str
    higher_is_better: bool
    whole_rows: bool = False
    spans: bool = False
    quantiles = Quantiles()
    unit: ClassVar[str] = "nats"
    exclusive: ClassVar[bool] = False
    may_miss = True
    losses: ClassVar[frozenset[str]] = frozenset()
    readout: Readout | AdaptiveReadout

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        if config.readout.loss is not None and config.readout.loss not in self.losses:
            raise ConfigError(
                f"loss {config.readout.loss} is a share of the energy of a signal: it requires a target of numbers at "
                "every step of a sequence, and not a forecast",
                hint="leave out loss",
            )
        self.drop = Drop(config.dropout.rate, config.dropout.variational)
        self.penalty = Penalty()

    @property
    def matrix(self) -> Readout | None:
        """The readout, where it is one matrix W_hy with its bias."""
        return self.readout.matrix

    def error(
        self, vectors: Tensor, targets: Tensor, mask: Tensor | None, *, label_smoothing: float = 0.0
    ) -> tuple[Tensor, Sums]:
        """Return the mean error to backpropagate, and the sums for metrics.

        Parameters
        ----------
        vectors : Tensor
            (B, T, H), or (B, H).
        targets : Tensor
            (B, T) ids or (B, T, ...) numbers; (B,) or (B, ...).
        mask : Tensor or None
            (B, T) bool, True where there is a prediction; None for everywhere.
        label_smoothing : float
            Share of probability spread over all symbols, in the mean only.
        """
        raw, vectors = vectors, self.drop(vectors)
        penalty = self.penalty(raw, vectors, mask) if self.training else None
        mask = self._mask_of_targets(vectors, targets, mask)
        vectors = self.report(vectors, targets, mask)
        mean, sums = self._masked_error(vectors, targets, mask, label_smoothing)
        mean = self._of_whole_batch(mean, sums)
        return (mean if penalty is None else mean + penalty), sums

    def errors(self, vectors: Tensor, targets: Tensor, mask: Tensor) -> tuple[Tensor, Tensor | None]:
        """e (N,) of each prediction of vectors (B, T, H), in the order of rows and steps, whose mean is `error`; and
        the z (B, T, V) that they are made of, None where the readout is not one matrix."""
        if self.matrix is None:
            # the mean error of a batch of one prediction is the error of that prediction
            pairs = zip(vectors[mask], targets[mask], strict=True)
            each = [self._error(vector[None], target[None], 0.0)[0] for vector, target in pairs]
            return (torch.stack(each) if each else vectors.new_zeros(0)), None
        z = self.matrix(vectors)
        return self._each(z, targets, mask), z

    def report(self, vectors: Tensor, targets: Tensor, mask: Tensor | None) -> Tensor:
        """Show an observer the vectors that are read out; return those that it gives in their place."""
        observer = observers.current()
        return vectors if observer is None else observer.answer(self, vectors, targets, mask)

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Return metrics from sums added over batches."""
        return {"loss": ratio(sums["loss"])}

    def _mask_of_targets(self, vectors: Tensor, targets: Tensor, mask: Tensor | None) -> Tensor | None:
        """Return the mask without the steps, or rows, whose target is missing."""
        if not self.may_miss:
            return mask
        present = known(targets)
        if present.dim() >= vectors.dim():
            # a step counts if one of its columns is known
            present = present.flatten(vectors.dim() - 1).any(-1)
        if bool(present.all()):
            return mask
        return present if mask is None else mask & present

    def _masked_error(
        self, vectors: Tensor, targets: Tensor, mask: Tensor | None, label_smoothing: float
    ) -> tuple[Tensor, Sums]:
        """Return the mean error where the mask is true."""
        vectors, targets, mask = in_memory_order(vectors, targets, mask)
        if mask is not None:
            vectors, targets = vectors[mask], targets[mask]
        elif vectors.dim() == 3:
            vectors, targets = vectors.flatten(0, 1), targets.flatten(0, 1)
        if targets.shape[0] == 0:
            return vectors.sum() * 0.0 + zero_error(self), {"loss": (0.0, 0.0)}
        return self._error(vectors, targets, label_smoothing)

    def _of_whole_batch(self, mean: Tensor, sums: Sums) -> Tensor:
        """Return what the mean error of these rows adds to that of a batch that several processes share."""
        return part_of_mean(mean, sums["loss"][1])

    @abstractmethod
    def _error(self, vectors: Tensor, targets: Tensor, label_smoothing: float) -> tuple[Tensor, Sums]:
        """Return the error of N predictions: vectors (N, H), targets (N,) or (N, ...)."""

    def _each(self, z: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
        """e (N,) of z (B, T, V)."""
        raise NotImplementedError(f"{type(self).__name__} has no error of single predictions")

    def _finite_answers(self, values: Tensor) -> Tensor:
        # in training a value that is not finite is reported by the error
        return values if self.training else finite(values)


def in_memory_order(vectors: Tensor, targets: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    """Return all three with the axes of rows and steps as a layer wrote the vectors, so that flattening copies none."""
    if vectors.dim() != 3 or vectors.is_contiguous() or not vectors.transpose(0, 1).is_contiguous():
        return vectors, targets, mask
    return vectors.transpose(0, 1), targets.transpose(0, 1), None if mask is None else mask.t()


def zero_error(module: nn.Module) -> Tensor:
    """Return the error of a batch without a prediction: a zero that can be backpropagated to all parameters."""
    zeros = [parameter.sum() * 0.0 for parameter in module.parameters()]
    return sum(zeros[1:], zeros[0])


def finite(values: Tensor) -> Tensor:
    """Return what a network answers, numbers or log p, refused where one of them is not a number.

    Raises
    ------
    DataError
        When a value is NaN or infinite; minus infinity is the log p of what cannot be.
    """
    # one pass: the sum is almost always finite where all values are
    if not math.isfinite(float(values.detach().sum())):
        wrong = int((values.isnan() | (values == math.inf)).sum())
        if wrong:
            raise DataError(
                f"the network's answer is not finite: {wrong:,} of {values.numel():,} values",
                hint="give values of the size that it was trained on; or train again, if its weights collapsed",
            )
    return values


def add_sums(sums: Sums, more: Mapping[str, tuple[float, float]]) -> None:
    """Add (numerator, denominator) pairs into ``sums``."""
    for name, (numerator, denominator) in more.items():
        before = sums.get(name, (0.0, 0.0))
        sums[name] = (before[0] + numerator, before[1] + denominator)


def ratio(pair: tuple[float, float]) -> float:
    """Return numerator by denominator; not a number when nothing was counted."""
    return pair[0] / pair[1] if pair[1] else math.nan
