"""Many to one: a sequence in, one value out, read when everything has been seen.

                              y
                              ^
          +---+    +---+    +---+
          | h |--->| h |--->| h |
          +---+    +---+    +---+
            ^        ^        ^
           x_1      x_2      x_3

    h_t = cell(x_t, h_{t-1}),   z = W_hy h_T + b_y

By default the sequence is read both ways, and what is read out is the forward state after the last real step beside
the backward state after the first one. ``pooling`` takes the mean or the maximum of all outputs instead.
An empty sequence is answered from the initial state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from recur.errors import DataError
from recur.modes.answers import one_value, refuse_decoding
from recur.modes.inputs import Inputs
from recur.modes.mode import Batch, Encoded, Loss, Mode, Prediction, Raw, need_input, require_sequences
from recur.modes.network import Stack
from recur.modes.outputs import build_output

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig


class ManyToOne(Mode):
    """A text, tags or series to a class or numbers.

    Parameters
    ----------
    input_codec : Codec
        A sequence.
    target_codec : Codec
        One value a row.
    config : ModelConfig
        The network; ``bidirectional`` is on unless it says otherwise.
    """

    name = "many-to-one"

    def __init__(self, input_codec: Codec | None, target_codec: Codec, config: ModelConfig) -> None:
        super().__init__(input_codec, target_codec, config)
        codec = need_input(input_codec, self.name)
        require_sequences(self.name, codec, target_codec, (True, False))
        self.inputs = Inputs(codec, config)
        self.stack = Stack(config, self.inputs.size, bidirectional=config.bidirectional is not False)
        self.output = build_output(target_codec, self.stack.output_size, config)
        self.figure, self.higher_is_better = self.output.figure, self.output.higher_is_better

    def encode_input(self, value: Any) -> np.ndarray:
        return need_input(self.input_codec, self.name).encode(value)

    def encode(self, example: Raw) -> Encoded:
        return Encoded(self.encode_input(example.input), self.target_codec.encode(example.target))

    def vectors(self, inputs: Tensor | None, lengths: Tensor | None) -> Tensor:
        """What a sequence amounts to: (B, T) or (B, T, C) to (B, D*H)."""
        if inputs is None:
            raise DataError("many-to-one needs an input, got none")
        outputs, state = self.stack(self.inputs(inputs), lengths=lengths)
        if self.config.pooling == "last":
            return self.stack.summary(state)
        if lengths is None:
            lengths = torch.full((len(inputs),), inputs.shape[1], device=inputs.device)
        return pooled(outputs, lengths, self.config.pooling)

    def loss(
        self, batch: Batch, state: Any | None = None, *, label_smoothing: float = 0.0, teacher_forcing: float = 1.0
    ) -> Loss:
        del state, teacher_forcing
        vectors = self.vectors(batch.inputs, batch.input_lengths)
        return Loss(*self.output.error(vectors, batch.targets, None, label_smoothing=label_smoothing))

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        return self.output.summary(sums)

    def predict(self, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
        refuse_decoding(decoding, self.name)
        answers: list[Prediction] = []
        with self.answering():
            for values, lengths, _ in self.input_batches(inputs):
                answers += one_value(self.output, self.target_codec, self.vectors(values, lengths), top)
        return answers


def pooled(outputs: Tensor, lengths: Tensor, how: str) -> Tensor:
    """Mean or maximum ("max") of the real steps of (B, T, H): (B, H); zeros where there are none."""
    mask = (torch.arange(outputs.shape[1], device=outputs.device) < lengths[:, None])[:, :, None]
    if how == "mean":
        return (outputs * mask).sum(1) / mask.sum(1).clamp(min=1)
    return outputs.masked_fill(~mask, -torch.inf).amax(1).masked_fill(~mask.any(1), 0.0)
