"""``EventHead``: several binary events at each step, such as the keys of a piano that sound together.

    z_t = W_hy h_t + b_y,   p_t = sigmoid(z_t)
    e_t = - sum_k [ y_tk log p_tk + (1 - y_tk) log(1 - p_tk) ]        k over the columns (88 keys)

so that e_t is the negative log likelihood of a whole frame, in nats, with the keys independent given the past.

Sources: Boulanger-Lewandowski, Bengio and Vincent 2012, section 5 (the metric); Chung et al. 2014; Bay, Ehmann and
Downie 2009 (the accuracy of frames: hits by hits, misses and false alarms).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from recur.codecs import EventTraits
from recur.decoding.refusals import refuse_symbol_choices
from recur.heads.head import Sums, ratio
from recur.heads.plain import PlainReadout
from recur.heads.prediction import Option
from recur.heads.refusals import refuse_smoothing, refuse_symbol_options
from recur.heads.step_head import StepHead
from recur.nn import Readout
from recur.nn.graph_writer import GraphOutput, GraphWriter

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig
    from recur.decoding.options import Decoding
    from recur.decoding.vocabulary import Vocabulary

FrameChooser = Callable[[Tensor], Tensor]  # (B, C) logits -> (B, C) of zeros and ones


class EventHead(StepHead):
    """Readout and binary cross entropy of C columns; the metric is the negative log likelihood of a frame.

    The bias starts at the log odds of each column in the training rows, so that an untrained network predicts how
    often each key sounds, and not 0.5.
    """

    metric = "nll_per_frame"
    answers_with = "events"
    higher_is_better = False
    readout: Readout

    def __init__(self, codec: Codec, input_size: int, config: ModelConfig) -> None:
        super().__init__(config)
        refuse_symbol_options(config, "this target is frames")
        self.readout = Readout(input_size, codec.size)
        events = codec.events or EventTraits()
        share = torch.as_tensor(events.share, dtype=torch.get_default_dtype())
        if self.readout.bias is not None:
            with torch.no_grad():
                self.readout.bias.copy_(torch.logit(share).expand(codec.size))

    def logits(self, vectors: Tensor) -> Tensor:
        """(..., H) -> z (..., C)."""
        return self._finite_answers(self.readout(vectors))

    def _each(self, z: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(z[mask], targets[mask].to(z.dtype), reduction="none").sum(-1)

    def write(self, graph: GraphWriter, vectors: str, codec: Codec, lengths: str | None) -> list[GraphOutput]:
        del lengths
        chances = graph.add("Sigmoid", self.readout.write(graph, vectors))
        return [GraphOutput("probabilities", chances, (codec.size,))]

    def plain(self) -> PlainReadout:
        return PlainReadout(self.readout.weight, self.readout.bias, "sigmoid", "probabilities")

    def tensors(self, vectors: Tensor, codec: Codec, lengths: Tensor | None) -> dict[str, Tensor]:
        del codec, lengths
        return {"probabilities": self.logits(vectors).sigmoid()}

    def choice(self, vectors: Tensor) -> Tensor:
        """(..., H) -> the likeliest frame (..., C) of zeros and ones."""
        return likeliest(self.logits(vectors))

    def scores(self, vectors: Tensor, outputs: Sequence[int], lengths: Tensor | None = None) -> Tensor:
        del lengths
        return logsigmoid(self.logits(vectors))[..., list(outputs)]

    def options(
        self, vectors: Tensor, step: int, codec: Codec, top: int, *, first: int | None = None,
        symbols: Vocabulary | None = None,
    ) -> list[Option]:  # fmt: skip
        del symbols
        names, chances = codec.column_names(), torch.sigmoid(self.logits(vectors[step]).detach())
        order = chances.argsort(descending=True, stable=True).tolist()[:top]
        order = order if first is None else [first, *(column for column in order if column != first)]
        return [Option(names[column], float(chances[column]), column) for column in order[:top]]

    def truth(self, answer: np.ndarray, output: int) -> np.ndarray:
        target = answer.copy()
        target[output] = 1
        return target

    def chooser(self, decoding: Decoding) -> Callable[[Tensor], Tensor]:
        choose = chooser(decoding)
        return lambda vectors: choose(self.logits(vectors))

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Return the negative log likelihood of a frame in nats, and hits by hits, misses and false alarms of keys."""
        loss = ratio(sums["loss"])
        return {"loss": loss, "nll_per_frame": loss, "frame_accuracy": ratio(sums.get("frame_accuracy", (0.0, 0.0)))}

    def _error(self, vectors: Tensor, targets: Tensor, label_smoothing: float) -> tuple[Tensor, Sums]:
        refuse_smoothing(label_smoothing, "this target is frames")
        targets = targets.to(vectors.dtype)
        logits = self.readout(vectors)
        count = float(targets.shape[0])
        mean = binary_cross_entropy_with_logits(logits, targets, reduction="sum") / count
        with torch.no_grad():
            guess, truth = logits > 0, targets > 0
            hits, either = float((guess & truth).sum()), float((guess | truth).sum())
        return mean, {"loss": (float(mean.detach()) * count, count), "frame_accuracy": (hits, either)}


def likeliest(logits: Tensor) -> Tensor:
    """Return the most probable frame: a column is 1 where its probability is above 0.5."""
    return (logits > 0).to(logits.dtype)


def chooser(decoding: Decoding) -> FrameChooser:
    """Return the function that picks the next frame: the likeliest one, or each key drawn independently.

    ::

        y_tk ~ Bernoulli(sigmoid(z_tk / temperature))

    The same seed gives the same frames on every device.

    Raises
    ------
    ConfigError
        For options of symbols: a beam, top_k, top_p, stops, rules about repetition, unknown.
    """
    refuse_symbol_choices(decoding)
    if decoding.temperature == 0:
        return likeliest
    generator = decoding.generator()

    def choose(logits: Tensor) -> Tensor:
        drawn = torch.rand(logits.shape, generator=generator).to(logits.device)
        return (drawn < torch.sigmoid(logits.float() / decoding.temperature)).to(logits.dtype)

    return choose
