"""The native backend: whether it can run a call, and running it, with gradients where they are wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from recur.engine import watch
from recur.engine.call import Call, Report, Result
from recur.engine.native import passes
from recur.engine.native.arguments import inner_contiguous
from recur.engine.native.memory import tape_address
from recur.engine.native.program import Compiled, compiled, parameters_of
from recur.engine.native.segments import Segmented, segment_steps
from recur.engine.native.twice import differentiable
from recur.errors import BackendError

_DTYPES = (torch.float32, torch.float64)


def why_not(call: Call) -> str | None:
    """The reason why this call is not for the native backend, or None if it is."""
    x = call.x
    dtype = x.dtype
    if torch.is_autocast_enabled("cpu"):
        if torch.get_autocast_dtype("cpu") is not torch.bfloat16:
            return f"under autocast it computes in bfloat16, not in {torch.get_autocast_dtype('cpu')}"
        call, dtype = _uncast(call), torch.float32
    for tensor in (call.x, *call.states.values(), *call.parameters.values()):
        if not tensor.is_cpu:
            return f"it runs on the CPU, and the tensors are on {tensor.device}"
        if tensor.dtype is not dtype:
            return f"the inputs are {dtype} and a parameter or state is {tensor.dtype}"
    if dtype not in _DTYPES:
        return f"it computes in float32 and float64, not in {dtype}; see precision"
    if call.precision == "bfloat16" and call.x.dtype != torch.float32:
        return "precision bfloat16 is for float32 layers"
    if torch._C._functorch.maybe_current_level() is not None:
        return "torch.func transforms (vmap, jvp) look into every operation"
    if torch.autograd.forward_ad._current_level >= 0:
        return "forward-mode derivatives look into every operation"
    try:
        compiled(call)
    except BackendError as error:
        return error.message + (f" ({error.hint})" if error.hint else "")
    return None


def run(call: Call, report: Report) -> Result:
    """Run a recurrence that ``why_not`` has no objection to."""
    if torch.is_autocast_enabled("cpu"):
        return _autocast(call, report)
    if call.memory_budget is not None and call.packing is not None:
        return run(call.padded(), report).packed(call.packing)
    made = compiled(call)
    parameters = parameters_of(made, call)
    states = [call.states[name] for name in made.states]
    tensors = [
        inner_contiguous(call.x),
        *(state.contiguous() for state in states),
        *(parameters[name].contiguous() for name in (*made.matrices, *made.vectors)),
    ]
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors):
        call = _snapshot(call)
        steps = segment_steps(made, call)
        if steps is None:
            outputs = list(Recurrence.apply(made, call, *tensors))  # type: ignore[no-untyped-call]
        else:
            outputs = list(Segmented.apply(made, call, steps, *tensors))  # type: ignore[no-untyped-call]
    else:
        outputs, _ = passes.forward(made, call, tensors, training=False)
    count = len(outputs) - len(states)
    series, finals = outputs[:count], outputs[count:]
    names = made.states
    return Result(
        series[0],
        dict(zip(names, finals, strict=True)),
        dict(zip(names, series, strict=True)) if call.all_states else None,
        report,
    )


def _snapshot(call: Call) -> Call:
    """The same call with lengths and resets of its own: the backward pass reads them again, and autograd cannot tell
    when a caller has reused their memory."""
    lengths = None if call.lengths is None else call.lengths.clone()
    resets = None if call.resets is None else call.resets.clone()
    return replace(call, lengths=lengths, resets=resets)


def _uncast(call: Call) -> Call:
    """Inputs and states as float32, whatever autocast has made of them on the way."""
    states = {name: state.float() for name, state in call.states.items()}
    return replace(call, x=call.x.float(), states=states)


def _autocast(call: Call, report: Report) -> Result:
    """Under autocast: products in its dtype, states in float32, and outputs in its dtype, as torch's own layers."""
    dtype = torch.get_autocast_dtype("cpu")
    with torch.autocast("cpu", enabled=False):
        result = run(replace(_uncast(call), precision="bfloat16"), report)
    series = None if result.all_states is None else {n: one.to(dtype) for n, one in result.all_states.items()}
    states = {name: state.to(dtype) for name, state in result.states.items()}
    return Result(result.outputs.to(dtype), states, series, report)


class Recurrence(torch.autograd.Function):
    """One recurrence, differentiable: by the core once, by the eager backend any further time."""

    @staticmethod
    def forward(ctx: Any, made: Compiled, call: Call, *tensors: Tensor) -> tuple[Tensor, ...]:
        outputs, tape = passes.forward(made, call, tensors, training=True)
        ctx.made, ctx.call = made, call
        ctx.listener = watch.listening()
        ctx.address = 0 if tape is None else tape_address(tape)
        ctx.save_for_backward(tape, *tensors)
        ctx.set_materialize_grads(False)
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        tape, *tensors = ctx.saved_tensors
        if all(g is None for g in gradients):
            return (None, None, *(None for _ in tensors))
        needed = ctx.needs_input_grad[2:]
        if torch.is_grad_enabled():
            return (None, None, *differentiable(ctx.made, ctx.call, tensors, gradients, needed))
        if tape_address(tape) != ctx.address:
            # hooks on saved tensors have made a copy of the handle, and the tape is gone with what was copied
            _, tape = passes.forward(ctx.made, ctx.call, tensors, training=True)
        if ctx.listener is None:
            return (None, None, *passes.backward(ctx.made, ctx.call, tensors, tape, gradients, needed))
        states = ctx.made.states
        steps = tensors[0].shape[0] if ctx.call.packing is None else ctx.call.packing.steps
        norms = torch.zeros(len(states), steps, dtype=torch.float64)
        found = passes.backward(ctx.made, ctx.call, tensors, tape, gradients, needed, norms)
        pointers = [t.data_ptr() for t in tensors[1 + len(states) :] if t is not None]
        ctx.listener.hear(pointers, states, ctx.call.reverse, norms)
        return (None, None, *found)
