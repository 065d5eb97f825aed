"""``SymbolHead``: readout and cross entropy over symbols."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from recur.codecs.codec import NO_TARGET, WHOLE
from recur.decoding.options import check_top
from recur.errors import ConfigError
from recur.heads.head import Sums, in_memory_order, ratio, zero_error
from recur.heads.plain import PlainReadout
from recur.heads.prediction import Option, Prediction
from recur.heads.step_head import StepHead
from recur.nn import AdaptiveReadout, Embedding, Readout
from recur.nn.graph_writer import GraphOutput, GraphWriter

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig
    from recur.decoding.vocabulary import Vocabulary

ADAPTIVE_SMALLEST = 1000
FEW = 128  # symbols up to which all logits in memory cost less than the pass that avoids them


class SymbolHead(StepHead):
    """Readout and cross entropy over V symbols.

    Parameters
    ----------
    size : int
        V.
    input_size : int
        H.
    config : ModelConfig
        ``adaptive_softmax``, ``tie_weights`` and the dropout before the readout.
    codec : Codec, optional
        Of symbols that are predicted item by item (``itself``), as those of a text or a melody: the metric is then
        perplexity (nats for characters). Without it symbols are labels, whose metric is the accuracy.
    count_right : bool, optional
        Count right answers for texts too, where they are measured; labels are always counted.
    embedding : Embedding, optional
        The matrix to share, when weights are tied (Press and Wolf 2017).
    by_class : bool
        Count right answers of each symbol too, in evaluation.

    Attributes
    ----------
    text : bool
        Whether symbols are predicted item by item, and not labels.

    Raises
    ------
    ConfigError
        For weights that cannot be tied, or an adaptive softmax over few symbols.
    """

    answers_with = "symbols"
    exclusive = True

    def __init__(
        self, size: int, input_size: int, config: ModelConfig, *, codec: Codec | None = None, count_right: bool = False,
        embedding: Embedding | None = None, by_class: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(config)
        self.by_class = by_class
        self.size = size
        labels = codec is None or not codec.ids.next_item
        self.text = not labels
        self.characters = codec is not None and codec.splits_into("character")
        self.may_miss = self.higher_is_better = labels
        self.count_right = count_right or labels
        self.metric = "accuracy" if labels else "nats" if self.characters else "perplexity"
        if config.readout.tie_weights and embedding is None:
            raise ConfigError(
                "tie_weights shares the embedding of the input with the readout, but here they have different symbols",
                hint="leave out tie_weights",
            )
        self.readout: Readout | AdaptiveReadout
        if config.readout.adaptive_softmax:
            _check_adaptive(size, config, codec)
            self.readout = AdaptiveReadout(input_size, size)
        else:
            self.readout = Readout(input_size, size, tied=embedding if config.readout.tie_weights else None)

    def log_probs(self, vectors: Tensor) -> Tensor:
        """(..., H) -> log p (..., V)."""
        return self._finite_answers(self.readout.log_prob(vectors))

    def write(self, graph: GraphWriter, vectors: str, codec: Codec, lengths: str | None) -> list[GraphOutput]:
        del codec, lengths
        return [GraphOutput("log_probs", self.readout.write_log_prob(graph, vectors), (self.size,))]

    def plain(self) -> PlainReadout:
        if self.matrix is None:
            raise ConfigError(
                "the readout of this network is an adaptive softmax, which is more than one matrix",
                hint="train without --adaptive-softmax",
            )
        return PlainReadout(self.matrix.weight, self.matrix.bias, "softmax", "log_probs")

    def tensors(self, vectors: Tensor, codec: Codec, lengths: Tensor | None) -> dict[str, Tensor]:
        del codec, lengths
        return {"log_probs": self.log_probs(vectors)}

    def choice(self, vectors: Tensor) -> Tensor:
        with torch.no_grad():
            return self.log_probs(vectors).argmax(dim=-1)

    def answers(self, vectors: Tensor, codec: Codec, top: int) -> list[Prediction]:
        check_top(top)
        probs, ids = self.log_probs(vectors).exp().topk(min(top, self.size), dim=-1)
        answers = []
        for row_probs, row_ids in zip(probs.tolist(), ids.tolist(), strict=True):
            scores = [(codec.decode(np.array(index)), prob) for index, prob in zip(row_ids, row_probs, strict=True)]
            answers.append(Prediction(scores[0][0], scores, codec.show(scores[0][0], WHOLE)))
        return answers

    def answers_in_row(self, vectors: Tensor, lengths: Tensor, mask: Tensor | None, codec: Codec) -> list[Prediction]:
        ids, log_p = self.best(vectors, mask)
        answers = []
        for row, steps in enumerate(lengths.tolist()):
            value = codec.decode(ids[row, :steps].cpu().numpy())
            answers.append(Prediction(value, [(value, float(log_p[row].exp()))], codec.show(value, WHOLE)))
        return answers

    def best(self, vectors: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the most probable symbols (B, T) of vectors (B, T, H), and the log p (B,) of all of them together."""
        log_probs, ids = self.log_probs(vectors).max(dim=-1)
        return ids, (log_probs if mask is None else log_probs.masked_fill(~mask, 0.0)).sum(dim=1)

    def log_probs_in_row(self, vectors: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, T, H) -> log p (B, T, V) of the symbol at each step, whatever the others of its row are."""
        del lengths
        return self.log_probs(vectors)

    def scores(self, vectors: Tensor, outputs: Sequence[int], lengths: Tensor | None = None) -> Tensor:
        return self.log_probs_in_row(vectors, lengths)[..., list(outputs)]

    def options(
        self, vectors: Tensor, step: int, codec: Codec, top: int, *, first: int | None = None,
        symbols: Vocabulary | None = None,
    ) -> list[Option]:  # fmt: skip
        chances = self.log_probs_in_row(vectors[None])[0, step].detach().exp()
        order = chances.topk(min(top, self.size)).indices.tolist()
        order = order if first is None else [first, *(index for index in order if index != first)]
        name = codec.symbol if symbols is None else symbols.symbol
        return [Option(name(index), float(chances[index]), index) for index in order[:top]]

    def output_id(self, name: str, codec: Codec) -> int:
        return codec.symbol_id(name)

    def truth(self, answer: np.ndarray, output: int) -> np.ndarray:
        del answer
        return np.array(output, np.int64)

    def _each(self, z: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
        return nn.functional.cross_entropy(z[mask], targets[mask], reduction="none")

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Return the loss; accuracy, if counted, and its mean over classes; perplexity and nats of texts."""
        loss = ratio(sums["loss"])
        metrics = {"loss": loss}
        if "accuracy" in sums or not self.text:
            metrics["accuracy"] = ratio(sums.get("accuracy", (0.0, 0.0)))
        each = [ratio(pair) for name, pair in sums.items() if name.startswith("class ")]
        if each:
            metrics["macro_accuracy"] = sum(each) / len(each)
        if self.text:
            metrics["perplexity"] = math.exp(min(loss, 700.0)) if not math.isnan(loss) else math.nan
        if self.characters:
            metrics["nats"] = loss
        return metrics

    def _masked_error(
        self, vectors: Tensor, targets: Tensor, mask: Tensor | None, label_smoothing: float
    ) -> tuple[Tensor, Sums]:
        if self.matrix is None or self.size > FEW:
            return super()._masked_error(vectors, targets, mask, label_smoothing)
        count = targets.numel() if mask is None else int(mask.sum())
        if count == 0:
            return vectors.sum() * 0.0 + zero_error(self), {"loss": (0.0, 0.0)}
        return self._error_of_few(*in_memory_order(vectors, targets, mask), count, label_smoothing)

    def _error_of_few(
        self, vectors: Tensor, targets: Tensor, mask: Tensor | None, count: int, label_smoothing: float
    ) -> tuple[Tensor, Sums]:
        """Return the error of few symbols, whose logits are computed once: for the error and for the right answers.

        Steps without a prediction are computed and ignored, which costs less than leaving them out.
        """
        goal = (targets if mask is None else targets.masked_fill(~mask, NO_TARGET)).flatten()
        z = self.readout(vectors.flatten(0, -2))
        mean = nn.functional.cross_entropy(z, goal, ignore_index=NO_TARGET, label_smoothing=label_smoothing)
        plain = mean if label_smoothing == 0 else nn.functional.cross_entropy(z.detach(), goal, ignore_index=NO_TARGET)
        sums = {"loss": (plain.item() * count, float(count))}
        if self.count_right and not (self.training and self.text):
            right = z.detach().argmax(-1) == goal
            sums["accuracy"] = (float(right.sum()), float(count))
            if self.by_class and not self.training:
                real = goal != NO_TARGET
                sums |= self._each_class(right[real], goal[real])
        return mean, sums

    def _error(self, vectors: Tensor, targets: Tensor, label_smoothing: float) -> tuple[Tensor, Sums]:
        count = float(targets.shape[0])
        matrix = self.matrix
        if matrix is None and label_smoothing > 0:
            raise ConfigError(
                f"label_smoothing {label_smoothing} needs the probability of every symbol, which the adaptive "
                "softmax avoids",
                hint="leave out label_smoothing or adaptive_softmax",
            )
        if matrix is not None and label_smoothing > 0:
            mean = matrix.loss(vectors, targets, label_smoothing=label_smoothing)
            plain = mean.detach() - label_smoothing * self._above_mean(matrix, vectors, targets)
        else:
            mean = plain = self.readout.loss(vectors, targets)
        sums = {"loss": (float(plain.detach()) * count, count)}
        # for a text it costs another readout of every step: it is computed only where it is reported
        if self.count_right and not (self.training and self.text):
            with torch.no_grad():
                right = self.readout(vectors).argmax(-1) == targets
                sums["accuracy"] = (float(right.sum()), count)
                if self.by_class and not self.training:
                    sums |= self._each_class(right, targets)
        return mean, sums

    @staticmethod
    @torch.no_grad()
    def _above_mean(readout: Readout, vectors: Tensor, targets: Tensor) -> Tensor:
        """Return how far z of the targets is above the mean of all z, on average: the smoothed error is the plain one
        plus this, times the smoothing, which saves a second pass over all symbols."""
        weight = readout.weight
        above = ((weight[targets] - weight.mean(0)) * vectors).sum(-1).mean()
        return above if readout.bias is None else above + readout.bias[targets].mean() - readout.bias.mean()

    def _each_class(self, right: Tensor, targets: Tensor) -> Sums:
        """(right, rows) of every class among the targets."""
        rows = torch.bincount(targets, minlength=self.size)
        hits = torch.bincount(targets[right], minlength=self.size)
        present = rows.nonzero()[:, 0].tolist()
        return {f"class {index}": (float(hits[index]), float(rows[index])) for index in present}


def _check_adaptive(size: int, config: ModelConfig, codec: Codec | None) -> None:
    # its clusters are ranges of ids, which must be sorted by falling frequency
    text = codec.kind if codec is not None and codec.ids.next_item else None
    if size < ADAPTIVE_SMALLEST or codec is None or text is None or not codec.ids.by_frequency:
        raise ConfigError(
            f"adaptive_softmax is for large vocabularies of words or subwords, {ADAPTIVE_SMALLEST:,} or more; here "
            f"are {size:,} {text or 'labels'}",
            hint="leave out adaptive_softmax",
        )
    if config.readout.tie_weights:
        raise ConfigError(
            "adaptive_softmax gives rare symbols shorter vectors, so weights cannot be tied",
            hint="leave out tie_weights or adaptive_softmax",
        )
