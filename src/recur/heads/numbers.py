"""``NumberHead``: readout and squared error of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from recur.heads.head import Sums, ratio
from recur.heads.known_targets import known
from recur.heads.plain import PlainReadout
from recur.heads.prediction import Option
from recur.heads.refusals import refuse_smoothing, refuse_symbol_options
from recur.heads.scaling import own_units, write_own_units
from recur.heads.step_head import StepHead
from recur.nn import Readout, mean_square_error
from recur.nn.graph_writer import GraphOutput, GraphWriter

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig
    from recur.decoding.vocabulary import Vocabulary


class NumberHead(StepHead):
    """Readout and squared error of C columns; the metric is the root mean square error.

    One column is measured in its own unit. Several columns may have several units, so their common metric is in
    standard deviations ("rmse_standardised"), and each column has its own ("rmse NAME").
    """

    answers_with = "numbers"
    unit = "standard deviations"
    readout: Readout

    def __init__(self, codec: Codec, input_size: int, config: ModelConfig) -> None:
        super().__init__(config)
        refuse_symbol_options(config, "this target is numbers")
        self.readout = Readout(input_size, codec.size)
        self.columns, self.deviation = codec.column_names(), codec.column_deviations()
        self.metric = "rmse" if codec.size == 1 else "rmse_standardised"
        self.higher_is_better = False

    def write(self, graph: GraphWriter, vectors: str, codec: Codec, lengths: str | None) -> list[GraphOutput]:
        del lengths
        return [GraphOutput("values", write_own_units(graph, codec, self.readout.write(graph, vectors)), (codec.size,))]

    def plain(self) -> PlainReadout:
        return PlainReadout(self.readout.weight, self.readout.bias, "units", "values")

    def tensors(self, vectors: Tensor, codec: Codec, lengths: Tensor | None) -> dict[str, Tensor]:
        del lengths
        return {"values": own_units(codec, self.choice(vectors))}

    def choice(self, vectors: Tensor) -> Tensor:
        """(..., H) -> standardised numbers (..., C)."""
        return self._finite_answers(self.readout(vectors))

    def scores(self, vectors: Tensor, outputs: Sequence[int], lengths: Tensor | None = None) -> Tensor:
        del lengths
        return self.choice(vectors)[..., list(outputs)]

    def options(
        self, vectors: Tensor, step: int, codec: Codec, top: int, *, first: int | None = None,
        symbols: Vocabulary | None = None,
    ) -> list[Option]:  # fmt: skip
        del top, symbols
        labels = self.columns
        if len(labels) == 1:
            numbers = self.choice(vectors[step]).detach().cpu().numpy()
            labels = [codec.show(codec.decode(numbers[None] if codec.sequence else numbers))]
        order = sorted(range(len(labels)), key=lambda column: column != first)
        return [Option(labels[column], None, column) for column in order]

    def truth(self, answer: np.ndarray, output: int) -> np.ndarray:
        # with itself as target a value has no error and no gradient: its target is the mean
        target = answer.copy()
        target[output] = 0
        return target

    def references(self, answers: np.ndarray) -> np.ndarray:
        return np.zeros_like(answers)

    def _each(self, z: Tensor, targets: Tensor, mask: Tensor) -> Tensor:
        return (z[mask] - targets[mask].to(z.dtype)).square().mean(-1)

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Return the loss (standardised mean square error) and root mean square errors in the units of the columns."""
        loss = ratio(sums["loss"])
        if len(self.columns) == 1:
            return {"loss": loss, "rmse": math.sqrt(loss) * self.deviation[0]}
        metrics = {"loss": loss, "rmse_standardised": math.sqrt(loss)}
        for name, deviation in zip(self.columns, self.deviation, strict=True):
            metrics[f"rmse {name}"] = math.sqrt(ratio(sums.get(f"square {name}", (0.0, 0.0)))) * deviation
        return metrics

    def _error(self, vectors: Tensor, targets: Tensor, label_smoothing: float) -> tuple[Tensor, Sums]:
        refuse_smoothing(label_smoothing, "this target is numbers")
        values, targets = self.readout(vectors), targets.to(vectors.dtype)
        present = known(targets)
        if bool(present.all()):
            mean = mean_square_error(values, targets)
        else:
            # number by number, since some columns of a step may be missing
            mean = mean_square_error(values[present][:, None], targets[present][:, None])
        count = float(present.sum()) / len(self.columns)
        sums: Sums = {"loss": (float(mean.detach()) * count, count)}
        if len(self.columns) > 1:
            squares = (values.detach() - targets).nan_to_num().square().sum(0).tolist()
            counts = present.sum(0).tolist()
            sums |= {
                f"square {name}": (square, float(number))
                for name, square, number in zip(self.columns, squares, counts, strict=True)
            }
        return mean, sums
