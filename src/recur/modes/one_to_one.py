"""One to one: one value in, one value out, no time.

            y
            ^
          +---+
          | h |
          +---+
            ^
            x

    h_0 = x,   h_l = relu(W_l h_{l-1} + b_l),   z = W_hy h_L + b_y

The feed-forward network that the other four modes add time to: ``hidden_size`` and ``num_layers`` are its hidden
layers; the options of the recurrence have no effect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, nn

from recur.errors import DataError
from recur.modes.answers import one_value, refuse_decoding
from recur.modes.inputs import Drop, Inputs, layer_sizes
from recur.modes.mode import Batch, Encoded, Loss, Mode, Prediction, Raw, need_input, require_sequences
from recur.modes.outputs import build_output

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig


class OneToOne(Mode):
    """Numbers, a class or a picture to a class or numbers.

    Parameters
    ----------
    input_codec, target_codec : Codec
        One value a row each.
    config : ModelConfig
        ``hidden_size``, ``num_layers``, ``embedding_size`` and the forms of dropout.
    """

    name = "one-to-one"

    def __init__(self, input_codec: Codec | None, target_codec: Codec, config: ModelConfig) -> None:
        super().__init__(input_codec, target_codec, config)
        codec = need_input(input_codec, self.name)
        require_sequences(self.name, codec, target_codec, (False, False))
        self.inputs = Inputs(codec, config)
        layers: list[nn.Module] = []
        size = self.inputs.size
        for hidden in layer_sizes(config):
            layers += [nn.Linear(size, hidden), nn.ReLU(), Drop(config)]
            size = hidden
        # the dropout after the last layer is the readout's own
        self.hidden = nn.Sequential(*layers[:-1])
        self.output = build_output(target_codec, size, config)
        self.figure, self.higher_is_better = self.output.figure, self.output.higher_is_better

    def encode_input(self, value: Any) -> np.ndarray:
        return need_input(self.input_codec, self.name).encode(value)

    def encode(self, example: Raw) -> Encoded:
        return Encoded(self.encode_input(example.input), self.target_codec.encode(example.target))

    def vectors(self, inputs: Tensor | None) -> Tensor:
        """h_L (B, H) of inputs (B,), (B, C) or (B, H, W, C)."""
        if inputs is None:
            raise DataError("one-to-one needs an input, got none")
        hidden: Tensor = self.hidden(self.inputs(inputs))
        return hidden

    def loss(
        self, batch: Batch, state: Any | None = None, *, label_smoothing: float = 0.0, teacher_forcing: float = 1.0
    ) -> Loss:
        del state, teacher_forcing
        return Loss(
            *self.output.error(self.vectors(batch.inputs), batch.targets, None, label_smoothing=label_smoothing)
        )

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        return self.output.summary(sums)

    def predict(self, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
        refuse_decoding(decoding, self.name)
        answers: list[Prediction] = []
        with self.answering():
            for values, _, _ in self.input_batches(inputs):
                answers += one_value(self.output, self.target_codec, self.vectors(values), top)
        return answers
