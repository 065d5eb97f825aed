"""Many to many: a whole sequence is read, then another is generated (encoder and decoder).

                                 y_1      y_2
                                  ^        ^
          +---+    +---+        +---+    +---+
          | h |--->| h |------->| s |--->| s |
          +---+    +---+        +---+    +---+
            ^        ^                    y_1
           x_1      x_2

    h_t = cell(x_t, h_{t-1}),   s_0 = tanh(W h_T + b),   s_t = cell(E y_{t-1}, s_{t-1}),   z_t = W_hy s_t + b_y

By default the encoder reads in both directions. With attention the decoder looks at all h_t at every step. Targets may
be numbers: the decoder then reads its own outputs, a forecast of as many steps as requested.

Sources: Cho et al. 2014; Sutskever, Vinyals and Le 2014; Bahdanau, Cho and Bengio 2015; Luong et al. 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from recur.errors import DataError
from recur.modes.abilities import Abilities
from recur.modes.mode import require_input, require_sequences
from recur.modes.writing import WritingMode
from recur.network.decoder import Decoder, DecoderState
from recur.network.inputs import Inputs
from recur.network.stack import Stack

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig


class ManyToMany(WritingMode):
    """A text, tags or series to another.

    Parameters
    ----------
    input_codec, target_codec : Codec
        Sequences.
    config : ModelConfig
        The network, used for encoder and decoder alike; ``attention`` none, bahdanau or luong;
        ``bidirectional`` (of the encoder) is on unless it says otherwise.
    """

    name = "many-to-many"
    inputs: Inputs

    def __init__(self, input_codec: Codec | None, target_codec: Codec, config: ModelConfig) -> None:
        super().__init__(input_codec, target_codec, config)
        codec = require_input(input_codec, self.name)
        require_sequences(self.name, codec, target_codec, (True, True))
        self.inputs = Inputs(codec, config)
        self.encoder = Stack(config, self.inputs.size, bidirectional=config.bidirectional is not False)
        size = self.encoder.output_size
        memory = 0 if config.attention.form == "none" else size
        self.decoder = Decoder(target_codec, config, summary_size=size, memory_size=memory)
        self.symbols = self.decoder.symbols

    @property
    def abilities(self) -> Abilities:
        both, attends = self.encoder.directions == 2, self.decoder.attention is not None
        return Abilities("written", translates=True, attends=attends, may_read_both_ways=True, reads_both_ways=both)

    @property
    def encoder_layers(self) -> Stack:
        return self.encoder

    def encode_input(self, value: Any) -> np.ndarray:
        return require_input(self.input_codec, self.name).encode(value)

    def read(self, inputs: Tensor, lengths: Tensor | None = None) -> None:
        self.encoder(self.inputs(inputs), lengths=lengths)

    def start(self, inputs: Tensor | None, lengths: Tensor | None = None, rows: int = 1) -> DecoderState:
        """Read inputs (B, S) or (B, S, C); return the decoder's state before its first step."""
        del rows
        if inputs is None:
            raise DataError("many-to-many needs an input, got none")
        outputs, state = self.encoder(self.inputs.for_layer(inputs), lengths=lengths)
        return self.decoder.start(self.encoder.summary(state), outputs, lengths)
