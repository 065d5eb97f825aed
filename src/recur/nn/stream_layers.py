"""Layers of a stream: one layer of the stack with its state, in the core or in torch operations."""

from __future__ import annotations

import os
from dataclasses import replace

import torch
from torch import Tensor

from recur.engine import BackendReport, prepare, run
from recur.engine.native import instructions, why_not
from recur.engine.native.stream import NativeStack, NativeStream
from recur.errors import BackendError
from recur.nn.base import LayerBase


class NativeLayer:
    """One layer in the core.

    Attributes
    ----------
    stream : NativeStream
        Its recurrence.
    width : int
        O, the size of its output.
    """

    def __init__(self, stream: NativeStream, width: int) -> None:
        self.stream, self.width = stream, width
        self._alone = NativeStack([stream], residual=False)
        self.states = stream.states
        self.set_states = stream.set_states

    def step(self, x: Tensor, y: Tensor) -> None:
        """Run one step from x (B, X) to y (B, O), both contiguous."""
        self._alone.run(x.data_ptr(), y.data_ptr(), 1)


class EagerLayer:
    """One layer in torch operations, run over sequences of one step."""

    def __init__(self, layer: LayerBase, number: int, states: dict[str, Tensor]) -> None:
        self._layer, self._number, self._states = layer, number, states
        self.width = states[layer.equation.states[0]].shape[-1]
        self._parameters = {name: parameter.detach().clone() for name, parameter in layer.gather(number).items()}

    @torch.no_grad()
    def step(self, x: Tensor, y: Tensor) -> None:
        """Run one step from x (B, X) to y (B, O), both contiguous."""
        noise = self._layer.evaluation_noise()
        result = run(
            self._layer.equation, x.unsqueeze(0), self._states, self._parameters, noise=noise,
            backend="eager", precision=self._layer.precision,
        )  # fmt: skip
        self._states = result.states
        y.copy_(result.outputs[0])

    def states(self) -> dict[str, Tensor]:
        """Every state (B, S), copied."""
        return {name: value.clone() for name, value in self._states.items()}

    def set_states(self, states: dict[str, Tensor]) -> None:
        """Continue from these states."""
        self._states = {name: states[name].to(value.dtype).clone() for name, value in self._states.items()}


def streamed(
    layer: LayerBase, number: int, batch: int, weight: Tensor
) -> tuple[NativeLayer | EagerLayer, BackendReport]:
    """One layer of the stack with its initial state, and which backend runs it."""
    learned = layer.learned_states(number, 0, batch)
    level = layer.layout.levels[number]
    sizes = level.state_sizes
    states = {
        name: weight.new_zeros(batch, size) if learned is None else learned[name].detach().clone()
        for name, size in sizes.items()
    }
    call = prepare(
        layer.equation, weight.new_zeros(1, batch, level.input_size), states, layer.gather(number),
        precision=layer.precision, noise=layer.evaluation_noise(),
    )  # fmt: skip
    call = replace(call, frozen=layer.frozen_weights(number))
    engine = os.environ.get("RECUR_BACKEND") or layer.engine
    reason = why_not(call) if engine in {"auto", "native"} else f"{engine} was requested"
    if reason is None:
        try:
            opened = NativeLayer(NativeStream(call), sizes[layer.equation.states[0]])
            return opened, BackendReport("native", instructions=instructions(call))
        except BackendError as error:
            reason = error.message
    return EagerLayer(layer, number, states), BackendReport("eager", {"native": reason})
