"""Gradient checkpointing over time: segments of the sequence are recomputed in the backward pass.

The forward pass stores only the states at the boundaries of segments. The backward pass goes through the segments from
the last to the first: it runs each forward again, now with a tape, and then backward, and passes dE/dstate to the
segment before it. With segments of sqrt(T) steps both kinds of memory grow as sqrt(T). Source: A. Griewank (1992),
Achieving logarithmic growth of temporal and spatial complexity in reverse automatic differentiation; T. Chen et al.
(2016), Training deep nets with sublinear memory cost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from recur.compiler.program import program
from recur.engine import torch_state
from recur.engine.backend_interface import Call
from recur.engine.native import passes
from recur.engine.native.compiled_cell import CompiledCell
from recur.engine.native.double_backward import differentiable_again
from recur.engine.native.torch_backward import UNREADABLE, differentiable, readable
from recur.engine.noise import Noise


def segment_steps(cell: CompiledCell, call: Call) -> int | None:
    """The number of steps per segment, or None if all values may be stored."""
    budget = call.memory_budget
    T, B = call.x.shape[:2]
    if budget is None or T == 0 or B == 0:
        return None
    if budget == "sqrt":
        steps = math.isqrt(T - 1) + 1
    else:
        columns = program(cell.graph)
        size = 4 if call.x.dtype == torch.float32 else 8
        states = sum(cell.measured(call.sizes).widths)
        # the tape, the derivatives that are in memory in the backward pass, and the states at the boundaries
        step = size * B * (sum(c.value(call.sizes) + 16 for c in (*columns.tape, *columns.derivatives)) + states + 32)
        boundary = size * B * states
        room = int(budget) - boundary * math.isqrt(T)
        steps = max(1, room // step)
    return steps if steps < T else None


class CheckpointedRecurrence(torch.autograd.Function):
    """One recurrence in segments of ``steps`` steps."""

    @staticmethod
    def forward(ctx: Any, cell: CompiledCell, call: Call, steps: int, *tensors: Tensor) -> tuple[Tensor, ...]:
        outputs, boundaries = forward(cell, call, steps, tensors)
        ctx.cell, ctx.call, ctx.steps = cell, call, steps
        ctx.save_for_backward(*tensors, *boundaries)
        ctx.set_materialize_grads(False)
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        cell, call, steps = ctx.cell, ctx.call, ctx.steps
        needed = ctx.needs_input_grad[3:]
        tensors, boundaries = ctx.saved_tensors[: len(needed)], ctx.saved_tensors[len(needed) :]
        if all(g is None for g in gradients):
            return (None, None, None, *(None for _ in tensors))
        gradients = tuple(None if g is None else torch_state.settled(g) for g in gradients)
        if not readable(gradients, tensors[0].dtype):
            call.slowed.add(UNREADABLE)
            return (None, None, None, *differentiable(cell, call, tensors, gradients, needed))
        compute = partial(backward, cell, call, steps, tensors, boundaries, gradients, needed)
        if torch.is_grad_enabled():
            return (None, None, None, *differentiable_again(compute, cell, call, tensors, gradients, needed))
        return (None, None, None, *compute())


def forward(cell: CompiledCell, call: Call, steps: int, tensors: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Run the forward pass in segments; return series and final states, and the states at the start of each segment."""
    x, count = tensors[0], len(cell.states)
    widths = cell.measured(call.sizes).widths
    series_count = count if call.all_states else 1
    series = [passes.room(cell, x, width) for width in widths[:series_count]]
    states: list[Tensor] = list(tensors[1 : 1 + count])
    boundaries: list[Tensor] = []
    for segment in _segments(call, steps):
        states = segment.entering(states)
        boundaries += states
        arguments = [x[segment.span], *states, *tensors[1 + count :]]
        outputs, _ = passes.forward(cell, segment.call, arguments, False, [one[segment.span] for one in series])
        states = outputs[series_count:]
    return [*series, *states], boundaries


