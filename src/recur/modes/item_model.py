"""``ItemModel``: what a continuation needs of a network that predicts the next item."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from torch import Tensor

from recur.decoding.stepping import Stepper
from recur.decoding.vocabulary import Vocabulary
from recur.heads.step_head import StepHead
from recur.network.inputs import Inputs
from recur.network.stack import Stack, State

if TYPE_CHECKING:
    from recur.codecs import Codec

TEXT_LENGTH = 200  # default length of a continuation, in symbols


class ItemModel(Stepper, Protocol):
    """A network that reads items and predicts those that follow.

    Attributes
    ----------
    input_codec, target_codec : Codec
        Of the items: both are the same kind of value.
    symbols : Vocabulary or None
        The ids of the items; None where the items are numbers or frames.
    stream : bool
        Whether the items come as one long stream, in which documents begin without a beginning symbol.
    ahead : int
        k, how many steps after an item its answer is.
    """

    symbols: Vocabulary | None
    stream: bool
    ahead: int
    inputs: Inputs
    stack: Stack
    output: StepHead
    target_codec: Codec

    @property
    def input_codec(self) -> Codec | None:
        """The codec of what is read."""

    @property
    def device(self) -> torch.device:
        """Where the parameters are."""

    def encode_input(self, value: Any) -> np.ndarray:
        """Turn a prompt into the items that the network reads."""

    def run(
        self, inputs: Tensor, state: State | None = None, *, lengths: Tensor | None = None,
        resets: Tensor | None = None,
    ) -> tuple[Tensor, State]:  # fmt: skip
        """Return h (B, T, H) and the final state of items (B, T) or (B, T, C)."""

    def symbol_head(self) -> StepHead:
        """Return the readout of symbols; raise a ConfigError where the next item is not a symbol."""

    def answering(self) -> AbstractContextManager[None]:
        """Switch to evaluation mode without gradients, and restore training mode afterwards."""
