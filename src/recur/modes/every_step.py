"""The base of the modes that read out every step: one stack of recurrent layers and one head."""

from __future__ import annotations

from torch import Tensor

from recur.heads.step_head import StepHead
from recur.modes.mode import Mode
from recur.modes.one_pass import OnePass
from recur.network.inputs import Inputs
from recur.network.stack import Stack, State


class EveryStep(Mode):
    """A mode with an answer for every step that it reads.

    Attributes
    ----------
    inputs : Inputs
        Items to vectors x_t.
    stack : Stack
        The recurrent layers.
    output : StepHead
        The readout of each h_t.
    """

    inputs: Inputs
    stack: Stack
    output: StepHead

    @property
    def head(self) -> StepHead:
        return self.output

    @property
    def one_pass(self) -> OnePass:
        def run(values: Tensor, state: State | None, lengths: Tensor | None) -> tuple[Tensor, State]:
            return self.run(values, state, lengths=lengths)

        return OnePass(self.inputs, None, self.stack, "", self.output, run)

    def run(
        self, inputs: Tensor, state: State | None = None, *, lengths: Tensor | None = None,
        resets: Tensor | None = None,
    ) -> tuple[Tensor, State]:  # fmt: skip
        """Return h (B, T, D*H) and the final state of inputs (B, T) or (B, T, C)."""
        vectors, state = self.stack(self.inputs.for_layer(inputs), state, lengths=lengths, resets=resets)
        return vectors, state

    def read(self, inputs: Tensor, lengths: Tensor | None = None) -> None:
        self.run(inputs, lengths=lengths)
