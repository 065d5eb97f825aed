"""Synced: a target of its own at every step, a tag or numbers.

           y_1      y_2      y_3
            ^        ^        ^
          +---+    +---+    +---+
          | h |--->| h |--->| h |
          +---+    +---+    +---+
            ^        ^        ^
           x_1      x_2      x_3

    h_t = cell(x_t, h_{t-1}),   z_t = W_hy h_t + b_y

By default the sequence is read in both directions. Without a target of its own the answers are the sequence itself, one
step later: `recur.modes.next_item`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from recur.codecs.codec import WHOLE
from recur.codecs.missing import is_empty
from recur.codecs.plain_text import shorten
from recur.decoding.refusals import refuse_decoding
from recur.errors import DataError
from recur.heads.build import build_head
from recur.heads.prediction import Prediction
from recur.modes.abilities import Abilities
from recur.modes.every_step import EveryStep
from recur.modes.mode import SAMPLE_CHARACTERS, Loss, Sample, require_input, require_sequences
from recur.network.batch import Batch, Encoded, Raw, step_mask
from recur.network.inputs import Inputs
from recur.network.stack import Stack

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig


class Synced(EveryStep):
    """A sequence to one answer per step.

    Parameters
    ----------
    input_codec : Codec
        A sequence.
    target_codec : Codec
        A sequence of the same steps.
    config : ModelConfig
        The network; ``bidirectional`` is on unless it says otherwise.

    Raises
    ------
    ConfigError
        When the codecs or the options do not fit.
    """

    name = "synced"

    def __init__(self, input_codec: Codec | None, target_codec: Codec, config: ModelConfig) -> None:
        codec = require_input(input_codec, self.name)
        super().__init__(codec, target_codec, config)
        require_sequences(self.name, codec, target_codec, (True, True))
        self.inputs = Inputs(codec, config)
        self.stack = Stack(config, self.inputs.size, bidirectional=config.bidirectional is not False)
        self.output = build_head(target_codec, self.stack.output_size, config, each_step=True)

    @property
    def abilities(self) -> Abilities:
        both = self.stack.directions == 2
        return Abilities(
            "steps", remembers=not both and not self.output.whole_rows, may_read_both_ways=True, reads_both_ways=both
        )

    def encode_input(self, value: Any) -> np.ndarray:
        codec = require_input(self.input_codec, self.name)
        # one word per tag
        return codec.encode(codec.pretokenized(value))

    def encode(self, example: Raw) -> Encoded:
        array = self.encode_input(example.input)
        target = self.target_codec.encode_target(example.target)
        if len(array) != len(target):
            raise DataError(
                f"a row has {len(array)} input steps and {len(target)} target steps, expected as many of both",
                hint="--mode many-to-many pairs sequences of different lengths",
            )
        return Encoded(array, target)

    def loss(
        self, batch: Batch, state: Any | None = None, *, label_smoothing: float = 0.0, teacher_forcing: float = 1.0
    ) -> Loss:
        del teacher_forcing
        if batch.inputs is None:
            raise DataError("synced needs an input, got none")
        vectors, _ = self.run(batch.inputs, state, lengths=batch.input_lengths, resets=batch.resets)
        mask = step_mask(batch.target_lengths, batch.targets)
        return Loss(*self.output.error(vectors, batch.targets, mask, label_smoothing=label_smoothing))

    def predict(self, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
        """Answer every step.

        Raises
        ------
        ConfigError
            For decoding options.
        """
        del top  # each step has one answer
        refuse_decoding(decoding, self.name)
        answers: list[Prediction] = []
        with self.answering():
            for values, lengths, rows in self.input_batches(inputs):
                if values is None or lengths is None:
                    raise DataError("synced needs sequences, got values without steps")
                vectors, _ = self.run(values, lengths=lengths)
                raw = inputs[len(answers) : len(answers) + rows]
                answers += self._each_step(vectors, lengths, raw)
        return answers

    def samples(self, examples: Sequence[Raw], *, count: int = 3) -> list[Sample]:
        codec = require_input(self.input_codec, self.name)
        rows = [examples[index] for index in range(min(count, len(examples)))]
        answers = self.predict([row.input for row in rows])
        return [
            Sample(
                codec.show(row.input),
                shorten(self._shown(row.input, row.target), SAMPLE_CHARACTERS),
                shorten(answer.shown, SAMPLE_CHARACTERS),
            )
            for row, answer in zip(rows, answers, strict=True)
        ]

    def _each_step(self, vectors: Tensor, counted: Tensor, raw: Sequence[Any]) -> list[Prediction]:
        """Return one answer per row from h (B, T, D*H)."""
        codec = self.target_codec
        answers = self.output.answers_in_row(vectors, counted, step_mask(counted, vectors), codec)
        if codec.discrete:
            for given, answer in zip(raw, answers, strict=True):
                answer.shown = self._shown(given, answer.value)
        return answers

    def _shown(self, value: Any, target: Any) -> str:
        """Return a row as word/TAG word/TAG; without words the target alone."""
        codec = require_input(self.input_codec, self.name)
        words = codec.tokens(codec.pretokenized(value))
        if isinstance(target, (list, tuple)):
            target = ["?" if is_empty(one) else one for one in target]
        labels = None if words is None else self.target_codec.tokens(target)
        if words is None or labels is None:
            return self.target_codec.show(target, WHOLE)
        return " ".join(f"{word}/{label}" for word, label in zip(words, labels, strict=False))
