"""Many to one: a sequence in, one value out, after the whole sequence is read.

                              y
                              ^
          +---+    +---+    +---+
          | h |--->| h |--->| h |
          +---+    +---+    +---+
            ^        ^        ^
           x_1      x_2      x_3

    h_t = cell(x_t, h_{t-1}),   z = W_hy h_T + b_y

By default the sequence is read in both directions, and what is read out is the forward state after the last real step
beside the backward state after the first one. ``pooling`` takes the mean or the maximum of all outputs instead.
An empty sequence is answered from the initial state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recur.errors import DataError
from recur.heads.build import build_head
from recur.modes.abilities import Abilities, ReadOut
from recur.modes.mode import require_input, require_sequences
from recur.modes.one_answer import OneAnswer
from recur.modes.one_pass import OnePass
from recur.network.inputs import Inputs
from recur.network.stack import Stack

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
        codec = require_input(input_codec, self.name)
        require_sequences(self.name, codec, target_codec, (True, False))
        self.inputs = Inputs(codec, config)
        self.stack = Stack(config, self.inputs.size, bidirectional=config.bidirectional is not False)
        self.output = build_head(target_codec, self.stack.output_size, config)

    @property
    def abilities(self) -> Abilities:
        both = self.stack.directions == 2
        return Abilities("input", may_read_both_ways=True, reads_both_ways=both)

    @property
    def read_from(self) -> ReadOut:
        return ReadOut(pooling=self.config.pooling)

    def read(self, inputs: Tensor, lengths: Tensor | None = None) -> None:
        self.vectors(inputs, lengths)

    @property
    def one_pass(self) -> OnePass:
        return OnePass(self.inputs, None, self.stack, self.config.pooling, self.output, self.run)

    def vectors(self, inputs: Tensor | None, lengths: Tensor | None = None) -> Tensor:
        """Return the summary vector of a sequence: (B, T) or (B, T, C) to (B, D*H)."""
        if inputs is None:
            raise DataError("many-to-one needs an input, got none")
        outputs, state = self.stack(self.inputs.for_layer(inputs), lengths=lengths)
        if self.config.pooling == "last":
            return self.stack.summary(state)
        if lengths is None:
            lengths = torch.full((len(inputs),), inputs.shape[1], device=inputs.device)
        return pooled(outputs, lengths, self.config.pooling)

    def contributions(self, inputs: Tensor | None, lengths: Tensor | None = None) -> Tensor:
        """Return the contribution of each step to `vectors`, (B, T, D*H), of inputs (B, T) or (B, T, C).

        The sum over the steps is the vector.

        The last forward state is the last step's and the last backward state the first one's; to a mean every step
        contributes a share, and to a maximum each unit contributes at the step where it is highest.
        """
        if inputs is None:
            raise DataError("many-to-one needs an input, got none")
        outputs, state = self.stack(self.inputs(inputs), lengths=lengths)
        counted = torch.full((len(inputs),), inputs.shape[1]) if lengths is None else lengths
        counted = counted.to(outputs.device)
        mask = (torch.arange(outputs.shape[1], device=outputs.device) < counted[:, None])[:, :, None]
        if self.config.pooling == "mean":
            mean: Tensor = outputs * mask / mask.sum(1, keepdim=True).clamp(min=1)
            return mean
        places = torch.arange(outputs.shape[1], device=outputs.device)[None, :, None]
        if self.config.pooling == "max":
            highest = outputs.masked_fill(~mask, -torch.inf).argmax(1, keepdim=True)
            maximum: Tensor = outputs * (mask & (places == highest))
            return maximum
        vector = self.stack.summary(state)
        forward = vector.shape[1] // self.stack.directions
        # an empty row is answered from the initial state, which is assigned to the first step
        last = torch.zeros(len(inputs), 1, vector.shape[1], dtype=torch.long, device=outputs.device)
        last[:, :, :forward] = (counted - 1).clamp(min=0)[:, None, None]
        return vector[:, None] * (places == last)


def pooled(outputs: Tensor, lengths: Tensor, how: str) -> Tensor:
    """Return the mean or the maximum ("max") of the real steps of (B, T, H): (B, H); zeros where there are none."""
    mask = (torch.arange(outputs.shape[1], device=outputs.device) < lengths[:, None])[:, :, None]
    if how == "mean":
        return (outputs * mask).sum(1) / mask.sum(1).clamp(min=1)
    return outputs.masked_fill(~mask, -torch.inf).amax(1).masked_fill(~mask.any(1), 0.0)
