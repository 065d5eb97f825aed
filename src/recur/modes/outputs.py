"""From the network's vectors h_t to answers and errors: the readout and the error of each kind of target.

    symbols   z_t = W_hy h_t + b_y    e_t = -log softmax(z_t)[y_t]
    numbers   z_t = W_hy h_t + b_y    e_t = mean over columns of (z_t - y_t)^2, standardised
    frames    z_t = W_hy h_t + b_y    e_t = sum over keys of their binary cross entropies (``binary``)

Padded steps are left out before the readout, so they cost nothing and count nowhere.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from recur.codecs.codec import NO_TARGET
from recur.engine import watch
from recur.errors import ConfigError, DataError
from recur.modes.inputs import Drop
from recur.modes.penalty import Penalty
from recur.nn import AdaptiveReadout, Embedding, Readout, mean_square_error

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig

Sums = dict[str, tuple[float, float]]

TEXTS = ("words", "characters", "subwords")
NEXT_ITEM = (*TEXTS, "notes")  # symbols whose sequence is predicted, so that the figure is the perplexity
ADAPTIVE_SMALLEST = 1000


class Output(nn.Module, ABC):
    """A readout with its error.

    Attributes
    ----------
    figure : str
        The figure that people look at.
    higher_is_better : bool
        Which way it improves.
    may_miss : bool
        Whether some of its targets may be missing: NaN, or ``NO_TARGET``.
    """

    figure: str
    higher_is_better: bool
    may_miss = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.drop = Drop(config)
        self.penalty = Penalty()

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
        watcher = watch.current()
        if watcher is not None:
            vectors = watcher.answer(self, vectors, targets, mask)
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
        readout = getattr(self, "readout", None)
        if not isinstance(readout, Readout):
            # the mean error of one prediction is its error, whatever the readout
            pairs = zip(vectors[mask], targets[mask], strict=True)
            each = [self._error(vector[None], target[None], 0.0)[0] for vector, target in pairs]
            return (torch.stack(each) if each else vectors.new_zeros(0)), None
        z = readout(vectors)
        return self._each(z, targets, mask), z

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


class SymbolOutput(Output):
    """Readout and cross entropy over V symbols.

    Parameters
    ----------
    size : int
        V.
    input_size : int
        H.
    config : ModelConfig
        ``adaptive_softmax``, ``tie_weights`` and the dropout before the readout.
    text : str or None
        The kind of codec, when the symbols are those of a text or a melody: figures are then perplexity (and nats
        for characters); None for labels, whose figure is the accuracy.
    count_right : bool, optional
        Count right answers for texts too, where they are measured; labels are always counted.
    embedding : Embedding, optional
        The matrix to share, when weights are tied (Press and Wolf 2017).
    by_class : bool
        Count right answers of each symbol too, in evaluation.

    Raises
    ------
    ConfigError
        For weights that cannot be tied, or an adaptive softmax over few symbols.
    """

    def __init__(
        self, size: int, input_size: int, config: ModelConfig, *, text: str | None = None, count_right: bool = False,
        embedding: Embedding | None = None, by_class: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(config)
        self.by_class = by_class
        self.size = size
        self.text = text
        self.may_miss = text is None
        self.count_right = count_right or text is None
        self.figure = "accuracy" if text is None else "nats" if text == "characters" else "perplexity"
        self.higher_is_better = text is None
        if config.tie_weights and embedding is None:
            raise ConfigError(
                "tie_weights shares the embedding of the input with the readout, but here they have different symbols",
                hint="leave out tie_weights",
            )
        self.readout: Readout | AdaptiveReadout
        if config.adaptive_softmax:
            _check_adaptive(size, config, text)
            self.readout = AdaptiveReadout(input_size, size)
        else:
            self.readout = Readout(input_size, size, tied=embedding if config.tie_weights else None)

    def log_probs(self, vectors: Tensor) -> Tensor:
        """(..., H) -> log p (..., V)."""
        return self._usable(self.readout.log_prob(vectors))

    def log_probs_in_row(self, vectors: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, T, H) -> log p (B, T, V) of the symbol at each step, whatever the others of its row are."""
        del lengths
        return self.log_probs(vectors)

    def _each(self, z: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
        return nn.functional.cross_entropy(z[mask], targets[mask], reduction="none")

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Loss, accuracy where it was counted (of classes also its mean over them), perplexity = exp(loss) of texts,
        nats a character."""
        loss = ratio(sums["loss"])
        figures = {"loss": loss}
        if "accuracy" in sums or self.text is None:
            figures["accuracy"] = ratio(sums.get("accuracy", (0.0, 0.0)))
        each = [ratio(pair) for name, pair in sums.items() if name.startswith("class ")]
        if each:
            figures["macro_accuracy"] = sum(each) / len(each)
        if self.text is not None:
            figures["perplexity"] = math.exp(min(loss, 700.0)) if not math.isnan(loss) else math.nan
        if self.text == "characters":
            figures["nats"] = loss
        return figures

    def _error(self, vectors: Tensor, targets: Tensor, label_smoothing: float) -> tuple[Tensor, Sums]:
        count = float(targets.shape[0])
        if isinstance(self.readout, AdaptiveReadout) and label_smoothing > 0:
            raise ConfigError(
                f"label_smoothing {label_smoothing} needs the probability of every symbol, which the adaptive "
                "softmax avoids",
                hint="leave out label_smoothing or adaptive_softmax",
            )
        if isinstance(self.readout, Readout) and label_smoothing > 0:
            mean = self.readout.loss(vectors, targets, label_smoothing=label_smoothing)
            plain = mean.detach() - label_smoothing * self._above_mean(self.readout, vectors, targets)
        else:
            mean = plain = self.readout.loss(vectors, targets)
        sums = {"loss": (float(plain.detach()) * count, count)}
        # of a text this would be the readout once more, of every step: it is counted where it is reported
        if self.count_right and not (self.training and self.text is not None):
            with torch.no_grad():
                right = self.readout(vectors).argmax(-1) == targets
                sums["accuracy"] = (float(right.sum()), count)
                if self.by_class and not self.training:
                    sums |= self._each_class(right, targets)
        return mean, sums

    @staticmethod
    @torch.no_grad()
    def _above_mean(readout: Readout, vectors: Tensor, targets: Tensor) -> Tensor:
        """How far z of the targets lies above the mean of all z, on average: the smoothed error is the plain one plus
        this, times the smoothing, and a second pass over all symbols is saved."""
        weight = readout.weight
        above = ((weight[targets] - weight.mean(0)) * vectors).sum(-1).mean()
        return above if readout.bias is None else above + readout.bias[targets].mean() - readout.bias.mean()

    def _each_class(self, right: Tensor, targets: Tensor) -> Sums:
        """(right, rows) of every class that there is."""
        rows = torch.bincount(targets, minlength=self.size)
        found = torch.bincount(targets[right], minlength=self.size)
        present = rows.nonzero()[:, 0].tolist()
        return {f"class {index}": (float(found[index]), float(rows[index])) for index in present}


class NumberOutput(Output):
    """Readout and squared error of C columns; the figure is the root mean square error.

    One column is measured in its own unit. Several columns may have several units, so their common figure is in
    standard deviations ("rmse_standardised"), and each column's own is beside it ("rmse NAME").
    """

    def __init__(self, codec: Codec, input_size: int, config: ModelConfig) -> None:
        super().__init__(config)
        for option in ("tie_weights", "adaptive_softmax"):
            if getattr(config, option):
                raise ConfigError(f"{option} is for symbols; this target is numbers", hint=f"leave out {option}")
        self.readout = Readout(input_size, codec.size)
        self.columns = [str(name) for name in getattr(codec, "columns", range(codec.size))]
        self.deviation = [float(one) for one in getattr(codec, "deviation", [1.0] * codec.size)]
        self.figure = "rmse" if codec.size == 1 else "rmse_standardised"
        self.higher_is_better = False

    def values(self, vectors: Tensor) -> Tensor:
        """(..., H) -> standardised numbers (..., C)."""
        return self._usable(self.readout(vectors))

    def _each(self, z: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
        return (z[mask] - targets[mask].to(z.dtype)).square().mean(-1)

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Loss (standardised mean square error) and root mean square errors in the units of the columns."""
        loss = ratio(sums["loss"])
        if len(self.columns) == 1:
            return {"loss": loss, "rmse": math.sqrt(loss) * self.deviation[0]}
        figures = {"loss": loss, "rmse_standardised": math.sqrt(loss)}
        for name, deviation in zip(self.columns, self.deviation, strict=True):
            figures[f"rmse {name}"] = math.sqrt(ratio(sums.get(f"square {name}", (0.0, 0.0)))) * deviation
        return figures

    def _error(self, vectors: Tensor, targets: Tensor, label_smoothing: float) -> tuple[Tensor, Sums]:
        if label_smoothing > 0:
            raise ConfigError(
                f"label_smoothing {label_smoothing} is for symbols; this target is numbers",
                hint="leave out label_smoothing",
            )
        values, targets = self.readout(vectors), targets.to(vectors.dtype)
        there = ~targets.isnan()
        if bool(there.all()):
            mean = mean_square_error(values, targets)
        else:
            # each number by itself, since of a step some columns may be missing
            mean = mean_square_error(values[there][:, None], targets[there][:, None])
        count = float(there.sum()) / len(self.columns)
        sums: Sums = {"loss": (float(mean.detach()) * count, count)}
        if len(self.columns) > 1:
            squares = (values.detach() - targets).nan_to_num().square().sum(0).tolist()
            known = there.sum(0).tolist()
            sums |= {
                f"square {name}": (square, float(number))
                for name, square, number in zip(self.columns, squares, known, strict=True)
            }
        return mean, sums


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


def build_output(codec: Codec, input_size: int, config: ModelConfig, *, embedding: Embedding | None = None) -> Output:
    """The readout and error that the target's codec asks for; no beginning or end is added.

    Raises
    ------
    ConfigError
        For options that the target cannot have.
    """
    if codec.discrete:
        by_class = codec.kind == "class"
        return SymbolOutput(codec.size, input_size, config, embedding=embedding, by_class=by_class)
    if codec.binary:
        from recur.modes.binary import BinaryOutput  # it is an Output, and imports this file

        return BinaryOutput(codec, input_size, config)
    return NumberOutput(codec, input_size, config)


def _check_adaptive(size: int, config: ModelConfig, text: str | None) -> None:
    # its clusters are made of ids that stand by falling frequency, which those of labels and characters do not
    if size < ADAPTIVE_SMALLEST or text not in ("words", "subwords"):
        raise ConfigError(
            f"adaptive_softmax is for large vocabularies of words or subwords, {ADAPTIVE_SMALLEST:,} or more; here "
            f"are {size:,} {text or 'labels'}",
            hint="leave out adaptive_softmax",
        )
    if config.tie_weights:
        raise ConfigError(
            "adaptive_softmax gives rare symbols shorter vectors, so weights cannot be tied",
            hint="leave out tie_weights or adaptive_softmax",
        )
