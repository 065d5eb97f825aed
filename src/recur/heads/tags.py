"""``TagHead``: tags step by step, or a whole row at once with a linear-chain CRF; span F1.

    alone      e_t = -log softmax(z_t)[y_t]
    together   e   = -log p(y_1 ... y_T | z_1 ... z_T) / T      see `recur.nn.CRF`

Where the tags are spans (B-X, I-X, O), the metric is F1 over whole spans, as conlleval counts them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recur.codecs.spans import are_spans, compare
from recur.errors import ConfigError
from recur.heads.head import Sums, ratio
from recur.heads.known_targets import known
from recur.heads.plain import PlainReadout
from recur.heads.symbols import SymbolHead
from recur.heads.viterbi import write_viterbi
from recur.nn import CRF
from recur.nn.graph_writer import INT64, GraphOutput, GraphWriter

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig

_NEVER = -1e9  # the score of a tag that is known to be wrong


class TagHead(SymbolHead):
    """Readout and error of one tag per step.

    Parameters
    ----------
    codec : Codec
        Of the target.
    input_size : int
        H.
    config : ModelConfig
        ``crf`` and the dropout before the readout.

    Raises
    ------
    ConfigError
        For options that a tag cannot have.
    """

    def __init__(self, codec: Codec, input_size: int, config: ModelConfig) -> None:
        super().__init__(codec.size, input_size, config)
        self.labels = [str(label) for label in codec.labels]
        self.crf = CRF(codec.size) if config.readout.crf else None
        self.whole_rows = self.crf is not None
        self.spans = are_spans(self.labels)
        if self.spans:
            self.metric = "f1"

    def error(
        self, vectors: Tensor, targets: Tensor, mask: Tensor | None, *, label_smoothing: float = 0.0
    ) -> tuple[Tensor, Sums]:
        """Return the mean error of a tag, and the sums for metrics; spans are counted only in evaluation."""
        mean, sums = super().error(vectors, targets, mask, label_smoothing=label_smoothing)
        if not self.training and (self.spans or self.crf is not None):
            tags, _ = self.best(vectors, mask)
            real = torch.ones_like(targets, dtype=torch.bool) if mask is None else mask
            if self.spans:
                sums |= self._count_spans(tags, targets, real)
            real = real & known(targets)
            count = float(real.sum())
            sums["accuracy"] = (float(((tags == targets) & real).sum()), count)
        return mean, sums

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Return loss and accuracy; of spans also precision, recall and F1."""
        metrics = super().summary(sums)
        if "span_precision" in sums:
            right, guessed = sums["span_precision"]
            true = sums["span_recall"][1]
            metrics["precision"] = ratio((right, guessed))
            metrics["recall"] = ratio((right, true))
            # without any true or predicted span there is no error
            metrics["f1"] = 2 * right / (guessed + true) if guessed + true else 1.0
        return metrics

    def write(self, graph: GraphWriter, vectors: str, codec: Codec, lengths: str | None) -> list[GraphOutput]:
        if self.crf is None or self.matrix is None or lengths is None:
            return super().write(graph, vectors, codec, lengths)
        scores = self.matrix.write(graph, vectors)
        tags = write_viterbi(graph, self.crf, scores, lengths)
        return [GraphOutput("scores", scores, (self.size,)), GraphOutput("tags", tags, (), INT64)]

    def plain(self) -> PlainReadout:
        if self.crf is None or self.matrix is None:
            return super().plain()
        return PlainReadout(self.matrix.weight, self.matrix.bias, "scores", "scores", self.crf)

    def tensors(self, vectors: Tensor, codec: Codec, lengths: Tensor | None) -> dict[str, Tensor]:
        if self.crf is None:
            return super().tensors(vectors, codec, lengths)
        scores: Tensor = self.readout(vectors)
        return {"scores": scores, "tags": self.crf.decode(scores, lengths)[0]}

    def comparable(self, outputs: Mapping[str, Tensor], lengths: Tensor | None) -> dict[str, Tensor]:
        """Return scores, and log p of the tags in place of the tags, since equally probable tags are equally right."""
        if self.crf is None or lengths is None:
            return super().comparable(outputs, lengths)
        scores, tags = outputs["scores"], outputs["tags"]
        padding = torch.arange(tags.shape[1]) >= lengths[:, None]
        return {
            "scores": scores,
            "log p of the tags": self.crf(scores, tags, lengths),
            "tags at padding": tags * padding,
        }

    def choice(self, vectors: Tensor) -> Tensor:
        return self.best(vectors, None)[0] if vectors.dim() == 3 else super().choice(vectors)

    def best(self, vectors: Tensor, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the most probable tags (B, T) of vectors (B, T, H), and the log p (B,) of all of them together."""
        if self.crf is not None:
            lengths = None if mask is None else mask.sum(dim=1)
            tags, score = self.crf.decode(self._finite_answers(self.readout(vectors)), lengths)
            return tags, self._finite_answers(score)
        return super().best(vectors, mask)

    def log_probs_in_row(self, vectors: Tensor, lengths: Tensor | None = None) -> Tensor:
        if self.crf is None or vectors.dim() < 3:
            return self.log_probs(vectors)
        return self._finite_answers(self.crf.marginals(self._finite_answers(self.readout(vectors)), lengths))

    def _each(self, z: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
        if self.crf is None:
            return super()._each(z, targets, mask)
        # in a chain the error of a step is that of its tag, given the tags before it
        return -self.crf.conditionals(z, targets, mask.sum(dim=1))[mask]

    def _mask_of_targets(self, vectors: Tensor, targets: Tensor, mask: Tensor | None) -> Tensor | None:
        # a chain runs through steps whose tag is missing
        return super()._mask_of_targets(vectors, targets, mask) if self.crf is None else mask

    def _masked_error(
        self, vectors: Tensor, targets: Tensor, mask: Tensor | None, label_smoothing: float
    ) -> tuple[Tensor, Sums]:
        crf = self.crf
        if crf is None:
            return super()._masked_error(vectors, targets, mask, label_smoothing)
        if label_smoothing > 0:
            raise ConfigError(
                f"label_smoothing {label_smoothing} is for tags that are scored one by one, not for a chain (crf)",
                hint="leave out label_smoothing or crf",
            )
        lengths = None if mask is None else mask.sum(dim=1)
        scores, present = self.readout(vectors), known(targets)
        if bool(present.all()):
            log_p = crf(scores, targets, lengths)
        else:
            # the probability of all sequences that agree with the known tags
            other = present[..., None] & (torch.arange(crf.size, device=targets.device) != targets[..., None])
            log_p = crf.log_partition(scores.masked_fill(other, _NEVER), lengths) - crf.log_partition(scores, lengths)
        count = float((present if mask is None else present & mask).sum())
        return -log_p.sum() / max(count, 1.0), {"loss": (-float(log_p.detach().sum()), count)}

    def _count_spans(self, tags: Tensor, targets: Tensor, real: Tensor) -> Sums:
        right = guessed = true = 0
        for row, steps in enumerate(real.sum(dim=1).tolist()):
            present = known(targets[row, :steps]).tolist()
            expected, predicted = (
                [
                    self.labels[index] if has_tag else "O"
                    for index, has_tag in zip(ids[row, :steps].tolist(), present, strict=True)
                ]
                for ids in (targets, tags)
            )
            counts = compare(expected, predicted)
            right, guessed, true = right + counts.right, guessed + counts.guessed, true + counts.true
        return {"span_precision": (float(right), float(guessed)), "span_recall": (float(right), float(true))}
