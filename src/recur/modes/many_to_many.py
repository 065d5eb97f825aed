"""Many to many: a whole sequence is read, then another is written (encoder and decoder).

                                 y_1      y_2
                                  ^        ^
          +---+    +---+        +---+    +---+
          | h |--->| h |------->| s |--->| s |
          +---+    +---+        +---+    +---+
            ^        ^                    y_1
           x_1      x_2

    h_t = cell(x_t, h_{t-1}),   s_0 = tanh(W h_T + b),   s_t = cell(E y_{t-1}, s_{t-1}),   z_t = W_hy s_t + b_y

By default the encoder reads both ways. With attention the decoder looks at all h_t at every step. Targets may be
numbers: the decoder then reads its own outputs, a forecast of as many steps as asked for.

Sources: Cho et al. 2014; Sutskever, Vinyals and Le 2014; Bahdanau, Cho and Bengio 2015; Luong et al. 2015.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from recur.errors import DataError
from recur.modes.decoder import Decoder, DecoderState, encode_target
from recur.modes.decoding import Decoding
from recur.modes.inputs import Inputs
from recur.modes.mode import Batch, Encoded, Loss, Mode, Prediction, Raw, need_input, require_sequences
from recur.modes.network import Stack

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig


class ManyToMany(Mode):
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

    def __init__(self, input_codec: Codec | None, target_codec: Codec, config: ModelConfig) -> None:
        super().__init__(input_codec, target_codec, config)
        codec = need_input(input_codec, self.name)
        require_sequences(self.name, codec, target_codec, (True, True))
        self.inputs = Inputs(codec, config)
        self.encoder = Stack(config, self.inputs.size, bidirectional=config.bidirectional is not False)
        size = self.encoder.output_size
        memory = 0 if config.attention == "none" else size
        self.decoder = Decoder(target_codec, config, summary_size=size, memory_size=memory)
        self.figure, self.higher_is_better = self.decoder.output.figure, self.decoder.output.higher_is_better

    def encode_input(self, value: Any) -> np.ndarray:
        return need_input(self.input_codec, self.name).encode(value)

    def encode(self, example: Raw) -> Encoded:
        target = encode_target(self.target_codec, self.decoder.symbols, example.target)
        return Encoded(self.encode_input(example.input), target)

    def start(self, inputs: Tensor | None, lengths: Tensor | None) -> DecoderState:
        """Read inputs (B, S) or (B, S, C); return the decoder's state before its first step."""
        if inputs is None:
            raise DataError("many-to-many needs an input, got none")
        outputs, state = self.encoder(self.inputs(inputs), lengths=lengths)
        return self.decoder.start(self.encoder.summary(state), outputs, lengths)

    def loss(
        self, batch: Batch, state: Any | None = None, *, label_smoothing: float = 0.0, teacher_forcing: float = 1.0
    ) -> Loss:
        del state
        start = self.start(batch.inputs, batch.input_lengths)
        return Loss(
            *self.decoder.loss(
                batch.targets,
                batch.target_lengths,
                start,
                label_smoothing=label_smoothing,
                teacher_forcing=teacher_forcing,
            )
        )

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        return self.decoder.output.summary(sums)

    def predict(self, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
        """Write a sequence for each input; ``decoding``: the fields of `Decoding`. With attention, every answer
        carries its alignment (target steps, input steps)."""
        options = Decoding.of(decoding, top=top)
        choose = options.chooser()
        answers: list[Prediction] = []
        with self.answering():
            for values, lengths, rows in self.input_batches(inputs):
                answers += self.decoder.write(self.start(values, lengths), rows, options, top, choose)
        return answers

    def generate(self, value: Any = None, **decoding: Any) -> Iterator[Any]:
        """Write the answer to one input item by item; ``decoding``: the fields of `Decoding`, without a beam."""
        options = Decoding.of(decoding)
        with self.answering():
            inputs, lengths, _ = next(self.input_batches([value]))
            state = self.start(inputs, lengths)
        yield from self.decoder.generate(state, options, self.answering)
