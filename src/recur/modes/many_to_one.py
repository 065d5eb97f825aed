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

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recur.errors import DataError
from recur.modes.inputs import Inputs
from recur.modes.mode import need_input, require_sequences
from recur.modes.network import Stack
from recur.modes.one_answer import OneAnswer
from recur.modes.outputs import build_output

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig


class ManyToOne(OneAnswer):
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

    def vectors(self, inputs: Tensor | None, lengths: Tensor | None = None) -> Tensor:
        """What a sequence amounts to: (B, T) or (B, T, C) to (B, D*H)."""
        if inputs is None:
            raise DataError("many-to-one needs an input, got none")
        outputs, state = self.stack(self.inputs(inputs), lengths=lengths)
        if self.config.pooling == "last":
            return self.stack.summary(state)
        if lengths is None:
            lengths = torch.full((len(inputs),), inputs.shape[1], device=inputs.device)
        return pooled(outputs, lengths, self.config.pooling)


def pooled(outputs: Tensor, lengths: Tensor, how: str) -> Tensor:
    """Mean or maximum ("max") of the real steps of (B, T, H): (B, H); zeros where there are none."""
    mask = (torch.arange(outputs.shape[1], device=outputs.device) < lengths[:, None])[:, :, None]
    if how == "mean":
        return (outputs * mask).sum(1) / mask.sum(1).clamp(min=1)
    return outputs.masked_fill(~mask, -torch.inf).amax(1).masked_fill(~mask.any(1), 0.0)
