"""Both directions of a layer: they write into one output, and add their gradients of the input, without copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from recur.engine import observers
from recur.engine.backend_interface import Call
from recur.engine.native import passes
from recur.engine.native.backend import gradients_of
from recur.engine.native.compiled_cell import CompiledCell
from recur.engine.native.core_memory import tape_address

_Tensors = Sequence[Tensor | None]


def forward(
    cell: CompiledCell, calls: Sequence[Call], tensors: _Tensors, training: bool
) -> tuple[list[Tensor], list[Tensor | None]]:
    """Run the forward pass of both directions.

    Parameters
    ----------
    cell : CompiledCell
        The step, of both.
    calls : sequence of Call
        One for each direction, without tensors.
    tensors : sequence of Tensor or None
        x (T, B, X); then for each direction initial states, matrices and vectors.
    training : bool
        Whether tapes are written.

    Returns
    -------
    list of Tensor
        y (T, B, 2 S), the outputs of the directions beside each other; then each state (2, B, S) after the last step.
    list of Tensor or None
        The tape of each direction.
    """
    x = tensors[0]
    if x is None:
        raise TypeError("a recurrence has an input")
    widths = cell.measured(calls[0].sizes).widths
    y = passes.series_room(cell, calls[0], x, len(calls) * widths[0])
    finals = [x.new_empty(len(calls), y.shape[1], width) for width in widths]
    tapes = []
    for place, (call, own) in enumerate(zip(calls, _each(tensors, len(calls)), strict=True)):
        part = y.narrow(-1, place * widths[0], widths[0])
        _, tape = passes.forward(cell, call, own, training, [part], [final[place] for final in finals])
        tapes.append(tape)
    return [y, *finals], tapes


class Directions(torch.autograd.Function):
    """Both directions as one autograd function."""

    @staticmethod
    def forward(ctx: Any, cell: CompiledCell, calls: Sequence[Call], *tensors: Tensor) -> tuple[Tensor, ...]:
        outputs, tapes = forward(cell, calls, tensors, training=True)
        ctx.cell, ctx.calls = cell, calls
        ctx.observer = observers.gradient_observer()
        ctx.addresses = [0 if tape is None else tape_address(tape) for tape in tapes]
        ctx.save_for_backward(*tapes, *tensors)
        ctx.set_materialize_grads(False)
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        cell, calls, count = ctx.cell, ctx.calls, len(ctx.calls)
        tapes, tensors = ctx.saved_tensors[:count], ctx.saved_tensors[count:]
        if all(g is None for g in gradients):
            return (None, None, *(None for _ in tensors))
        width = cell.measured(calls[0].sizes).widths[0]
        d_x: Tensor | None = None
        found: list[Tensor | None] = []
        needs = ctx.needs_input_grad[2:]
        for place, (own, needed) in enumerate(zip(_each(tensors, count), _each(needs, count), strict=True)):
            y, *finals = gradients
            seeds = [
                None if y is None else y.narrow(-1, place * width, width),
                *(None if final is None else final[place] for final in finals),
            ]
            one, *rest = gradients_of(
                cell, calls[place], own, tapes[place], ctx.addresses[place], ctx.observer, seeds, needed, d_x
            )  # fmt: skip
            d_x = one if d_x is None or one is None or one is d_x else d_x + one
            found += rest
        return (None, None, d_x, *found)


def _each(items: Sequence[Any], count: int) -> list[list[Any]]:
    """What belongs to each direction: the first item, of x, and its share of the others."""
    share = (len(items) - 1) // count
    return [[items[0], *items[1 + place * share : 1 + (place + 1) * share]] for place in range(count)]
