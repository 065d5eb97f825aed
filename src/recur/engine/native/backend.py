"""The native backend: whether it can run a call, and running it, with gradients where they are wanted."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from recur.engine import guard, torch_state, watch
from recur.engine.call import Call, Report, Result
from recur.engine.native import passes, transforms
from recur.engine.native.again import differentiable_again
from recur.engine.native.arguments import inner_contiguous
from recur.engine.native.halves import HALVES, half_of, widen
from recur.engine.native.memory import alive, tape_address
from recur.engine.native.program import Compiled, compiled, parameters_of
from recur.engine.native.segments import Segmented, segment_steps
from recur.engine.native.twice import UNREADABLE, differentiable, readable
from recur.errors import BackendError

_DTYPES = (torch.float32, torch.float64)


def why_not(call: Call) -> str | None:
    """The reason why this call is not for the native backend, or None if it is."""
    if torch_state.transformed():
        reason = torch_state.observer(transforms=False) or transforms.why_not(call)
    else:
        given = (call.x, *call.states.values(), *call.parameters.values(), *call.noise.tensors())
        reasons = (guard.why_not(tensor, tensor.dtype) for tensor in given)
        reason = torch_state.observer() or next((reason for reason in reasons if reason is not None), None)
    if reason is not None:
        return reason
    return unsupported(call)


def unsupported(call: Call) -> str | None:
    """The reason why the core has no code for such a call, whatever its tensors are."""
    x = call.x
    dtype = x.dtype
    half = half_of(call)
    autocast = torch.is_autocast_enabled("cpu") and half is not None
    for tensor in (call.x, *call.states.values(), *call.parameters.values()):
        if not tensor.is_cpu:
            return f"it runs on the CPU, and the tensors are on {tensor.device}"
        if tensor.dtype is not dtype and not (autocast and tensor.dtype.is_floating_point):
            return f"the inputs are {dtype} and a parameter or state is {tensor.dtype}"
    if dtype not in (*_DTYPES, *HALVES):
        return f"it computes in real numbers of 16, 32 and 64 bits, not in {dtype}"
    if call.precision == "bfloat16" and dtype is torch.float64 and half is None:
        return "precision bfloat16 is for float32 layers"
    try:
        compiled(call)
    except BackendError as error:
        return error.message + (f" ({error.hint})" if error.hint else "")
    return None


def run(call: Call, report: Report) -> Result:
    """Run a recurrence that ``why_not`` has no objection to."""
    half = half_of(call)
    if half is not None:
        with torch.autocast("cpu", enabled=False):
            return half.narrow(run(widen(call, half), report))
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
    if torch_state.transformed():
        outputs = transforms.run(made, call, tensors)
    elif torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors):
        call = _snapshot(call)
        steps = segment_steps(made, call)
        if steps is None:
            outputs = list(Recurrence.apply(made, call, *tensors))  # type: ignore[no-untyped-call]
        else:
            outputs = list(Segmented.apply(made, call, steps, *tensors))  # type: ignore[no-untyped-call]
    else:
        outputs, _ = passes.forward(made, call, tensors, training=False)
    report = replace(report, slowed=call.slowed)
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
        read = readable(gradients, tensors[0].dtype)
        if not read or torch.is_grad_enabled():
            # zeros that were never stored get memory; a gradient of inference mode becomes one that can be saved
            gradients = tuple(None if g is None else torch_state.settled(g) for g in gradients)
            read = read or readable(gradients, tensors[0].dtype)
        if not read:
            ctx.call.slowed.add(UNREADABLE)
            return (None, None, *differentiable(ctx.made, ctx.call, tensors, gradients, needed))
        if tape_address(tape) != ctx.address or not alive(ctx.address):
            # hooks on saved tensors have made a copy of the handle, and the tape is gone with what was copied
            _, tape = passes.forward(ctx.made, ctx.call, tensors, training=True)
        if torch.is_grad_enabled():
            compute = partial(passes.backward, ctx.made, ctx.call, tensors, tape, gradients, needed)
            return (None, None, *differentiable_again(compute, ctx.made, ctx.call, tensors, gradients, needed))
        if ctx.listener is None:
            return (None, None, *passes.backward(ctx.made, ctx.call, tensors, tape, gradients, needed))
        states = ctx.made.states
        steps = tensors[0].shape[0] if ctx.call.packing is None else ctx.call.packing.steps
        norms = torch.zeros(len(states), steps, dtype=torch.float64, device="cpu")
        found = passes.backward(ctx.made, ctx.call, tensors, tape, gradients, needed, norms)
        pointers = [t.data_ptr() for t in tensors[1 + len(states) :] if t is not None]
        ctx.listener.hear(pointers, states, ctx.call.reverse, norms)
        return (None, None, *found)
