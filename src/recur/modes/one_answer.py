"""The base of the modes that answer an input with one value."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from recur.decoding.refusals import refuse_decoding
from recur.heads.prediction import Prediction
from recur.heads.step_head import StepHead
from recur.modes.mode import Loss, Mode, require_input
from recur.network.batch import Batch, Encoded, Raw
from recur.network.inputs import Inputs


class OneAnswer(Mode):
    """A mode whose target is one value per row.

    Attributes
    ----------
    output : StepHead
        The readout of the vectors.
    """

    output: StepHead
    inputs: Inputs

    @property
    def head(self) -> StepHead:
        return self.output

    def run(self, inputs: Tensor, state: Any = None, lengths: Tensor | None = None) -> tuple[Tensor, None]:
        """`vectors`, as the part of `OnePass` that runs; there is no state to begin with or to keep."""
        del state
        return self.vectors(inputs, lengths), None

    @abstractmethod
    def vectors(self, inputs: Tensor | None, lengths: Tensor | None = None) -> Tensor:
        """Return the summary vector of each row, (B, H)."""

    def encode_input(self, value: Any) -> np.ndarray:
        return require_input(self.input_codec, self.name).encode(value)

    def encode(self, example: Raw) -> Encoded:
        return Encoded(self.encode_input(example.input), self.target_codec.encode_target(example.target))

    def loss(
        self, batch: Batch, state: Any | None = None, *, label_smoothing: float = 0.0, teacher_forcing: float = 1.0
    ) -> Loss:
        del state, teacher_forcing
        vectors = self.vectors(batch.inputs, batch.input_lengths)
        return Loss(*self.output.error(vectors, batch.targets, None, label_smoothing=label_smoothing))

    def predict(self, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
        refuse_decoding(decoding, self.name)
        answers: list[Prediction] = []
        with self.answering():
            for values, lengths, _ in self.input_batches(inputs):
                answers += self.output.answers(self.vectors(values, lengths), self.target_codec, top)
        return answers
