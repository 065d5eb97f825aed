"""One to one: one value in, one value out, no time steps.

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

from typing import TYPE_CHECKING

from torch import Tensor, nn

from recur.errors import DataError
from recur.heads.build import build_head
from recur.modes.abilities import Abilities
from recur.modes.mode import require_input, require_sequences
from recur.modes.one_answer import OneAnswer
from recur.modes.one_pass import OnePass
from recur.network.inputs import Inputs
from recur.nn.dropout import Drop

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig


class OneToOne(OneAnswer):
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
        codec = require_input(input_codec, self.name)
        require_sequences(self.name, codec, target_codec, (False, False))
        self.inputs = Inputs(codec, config)
        layers: list[nn.Module] = []
        size = self.inputs.size
        for hidden in config.layer_sizes:
            layers += [nn.Linear(size, hidden), nn.ReLU(), Drop(config.dropout.rate, config.dropout.variational)]
            size = hidden
        # the dropout after the last layer is the readout's own
        self.hidden = nn.Sequential(*layers[:-1])
        self.output = build_head(target_codec, size, config)

    @property
    def abilities(self) -> Abilities:
        return Abilities("input")

    @property
    def cell(self) -> str:
        return ""

    @property
    def one_pass(self) -> OnePass:
        return OnePass(self.inputs, self.hidden, None, "", self.output, self.run)

    def vectors(self, inputs: Tensor | None, lengths: Tensor | None = None) -> Tensor:
        """Return h_L (B, H) of inputs (B,), (B, C) or (B, H, W, C), which have no lengths."""
        del lengths
        if inputs is None:
            raise DataError("one-to-one needs an input, got none")
        hidden: Tensor = self.hidden(self.inputs(inputs))
        return hidden
