"""One to many: one value in (or none), a sequence out.

           y_1      y_2      y_3
            ^        ^        ^
          +---+    +---+    +---+
          | h |--->| h |--->| h |
          +---+    +---+    +---+
            ^       y_1      y_2
            x

    h_0 = tanh(W x + b),   h_t = cell(E y_{t-1}, h_{t-1}),   z_t = W_hy h_t + b_y

The input only sets the initial state, and of a picture, with ``attention``, is looked at place by place at every step
(Xu et al. 2015: Show, attend and tell); from there the network reads what it wrote, from the beginning symbol to the
end symbol. Without an input the initial state is learned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from recur.modes.abilities import Abilities, ReadOut
from recur.modes.mode import require_one_direction, require_sequences
from recur.modes.writing import WritingMode
from recur.network.decoder import Decoder, DecoderState
from recur.network.inputs import Inputs

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig


class OneToMany(WritingMode):
    """A class, numbers, a picture or nothing to a text, tags or series.

    Parameters
    ----------
    input_codec : Codec or None
        One value a row; None for nothing.
    target_codec : Codec
        A sequence.
    config : ModelConfig
        The network.
    """

    name = "one-to-many"

    def __init__(self, input_codec: Codec | None, target_codec: Codec, config: ModelConfig) -> None:
        super().__init__(input_codec, target_codec, config)
        require_one_direction(config, self.name)
        require_sequences(self.name, input_codec, target_codec, (False, True))
        self.inputs = None if input_codec is None else Inputs(input_codec, config)
        pictures = None if self.inputs is None or config.attention.form == "none" else self.inputs.pictures
        self.looks = pictures is not None
        self.decoder = Decoder(
            target_codec, config, summary_size=1 if self.inputs is None else self.inputs.size,
            memory_size=0 if pictures is None else pictures.channels,
        )  # fmt: skip
        self.symbols = self.decoder.symbols

    @property
    def abilities(self) -> Abilities:
        return Abilities("written", attends=self.decoder.attention is not None)

    @property
    def read_from(self) -> ReadOut:
        pictures = None if self.inputs is None else self.inputs.pictures
        return ReadOut("decoder", places=pictures.places if pictures is not None and self.looks else None)

    def encode_input(self, value: Any) -> np.ndarray | None:
        return None if self.input_codec is None else self.input_codec.encode(value)

    def start(self, inputs: Tensor | None, lengths: Tensor | None = None, rows: int = 1) -> DecoderState:
        """Return the decoder's state before the first step, for inputs (B,), (B, C) or (B, H, W, C).

        Without inputs it is that of ``rows`` rows.
        """
        del lengths
        if self.inputs is None or inputs is None:
            return self.decoder.start(next(self.parameters()).new_zeros(rows, 1))
        if self.looks:
            return self.decoder.start(*self.inputs.places(inputs))
        return self.decoder.start(self.inputs(inputs))
