"""Layers under torch.compile or torch.export: one operator per recurrence, nothing that depends on values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from recur import engine
from recur.engine import Call, Noise, Result, prepare
from recur.engine.backend_interface import BackendReport
from recur.engine.native import unsupported
from recur.engine.native.compiled_cell import ConstantSteps, compiled_cell, once_steps, with_once
from recur.engine.native.half_precision import half_precision_for, widen
from recur.engine.native.torch_operators import key_of, recurrence
from recur.nn.base import LayerBase

# torch's tracer cannot follow the interpreter of a graph: it is called between two traced parts
run_between = torch.compiler.disable(engine.run)  # type: ignore[no-untyped-call]  # torch gives it no types


def traced_key(
    layer: LayerBase,
    number: int,
    direction: int,
    all_states: bool,
    recurrent: str,
    zoneout: str,
    dtypes: tuple[torch.dtype, ...] = (),
) -> tuple[str, str, str, str, tuple[torch.dtype, ...], ConstantSteps, str] | None:
    """What the operator is given beside tensors; None if the core cannot run it.

    Its key, the names of matrices, vectors and noises, in half precision the dtypes of the states, and the steps that
    compute what depends on parameters alone, with their precision. ``dtypes`` are those of the input and of the
    initial states.
    """
    if layer.equation.graph.noises:
        return None  # the operator's key does not tell which numbers are drawn
    level = layer.layout.levels[number]
    parameters = {name: parameter.detach() for name, parameter in layer.gather(number, direction).items()}
    like = next(iter(parameters.values()))
    sizes = level.state_sizes
    noise = Noise(
        {s: like.new_zeros(1, sizes[s]) for s in recurrent.split()},
        {s: like.new_zeros(1, 1, sizes[s]) for s in zoneout.split()},
    )
    # some sizes are those of a state alone
    states = {s: like.new_zeros(1, size) for s, size in sizes.items()}
    call: Call = prepare(
        layer.equation, like.new_zeros(1, 1, level.input_size), states, parameters, reverse=direction == 1, noise=noise,
        all_states=all_states, precision=layer.precision,
    )  # fmt: skip
    own = {parameter.dtype for parameter in parameters.values()}
    state_dtypes = dict(zip(layer.equation.states, dtypes[1:], strict=True)) if dtypes else {}
    half = half_precision_for(layer.equation.name, dtypes[0], state_dtypes, own, layer.precision) if dtypes else None
    if half is not None:
        call = widen(call, half)
    call = replace(call, memory_budget=layer.memory_budget)
    # the operator may be asked for gradients later, which int8 does not have
    if layer.precision == "int8" or unsupported(call) is not None:
        return None
    cell = compiled_cell(call)
    narrow = () if half is None else tuple(half.dtypes.values())
    matrices, vectors, noises = (" ".join(one) for one in (cell.matrices, cell.vectors, cell.noises))
    return key_of(call), matrices, vectors, noises, narrow, once_steps(cell, call), call.precision


def run_traced(
    layer: LayerBase,
    number: int,
    direction: int,
    x: Tensor,
    states: dict[str, Tensor] | None,
    parameters: dict[str, Tensor],
    lengths: Tensor | None,
    resets: Tensor | None,
    noise: Noise | None,
    all_states: bool,
) -> Result | None:
    """Run one recurrence as an operator; None where another backend has to."""
    recurrent = "" if noise is None else " ".join(noise.recurrent)
    zoneout = "" if noise is None else " ".join(noise.zoneout)
    names = layer.equation.states
    dtypes = (x.dtype, *(x.dtype if states is None else states[name].dtype for name in names))
    constants = layer.constant(traced_key, number, direction, all_states, recurrent, zoneout, dtypes)
    if constants is None or x.dim() != 3:
        return None
    key, matrices, vectors, noises, narrow, steps, precision = constants
    sizes = layer.layout.state_sizes[number]
    if narrow:
        x = x.float()
        states = None if states is None else {name: state.float() for name, state in states.items()}
        parameters = {name: parameter.float() for name, parameter in parameters.items()}
    if steps[1]:
        with torch.autocast("cpu", enabled=False):
            parameters = with_once(steps, parameters, x.dtype, precision)
    arguments = [
        x.new_zeros((x.shape[1], sizes[name])) if states is None else states[name] for name in names
    ]  # fmt: skip
    masks = []
    for name in noises.split():
        kind, _, state = name.partition(":")
        masked: Mapping[str, Tensor | float] = {}
        if noise is not None:
            masked = noise.recurrent if kind == "recurrent" else noise.zoneout
        mask = masked[state]
        masks.append(mask.to(x.dtype) if isinstance(mask, Tensor) else torch.full((sizes[state],), mask, dtype=x.dtype))
    training = torch.is_grad_enabled()
    outputs = recurrence(
        key, x, arguments,
        [parameters[name] for name in matrices.split()], [parameters[name] for name in vectors.split()],
        lengths, resets, masks, training,
    )  # fmt: skip
    count = len(names) if all_states else 1
    series, finals = outputs[:count], outputs[count : count + len(names)]
    if narrow:
        series = [one.to(dtype) for one, dtype in zip(series, narrow[:count], strict=True)]
        finals = [one.to(dtype) for one, dtype in zip(finals, narrow, strict=True)]
    return Result(
        series[0],
        dict(zip(names, finals, strict=True)),
        dict(zip(names, series, strict=True)) if all_states else None,
        BackendReport("native"),
    )
