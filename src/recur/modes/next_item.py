"""Synced without a target of its own: at every step, the next item of the sequence itself.

           x_2      x_3      x_4
            ^        ^        ^
          +---+    +---+    +---+
          | h |--->| h |--->| h |
          +---+    +---+    +---+
            ^        ^        ^
           x_1      x_2      x_3

    h_t = cell(x_t, h_{t-1}),   z_t = W_hy h_t + b_y,   y_t = x_{t+1}

A language model, or a series that predicts its next value: it never reads in both directions and can continue on its
own outputs. Numbers may look further ahead, y_t = x_{t+k}.

    documents of a line       input  <bos> x_1 ... x_T      target  x_1 ... x_T <eos>
    one long stream, series   input  x_1 ... x_{T-1}        target  x_2 ... x_T
    series, k steps ahead     input  x_1 ... x_{T-k}        target  x_{1+k} ... x_T
    frames of notes           input  0 x_1 ... x_{T-1}      target  x_1 ... x_T
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from torch import Tensor

from recur.decoding.vocabulary import Vocabulary
from recur.errors import ConfigError, DataError
from recur.heads.build import build_head
from recur.heads.prediction import Prediction
from recur.heads.step_head import StepHead
from recur.heads.symbols import SymbolHead
from recur.modes.abilities import Abilities
from recur.modes.every_step import EveryStep
from recur.modes.item_model import TEXT_LENGTH, ItemModel
from recur.modes.mode import Loss, Sample, require_one_direction, require_sequences
from recur.network import stack as network
from recur.network.batch import Batch, Encoded, Raw, step_mask
from recur.network.inputs import Inputs
from recur.network.stack import Stack, State

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.config import ModelConfig
    from recur.decoding.options import Decoding


class NextItem(EveryStep):
    """A sequence to its own items, one step later, or numbers k steps later.

    Parameters
    ----------
    codec : Codec
        A sequence: both what is read and what is predicted.
    config : ModelConfig
        The network; it never reads in both directions.
    stream : bool
        Whether the items come as one long stream, in which documents begin without a beginning symbol.
    ahead : int
        k, how many steps after an item its answer is; more than 1 for numbers only.

    Raises
    ------
    ConfigError
        When the codec or the options do not fit.
    """

    # the name that configurations and run folders have: a task of synced without a target
    name = "synced"
    ahead: int

    def __init__(self, codec: Codec, config: ModelConfig, *, stream: bool = False, ahead: int = 1) -> None:
        super().__init__(codec, codec, config)
        self.stream = stream
        self.ahead = _check_ahead(ahead, codec)
        require_sequences(self.name, codec, codec, (True, True))
        require_one_direction(config, "predicting the next item")
        self.symbols = Vocabulary(codec) if codec.discrete else None
        self.inputs = Inputs(
            codec, config, symbols=self.symbols.size if self.symbols else None,
            size=config.layer_sizes[-1] if config.readout.tie_weights else None,
        )  # fmt: skip
        self.stack = Stack(config, self.inputs.size)
        self.output: StepHead
        if self.symbols is not None:
            self.output = SymbolHead(
                self.symbols.size, self.stack.output_size, config, codec=codec, embedding=self.inputs.embedding
            )
        else:
            self.output = build_head(codec, self.stack.output_size, config, each_step=True)

    @property
    def abilities(self) -> Abilities:
        return Abilities(
            "next", remembers=not self.output.whole_rows, carries_state=True, ahead=self.ahead,
            next_values=self.output.answers_with == "numbers",
        )  # fmt: skip

    @property
    def item_model(self) -> ItemModel:
        return self

    def items_written(self, decoding: Decoding) -> int:
        if decoding.one_item:
            return 0
        return TEXT_LENGTH if decoding.length is None else decoding.length

    def encode_input(self, value: Any) -> np.ndarray:
        codec = self.target_codec
        array = codec.encode(value)
        if codec.events:
            # a silent frame comes before the first, so that it is predicted too
            return np.concatenate([np.zeros_like(array, shape=(1, codec.size)), array])
        return array if self.symbols is None or self.stream else self.symbols.with_beginning(array)

    def encode(self, example: Raw) -> Encoded:
        array = self.encode_input(example.input)
        if self.symbols is not None and not self.stream:
            return Encoded(array, self.symbols.with_end(array[1:]))
        if self.target_codec.numeric:
            # a value that was filled in for reading is not a target
            return Encoded(array[: -self.ahead], self.target_codec.encode_target(example.input)[self.ahead :])
        return Encoded(array[: -self.ahead], array[self.ahead :])

    def loss(
        self, batch: Batch, state: Any | None = None, *, label_smoothing: float = 0.0, teacher_forcing: float = 1.0
    ) -> Loss:
        del teacher_forcing
        if batch.inputs is None:
            raise DataError("synced needs an input, got none")
        # what follows a step cannot change it, so documents need no lengths: the loss leaves their padding out
        lengths = batch.input_lengths if self.stream else None
        vectors, state = self.run(batch.inputs, state, lengths=lengths, resets=batch.resets)
        mask = step_mask(batch.target_lengths, batch.targets)
        mean, sums = self.output.error(vectors, batch.targets, mask, label_smoothing=label_smoothing)
        return Loss(mean, sums, state)

    def step(self, ids: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Read items (B,); return log p (B, V) of the next, and the state after."""
        output = self.symbol_head()
        vectors, state = self.stack.step(self.inputs(ids[:, None])[:, 0], state)
        return output.log_probs(vectors), state

    def select(self, state: State | None, rows: Tensor) -> State | None:
        """Return the state of some rows, which may repeat; None before the first step."""
        return None if state is None else network.select(state, rows)

    def symbol_head(self) -> StepHead:
        """Return the readout of a model whose next item can be chosen.

        Raises
        ------
        ConfigError
            When the model predicts numbers or frames.
        """
        if self.symbols is None:
            raise ConfigError(
                f"this model answers with {self.target_codec.describe()}, it does not predict the next symbol",
                hint="train without a target to get a language model",
            )
        return self.output

    def predict(self, inputs: Sequence[Any], *, top: int = 1, **decoding: Any) -> list[Prediction]:
        del inputs, top, decoding
        _refuse_here("predict(mode, prompts)")

    def generate(self, value: Any = "", **decoding: Any) -> Iterator[Any]:
        del value, decoding
        _refuse_here("generate(mode, prompt)")

    def samples(self, examples: Sequence[Raw], *, count: int = 3) -> list[Sample]:
        del examples, count
        _refuse_here("samples(mode, rows)")


def _refuse_here(instead: str) -> NoReturn:
    """Refuse to answer a prompt here: what follows it depends on the kind of item.

    Raises
    ------
    ConfigError
    """
    raise ConfigError("a model of the next item continues its prompt", hint=f"recur.continuation.{instead}")


def _check_ahead(ahead: int, codec: Codec) -> int:
    """Return how many steps ahead the answers are, refused where they have one place only."""
    if ahead < 1:
        raise ConfigError(f"ahead must be at least 1, got {ahead}", hint="ahead=1 predicts the next item")
    if ahead > 1 and codec.discrete:
        raise ConfigError(
            f"ahead={ahead} is for numbers, and {codec.kind} are predicted one symbol at a time",
            hint="leave out ahead",
        )
    return ahead
