"""Synced: one answer per step: a tag, numbers, or the next item of the sequence itself.

           y_1      y_2      y_3
            ^        ^        ^
          +---+    +---+    +---+
          | h |--->| h |--->| h |
          +---+    +---+    +---+
            ^        ^        ^
           x_1      x_2      x_3

    h_t = cell(x_t, h_{t-1}),   z_t = W_hy h_t + b_y

With a target of its own (tags, numbers) the sequence is read both ways by default. Without one, y_t = x_{t+1}: a
language model, or a series that predicts its next value, which never reads both ways and can
continue on its own outputs. Numbers may look further ahead, y_t = x_{t+k}.

    documents of a line       input  <bos> x_1 ... x_T      target  x_1 ... x_T <eos>
    one long stream, series   input  x_1 ... x_{T-1}        target  x_2 ... x_T
    series, k steps ahead     input  x_1 ... x_{T-k}        target  x_{1+k} ... x_T
    frames of notes           input  0 x_1 ... x_{T-1}      target  x_1 ... x_T
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
from torch import Tensor

from recur.codecs.codec import WHOLE
from recur.codecs.missing import is_empty
from recur.codecs.plain_text import shorten
from recur.decoding.refusals import refuse_decoding
from recur.decoding.vocabulary import Vocabulary
from recur.errors import ConfigError, DataError
from recur.heads.build import build_head
from recur.heads.prediction import Prediction
from recur.heads.step_head import StepHead
from recur.heads.symbols import SymbolHead
from recur.modes.mode import SAMPLE_CHARACTERS, Abilities, Loss, Mode, Sample, need_input, one_way, require_sequences
from recur.modes.one_pass import OnePass
from recur.network import stack as network
from recur.network.batch import Batch, Encoded, Raw, step_mask
from recur.network.inputs import Inputs
from recur.network.stack import Stack, State

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig
    from recur.decoding.options import Decoding

TEXT_LENGTH = 200  # of a continuation where nothing else is said


class Synced(Mode):
    """A sequence to one answer per step.

    Parameters
    ----------
    input_codec : Codec
        A sequence.
    target_codec : Codec or None
        A sequence of the same steps; None, or ``input_codec`` itself, for the next item.
    config : ModelConfig
        The network; ``bidirectional`` is on unless it says otherwise, and never for the next item.
    stream : bool
        Whether the items come as one long stream, in which documents begin without a beginning symbol.
    ahead : int
        k, how many steps after an item its answer stands; more than 1 for numbers that predict themselves only.

    Attributes
    ----------
    next_item : bool
        Whether the answers are the sequence itself, ``ahead`` steps later.

    Raises
    ------
    ConfigError
        When the codecs or the options do not fit.
    """

    name = "synced"
    inputs: Inputs

    def __init__(
        self, input_codec: Codec | None, target_codec: Codec | None, config: ModelConfig, *, stream: bool = False,
        ahead: int = 1,
    ) -> None:  # fmt: skip
        codec = need_input(input_codec if input_codec is not None else target_codec, self.name)
        super().__init__(codec, codec if target_codec is None else target_codec, config)
        self.next_item = input_codec is None or target_codec is None or input_codec is target_codec
        self.stream = stream
        self.ahead = _check_ahead(ahead, codec, self.next_item)
        self.carries_state = self.next_item
        require_sequences(self.name, codec, self.target_codec, (True, True))
        if self.next_item:
            one_way(config, "predicting the next item")
        both_ways = not self.next_item and config.bidirectional is not False
        self.symbols = Vocabulary(codec) if self.next_item and codec.discrete else None
        self.inputs = Inputs(
            codec, config, symbols=self.symbols.size if self.symbols else None,
            size=config.layer_sizes[-1] if config.readout.tie_weights else None,
        )  # fmt: skip
        self.stack = Stack(config, self.inputs.size, bidirectional=both_ways)
        self.output: StepHead
        if self.symbols is not None:
            self.output = SymbolHead(
                self.symbols.size, self.stack.output_size, config, codec=codec, embedding=self.inputs.embedding
            )
        else:
            self.output = build_head(self.target_codec, self.stack.output_size, config)
        self.figure, self.higher_is_better = self.output.figure, self.output.higher_is_better

    @property
    def abilities(self) -> Abilities:
        both = self.stack.directions == 2
        return Abilities(
            "next" if self.next_item else "steps",
            remembers=not both and not self.output.whole_rows, may_read_both_ways=not self.next_item,
            reads_both_ways=both,
        )  # fmt: skip

    @property
    def head(self) -> StepHead:
        return self.output

    @property
    def one_pass(self) -> OnePass:
        def run(values: Tensor, state: State | None, lengths: Tensor | None) -> tuple[Tensor, State]:
            return self.run(values, state, lengths=lengths)

        return OnePass(self.inputs, None, self.stack, "", self.output, run)

    def items_written(self, decoding: Decoding) -> int:
        if not self.next_item or decoding.one_item:
            return 0
        return TEXT_LENGTH if decoding.length is None else decoding.length

    def encode_input(self, value: Any) -> np.ndarray:
        codec = need_input(self.input_codec, self.name)
        # exactly one word a tag
        array = codec.encode(value if self.next_item else codec.pretokenized(value))
        if self.next_item and codec.events:
            # a silent frame comes before the first, so that it is predicted too
            return np.concatenate([np.zeros_like(array, shape=(1, codec.size)), array])
        return array if self.symbols is None or self.stream else self.symbols.with_beginning(array)

    def encode(self, example: Raw) -> Encoded:
        array = self.encode_input(example.input)
        if self.next_item:
            if self.symbols is not None and not self.stream:
                return Encoded(array, self.symbols.with_end(array[1:]))
            if self.target_codec.numeric:
                # what is filled in where it is read is no target
                return Encoded(array[: -self.ahead], self.target_codec.encode_target(example.input)[self.ahead :])
            return Encoded(array[: -self.ahead], array[self.ahead :])
        target = self.target_codec.encode_target(example.target)
        if len(array) != len(target):
            raise DataError(
                f"a row has {len(array)} input steps and {len(target)} target steps, expected as many of both",
                hint="--mode many-to-many pairs sequences of different lengths",
            )
        return Encoded(array, target)

    def run(
        self, inputs: Tensor, state: State | None = None, *, lengths: Tensor | None = None,
        resets: Tensor | None = None,
    ) -> tuple[Tensor, State]:  # fmt: skip
        """h (B, T, D*H) and the final state of inputs (B, T) or (B, T, C)."""
        vectors, state = self.stack(self.inputs(inputs), state, lengths=lengths, resets=resets)
        return vectors, state

    def read(self, inputs: Tensor, lengths: Tensor | None = None) -> None:
        self.run(inputs, lengths=lengths)

    def loss(
        self, batch: Batch, state: Any | None = None, *, label_smoothing: float = 0.0, teacher_forcing: float = 1.0
    ) -> Loss:
        del teacher_forcing
        if batch.inputs is None:
            raise DataError("synced needs an input, got none")
        # what follows a step cannot change it, so documents need no lengths: the loss leaves their padding out
        lengths = None if self.next_item and not self.stream else batch.input_lengths
        vectors, state = self.run(batch.inputs, state, lengths=lengths, resets=batch.resets)
        mask = step_mask(batch.target_lengths, batch.targets)
        mean, sums = self.output.error(vectors, batch.targets, mask, label_smoothing=label_smoothing)
        return Loss(mean, sums, state if self.carries_state else None)

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        return self.output.summary(sums)

    def step(self, ids: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Read items (B,); return log p (B, V) of the next, and the state after."""
        output = self.symbol_head()
        vectors, state = self.stack.step(self.inputs(ids[:, None])[:, 0], state)
        return output.log_probs(vectors), state

    def select(self, state: State | None, rows: Tensor) -> State | None:
        """The state of some rows, which may repeat; before the first step there is none."""
        return None if state is None else network.select(state, rows)

    def predict(self, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
        """Answer every step.

        Raises
        ------
        ConfigError
            For decoding options, and in a model of the next item, whose prompts `recur.continuation` continues.
        """
        del top  # each step has one answer
        self._refuse_next_item("predict(mode, prompts)")
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

    def generate(self, value: Any = "", **decoding: Any) -> Iterator[Any]:
        self._refuse_next_item("generate(mode, prompt)")
        return super().generate(value, **decoding)

    def samples(self, examples: Sequence[Raw], *, count: int = 3) -> list[Sample]:
        self._refuse_next_item("samples(mode, rows)")
        codec = need_input(self.input_codec, self.name)
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

    def symbol_head(self) -> StepHead:
        """The readout of a model whose next item can be chosen.

        Raises
        ------
        ConfigError
            When the model predicts numbers, or another sequence.
        """
        if self.symbols is None:
            raise ConfigError(
                f"this model answers with {self.target_codec.describe()}, it does not predict the next symbol",
                hint="train without a target to get a language model",
            )
        return self.output

    def _refuse_next_item(self, instead: str) -> None:
        """Refuse to answer a prompt here: what follows it depends on the kind of item.

        Raises
        ------
        ConfigError
        """
        if self.next_item:
            raise ConfigError("a model of the next item continues its prompt", hint=f"recur.continuation.{instead}")

    def _each_step(self, vectors: Tensor, counted: Tensor, raw: Sequence[Any]) -> list[Prediction]:
        """One answer a row from h (B, T, D*H)."""
        codec = self.target_codec
        answers = self.output.answers_in_row(vectors, counted, step_mask(counted, vectors), codec)
        if codec.discrete:
            for given, answer in zip(raw, answers, strict=True):
                answer.shown = self._shown(given, answer.value)
        return answers

    def _shown(self, value: Any, target: Any) -> str:
        """word/TAG word/TAG; without words the target alone."""
        codec = need_input(self.input_codec, self.name)
        words = codec.tokens(codec.pretokenized(value))
        if isinstance(target, (list, tuple)):
            target = ["?" if is_empty(one) else one for one in target]
        labels = None if words is None else self.target_codec.tokens(target)
        if words is None or labels is None:
            return self.target_codec.show(target, WHOLE)
        return " ".join(f"{word}/{label}" for word, label in zip(words, labels, strict=False))


def continues(mode: Mode) -> TypeGuard[Synced]:
    """Return whether a mode predicts the next item, so that it continues what it reads."""
    return mode.next_item and isinstance(mode, Synced)


def remembers(mode: Mode) -> TypeGuard[Synced]:
    """Return whether the state of a mode after an item is all that the next answer depends on."""
    return mode.abilities.remembers and isinstance(mode, Synced)


def _check_ahead(ahead: int, codec: Codec, next_item: bool) -> int:
    """Return how many steps ahead the answers are, refused where they can only be at one place."""
    if ahead < 1:
        raise ConfigError(f"ahead must be at least 1, got {ahead}", hint="ahead=1 predicts the next item")
    if ahead > 1 and not next_item:
        raise ConfigError(
            f"ahead={ahead} is for numbers that predict themselves, and these {codec.kind} have a target of their own",
            hint="leave out ahead, or the target",
        )
    if ahead > 1 and codec.discrete:
        raise ConfigError(
            f"ahead={ahead} is for numbers, and {codec.kind} are predicted one symbol at a time",
            hint="leave out ahead",
        )
    return ahead
