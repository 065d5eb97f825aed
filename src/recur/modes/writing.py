"""The base of the modes that generate a sequence: an initial state, and a decoder that continues from it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, TypeGuard

from torch import Tensor

from recur.decoding.options import Decoding
from recur.heads.prediction import Prediction
from recur.heads.step_head import StepHead
from recur.modes.abilities import ReadOut
from recur.modes.mode import Loss, Mode
from recur.network.batch import Batch, Encoded, Raw
from recur.network.decoder import Decoder, DecoderState, encode_target
from recur.network.stack import Stack


class WritingMode(Mode):
    """A mode whose target is a sequence that is generated item by item.

    Attributes
    ----------
    decoder : Decoder
        What writes.
    looks : bool
        Whether it attends to the places of a picture.
    """

    decoder: Decoder
    looks = False

    @property
    def encoder_layers(self) -> Stack | None:
        """The recurrent layers that read the input; None where it is one value, or nothing."""
        return None

    @property
    def read_from(self) -> ReadOut:
        return ReadOut("decoder")

    @property
    def head(self) -> StepHead:
        return self.decoder.output

    def items_written(self, decoding: Decoding) -> int:
        return self.decoder.length(decoding)

    @abstractmethod
    def start(self, inputs: Tensor | None, lengths: Tensor | None = None, rows: int = 1) -> DecoderState:
        """Return the decoder's state before its first step, for ``rows`` inputs."""

    def encode(self, example: Raw) -> Encoded:
        target = encode_target(self.target_codec, self.decoder.symbols, example.target)
        return Encoded(self.encode_input(example.input), target)

    def loss(
        self, batch: Batch, state: Any | None = None, *, label_smoothing: float = 0.0, teacher_forcing: float = 1.0
    ) -> Loss:
        del state
        start = self.start(batch.inputs, batch.input_lengths, len(batch))
        return Loss(
            *self.decoder.loss(
                batch.targets,
                batch.target_lengths,
                start,
                label_smoothing=label_smoothing,
                teacher_forcing=teacher_forcing,
            )
        )

    def predict(self, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
        """Write a sequence for each input; ``decoding``: the fields of `Decoding`. With attention, every answer
        carries its alignment (target steps, input steps; of a picture its places, row by row)."""
        options = Decoding.of(decoding, top=top)
        options.check_answers(top)
        choose = options.chooser()
        answers: list[Prediction] = []
        with self.answering():
            for values, lengths, rows in self.input_batches(inputs):
                answers += self.decoder.write(self.start(values, lengths, rows), rows, options, top, choose)
        return answers

    def generate(self, value: Any = None, **decoding: Any) -> Iterator[Any]:
        """Write the answer to one input item by item; ``decoding``: the fields of `Decoding`, without a beam."""
        options = Decoding.of(decoding)
        with self.answering():
            state = self.start(*next(self.input_batches([value])))
        yield from self.decoder.generate(state, options, self.answering)


def writes(mode: Mode) -> TypeGuard[WritingMode]:
    """Return whether a network generates a sequence from another input."""
    return isinstance(mode, WritingMode)
