"""Custom operators of torch for the native backend: what torch.compile and torch.export see.

    recur::recurrence(key, x, states, matrices, vectors, lengths, resets, noises, training) -> y, ..., finals, tape
    recur::recurrence_backward(key, ..., tape, gradients, needed) -> dE/dx, dE/dstates, dE/dmatrices, dE/dvectors

``key`` names the cell and its options as text, so that an exported program can be loaded by another process, which
knows the stock cells by name and a user's cell once its layer has been made.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from recur import equations
from recur.engine.backend_interface import Call
from recur.engine.native import checkpointing, passes
from recur.engine.native.compiled_cell import CompiledCell, compiled_cell
from recur.engine.native.core_memory import alive, tape_address
from recur.engine.noise import Noise
from recur.equations import Equation
from recur.errors import BackendError

_users: dict[str, Equation] = {}


def key_of(call: Call) -> str:
    """The key of a call: its cell and options as text."""
    equation = call.equation
    name = equation.name
    if name not in equations.names() or equations.get(name).digest != equation.digest:
        name = f"{name}-{equation.digest[:16]}"
        _users[name] = equation
    noise = call.noise
    return json.dumps(
        {
            "cell": name,
            "sizes": dict(call.sizes),
            "reverse": call.reverse,
            "all_states": call.all_states,
            "precision": call.precision,
            "memory_budget": call.memory_budget,
            "recurrent": sorted(noise.recurrent),
            "zoneout": sorted(noise.zoneout),
        }
    )


@lru_cache(maxsize=1024)
def _job(key: str, dtype: torch.dtype) -> tuple[CompiledCell, Call]:
    """The cell and the call of a key."""
    told = json.loads(key)
    name = told["cell"]
    equation = _users.get(name) or (equations.get(name) if name in equations.names() else None)
    if equation is None:
        raise BackendError(
            f"the cell {name} is unknown to this process", hint="import the module that defines it, and make its layer"
        )
    sizes: Mapping[str, int] = told["sizes"]
    empty = torch.empty(0, dtype=dtype, device="cpu")
    states = {s: empty.new_empty(0, *equation.shape(s, **sizes)) for s in equation.states}
    noise = Noise(dict.fromkeys(told["recurrent"], empty), dict.fromkeys(told["zoneout"], empty))
    parameters = {p: empty.new_empty(equation.shape(p, **sizes)) for p in equation.parameters}
    (width,) = equation.shape(equation.input, **sizes)
    call = Call(
        equation, empty.new_empty(0, 0, width), states, parameters, sizes, reverse=told["reverse"], noise=noise,
        all_states=told["all_states"], precision=told["precision"], memory_budget=told.get("memory_budget"),
    )  # fmt: skip
    return compiled_cell(call), call


def _with(
    call: Call, cell: CompiledCell, lengths: Tensor | None, resets: Tensor | None, noises: Sequence[Tensor]
) -> Call:
    masks = dict(zip(cell.noises, noises, strict=True))
    recurrent = {n.partition(":")[2]: t for n, t in masks.items() if n.startswith("recurrent")}
    zoneout = {n.partition(":")[2]: t for n, t in masks.items() if not n.startswith("recurrent")}
    return replace(call, lengths=lengths, resets=resets, noise=Noise(recurrent, zoneout))


# written out: torch 2.6 infers no schema from list[Tensor]
_GIVEN = (
    "str key, Tensor x, Tensor[] states, Tensor[] matrices, Tensor[] vectors, Tensor? lengths, Tensor? resets, "
    "Tensor[] noises"
)


@torch.library.custom_op(
    "recur::recurrence", mutates_args=(), device_types="cpu", schema=f"({_GIVEN}, bool training) -> Tensor[]"
)
def recurrence(
    key: str,
    x: Tensor,
    states: list[Tensor],
    matrices: list[Tensor],
    vectors: list[Tensor],
    lengths: Tensor | None,
    resets: Tensor | None,
    noises: list[Tensor],
    training: bool,
) -> list[Tensor]:
    """Run a recurrence; the last tensor is the tape, empty unless ``training``."""
    cell, call = _job(key, x.dtype)
    call = _with(call, cell, lengths, resets, noises)
    tensors = [x if x.stride(-1) == 1 else x.contiguous(), *(t.contiguous() for t in (*states, *matrices, *vectors))]
    call = replace(call, x=tensors[0])
    steps = checkpointing.segment_steps(cell, call) if training else None
    if steps is not None:
        outputs, boundaries = checkpointing.forward(cell, call, steps, tensors)
        return [*outputs, checkpointing.pack_boundaries(boundaries)]
    outputs, tape = passes.forward(cell, call, tensors, training)
    if tape is None:
        tape = x.new_empty(0, dtype=torch.uint8)
    return [*outputs, tape if call.memory_budget is None else tape.view(x.dtype)]


@recurrence.register_fake
def _(key: str, x: Tensor, states: list[Tensor], *_rest: Any) -> list[Tensor]:
    told = json.loads(key)
    T, B = x.shape[0], x.shape[1]
    returned = states if told["all_states"] else states[:1]
    series = []
    for state in returned:
        if x.stride(0) < x.stride(1):
            series.append(x.new_empty((B, T, state.shape[-1])).transpose(0, 1))
        else:
            series.append(x.new_empty((T, B, state.shape[-1])))
    finals = [x.new_empty((B, state.shape[-1])) for state in states]
    return [*series, *finals, x.new_empty(0, dtype=x.dtype if told.get("memory_budget") else torch.uint8)]


@torch.library.custom_op(
    "recur::recurrence_backward", mutates_args=(), device_types="cpu",
    schema=f"({_GIVEN}, Tensor tape, Tensor[] gradients) -> Tensor[]",
)  # fmt: skip
def recurrence_backward(
    key: str,
    x: Tensor,
    states: list[Tensor],
    matrices: list[Tensor],
    vectors: list[Tensor],
    lengths: Tensor | None,
    resets: Tensor | None,
    noises: list[Tensor],
    tape: Tensor,
    gradients: list[Tensor],
) -> list[Tensor]:
    """Run the backward pass: dE/d(x, states, matrices, vectors)."""
    cell, call = _job(key, x.dtype)
    call = _with(call, cell, lengths, resets, noises)
    tensors = [x if x.stride(-1) == 1 else x.contiguous(), *(t.contiguous() for t in (*states, *matrices, *vectors))]
    call = replace(call, x=tensors[0])
    steps = checkpointing.segment_steps(cell, call)
    needed = [True] * len(tensors)
    if steps is not None:
        boundaries = checkpointing.unpack_boundaries(cell, call, steps, tape)
        if boundaries is None:
            _, boundaries = checkpointing.forward(cell, call, steps, tensors)
        derivatives = checkpointing.backward(cell, call, steps, tensors, boundaries, gradients, needed)
        return [t for t in derivatives if t is not None]
    if not alive(tape_address(tape)):
        # the handle was copied, or is not of a tape: the forward pass is run again
        _, again = passes.forward(cell, call, tensors, training=True)
        tape = tape if again is None else again
    derivatives = passes.backward(cell, call, tensors, tape, gradients, needed)
    return [t for t in derivatives if t is not None]


@recurrence_backward.register_fake
def _(
    _key: str, x: Tensor, states: list[Tensor], matrices: list[Tensor], vectors: list[Tensor], *_rest: Any
) -> list[Tensor]:
    T, B, X = x.shape
    d_x = x.new_empty((B, T, X)).transpose(0, 1) if x.stride(0) < x.stride(1) else x.new_empty((T, B, X))
    return [d_x, *(t.new_empty(t.shape) for t in (*states, *matrices, *vectors))]


def _setup(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    key, x, states, matrices, vectors, lengths, resets, noises, training = inputs
    ctx.key, ctx.counts = key, (len(states), len(matrices), len(vectors), len(noises))
    ctx.training = training
    ctx.save_for_backward(x, *states, *matrices, *vectors, *noises, lengths, resets, output[-1], *output[:-1])


def _backward(ctx: Any, gradients: list[Tensor | None]) -> tuple[Any, ...]:
    if not ctx.training:
        raise BackendError("recur::recurrence was run without training=True and has no gradient")
    x, *rest = ctx.saved_tensors
    s, m, v, n = ctx.counts
    states, rest = rest[:s], rest[s:]
    matrices, rest = rest[:m], rest[m:]
    vectors, rest = rest[:v], rest[v:]
    noises, rest = rest[:n], rest[n:]
    lengths, resets, tape, *outputs = rest
    seeds = [torch.zeros_like(o) if g is None else g for g, o in zip(gradients[:-1], outputs, strict=True)]
    d_x, *derivatives = recurrence_backward(ctx.key, x, states, matrices, vectors, lengths, resets, noises, tape, seeds)
    # converted to lists: torch 2.6 traces slices of unpacked arguments as tuples
    d_states, d_matrices, d_vectors = list(derivatives[:s]), list(derivatives[s : s + m]), list(derivatives[s + m :])
    return None, d_x, d_states, d_matrices, d_vectors, None, None, [None] * n, None


recurrence.register_autograd(_backward, setup_context=_setup)