def backward(
    cell: CompiledCell,
    call: Call,
    steps: int,
    tensors: Sequence[Tensor],
    boundaries: Sequence[Tensor],
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
) -> list[Tensor | None]:
    """Run the backward pass, recomputing each segment from the states at its start; return dE/d(tensors)."""
    x, count = tensors[0], len(cell.states)
    series_count = len(gradients) - count
    d_x = passes.room(cell, x, x.shape[-1]) if needed[0] else None
    d_parameters = [
        torch.zeros_like(t) if need else None for t, need in zip(tensors[1 + count :], needed[1 + count :], strict=True)
    ]
    d_states: list[Tensor | None] = list(gradients[series_count:])
    segments = _segments(call, steps)
    for number in reversed(range(len(segments))):
        segment = segments[number]
        states = boundaries[number * count : (number + 1) * count]
        arguments = [x[segment.span], *states, *tensors[1 + count :]]
        _, tape = passes.forward(cell, segment.call, arguments, True)
        if tape is None:
            raise RuntimeError("a forward pass for training left no tape")
        seeds = [None if g is None else g[segment.span] for g in gradients[:series_count]]
        into = [None if d_x is None else d_x[segment.span], *([None] * count), *d_parameters]
        hands = [need or number > 0 for need in needed[1 : 1 + count]]
        wants = [needed[0], *hands, *needed[1 + count :]]
        derivatives = passes.backward(cell, segment.call, arguments, tape, [*seeds, *d_states], wants, into=into)
        d_states = segment.leaving(derivatives[1 : 1 + count])
    return [d_x, *d_states, *d_parameters]


def pack_boundaries(boundaries: Sequence[Tensor]) -> Tensor:
    """A handle of the states between segments, for operators whose results must have known shapes: a tensor without
    elements whose memory holds them."""
    return torch.cat([one.reshape(-1) for one in boundaries])[:0]


def unpack_boundaries(cell: CompiledCell, call: Call, steps: int, handle: Tensor) -> list[Tensor] | None:
    """The states of a handle; None if it is a copy, which lacks the contents of the memory."""
    T, B = call.x.shape[:2]
    widths = cell.measured(call.sizes).widths
    count = -(-T // steps)
    size = count * B * sum(widths)
    if handle.untyped_storage().nbytes() < size * handle.element_size():
        return None
    flat = torch.empty(0, dtype=handle.dtype, device="cpu").set_(handle.untyped_storage(), 0, (size,), (1,))
    pieces = torch.split(flat, [B * width for width in widths] * count)
    return [one.view(B, width) for one, width in zip(pieces, widths * count, strict=True)]


class _Segment:
    """Steps ``span`` of a call, as a separate call."""

    def __init__(self, call: Call, start: int, stop: int) -> None:
        self.span = slice(start, stop)
        length = stop - start
        lengths = None if call.lengths is None else (call.lengths - start).clamp(0, length)
        resets = None if call.resets is None else call.resets[start:stop]
        zoneout, drawn = (
            {name: m[start:stop] if isinstance(m, Tensor) and m.dim() == 3 else m for name, m in masks.items()}
            for masks in (call.noise.zoneout, call.noise.drawn)
        )
        noise = Noise(call.noise.recurrent, zoneout, drawn)
        self.call = replace(call, lengths=lengths, resets=resets, noise=noise, memory_budget=None)
        # in reverse time, a reset at the first step of the later segment lies between the two
        self._fresh: Tensor | None = None
        if call.reverse and call.resets is not None and stop < call.x.shape[0]:
            fresh = call.resets[stop]
            self._fresh = (fresh if call.lengths is None else fresh & (call.lengths > stop)).unsqueeze(-1)

    def entering(self, states: Sequence[Tensor]) -> list[Tensor]:
        """The initial states of the segment."""
        if self._fresh is None:
            return list(states)
        return [state.masked_fill(self._fresh, 0) for state in states]

    def leaving(self, d_states: Sequence[Tensor | None]) -> list[Tensor | None]:
        """dE/dstates for the segment that was computed before it."""
        if self._fresh is None:
            return list(d_states)
        return [None if d is None else d.masked_fill(self._fresh, 0) for d in d_states]


def _segments(call: Call, steps: int) -> list[_Segment]:
    """The segments in the order in which they are computed."""
    T = call.x.shape[0]
    segments = [_Segment(call, start, min(T, start + steps)) for start in range(0, T, steps)]
    return segments[::-1] if call.reverse else segments
