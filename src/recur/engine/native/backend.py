"""Entry points of the native backend: whether it supports a call, and running it, with gradients where required."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

from recur.engine import observers, tensor_checks, torch_state
from recur.engine.backend_interface import BackendReport, Call, Result
from recur.engine.low_precision import WIDEST
from recur.engine.native import passes, transforms
from recur.engine.native.arguments import inner_contiguous
from recur.engine.native.checkpointing import CheckpointedRecurrence, segment_steps
from recur.engine.native.compiled_cell import CompiledCell, compiled_cell, parameters_of
from recur.engine.native.core_memory import alive, tape_address
from recur.engine.native.double_backward import differentiable_again
from recur.engine.native.half_precision import HALVES, half_precision_of, widen
from recur.engine.native.torch_backward import UNREADABLE, differentiable, readable
from recur.errors import BackendError

_DTYPES = (torch.float32, torch.float64)


def why_not(call: Call) -> str | None:
    """The reason why the native backend cannot run this call; None if it can."""
    if torch_state.transformed():
        reason = torch_state.observer(transforms=False) or transforms.why_not(call)
    else:
        tensors = (call.x, *call.states.values(), *call.parameters.values(), *call.noise.tensors())
        reasons = (tensor_checks.why_not(tensor, tensor.dtype) for tensor in tensors)
        reason = torch_state.observer() or next((reason for reason in reasons if reason is not None), None)
    if reason is not None:
        return reason
    return unsupported(call)


def scanned(call: Call) -> tuple[str, ...]:
    """The states of a call that the core can run whose loop over time is a scan."""
    return compiled_cell(call).scanned


def instructions(call: Call) -> str:
    """The instructions that multiply factors of 8 bits, where a call that the core can run has them."""
    return compiled_cell(call).core.whole_kernel if call.precision == "int8" else ""


def unsupported(call: Call) -> str | None:
    """The reason why the core does not support such a call, independent of its tensors' memory."""
    x = call.x
    dtype = x.dtype
    half = half_precision_of(call)
    autocast = torch.is_autocast_enabled("cpu") and half is not None
    for tensor in (call.x, *call.states.values(), *call.parameters.values()):
        if not tensor.is_cpu:
            return f"it runs on the CPU, and the tensors are on {tensor.device}"
        if tensor.dtype is not dtype and not (autocast and tensor.dtype.is_floating_point):
            return f"the inputs are {dtype} and a parameter or state is {tensor.dtype}"
    if dtype not in (*_DTYPES, *HALVES):
        return f"it computes in real numbers of 16, 32 and 64 bits, not in {dtype}"
    empty = next((name for name, one in call.parameters.items() if not one.numel()), None)
    if empty is not None:
        return (
            f"{empty} has shape {tuple(call.parameters[empty].shape)}, and the core multiplies by at least one number"
        )
    if call.precision == "int8":
        if dtype is not torch.float32 or half is not None:
            return "precision int8 is for float32 layers"
        if any(max(matrix.shape) > WIDEST for matrix in call.parameters.values() if matrix.dim() == 2):
            return f"a matrix has more than {WIDEST:,} rows or columns, whose products of 8 bits exceed sums of 32 bits"
    if call.precision == "bfloat16" and dtype is torch.float64 and half is None:
        return "precision bfloat16 is for float32 layers"
    try:
        compiled_cell(call)
    except BackendError as error:
        return error.message + (f" ({error.hint})" if error.hint else "")
    return None


def run(call: Call, report: BackendReport) -> Result:
    """Run a recurrence for which ``why_not`` returned None."""
    half = half_precision_of(call)
    if half is not None:
        with torch.autocast("cpu", enabled=False):
            return half.narrow(run(widen(call, half), report))
    if call.memory_budget is not None and call.packing is not None:
        return run(call.padded(), report).packed(call.packing)
    cell = compiled_cell(call)
    parameters = parameters_of(cell, call)
    states = [call.states[name] for name in cell.states]
    tensors = [
        inner_contiguous(call.x),
        *(state.contiguous() for state in states),
        *(parameters[name].contiguous() for name in (*cell.matrices, *cell.vectors)),
    ]
    if torch_state.transformed():
        outputs = transforms.run(cell, call, tensors)
    elif torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors):
        call = _snapshot(call)
        steps = segment_steps(cell, call)
        if steps is None:
            outputs = list(Recurrence.apply(cell, call, *tensors))  # type: ignore[no-untyped-call]
        else:
            outputs = list(CheckpointedRecurrence.apply(cell, call, steps, *tensors))  # type: ignore[no-untyped-call]
    else:
        outputs, _ = passes.forward(cell, call, tensors, training=False)
    report = replace(report, slowed=call.slowed)
    count = len(outputs) - len(states)
    series, finals = outputs[:count], outputs[count:]
    names = cell.states
    return Result(
        series[0],
        dict(zip(names, finals, strict=True)),
        dict(zip(names, series, strict=True)) if call.all_states else None,
        report,
    )


def _snapshot(call: Call) -> Call:
    """The same call with copies of lengths and resets: the backward pass reads them again, and autograd cannot detect
    that a caller has reused their memory."""
    lengths = None if call.lengths is None else call.lengths.clone()
    resets = None if call.resets is None else call.resets.clone()
    return replace(call, lengths=lengths, resets=resets)


class Recurrence(torch.autograd.Function):
    """One recurrence as an autograd function: first derivatives by the core, higher ones in torch's operations."""

    @staticmethod
    def forward(ctx: Any, cell: CompiledCell, call: Call, *tensors: Tensor) -> tuple[Tensor, ...]:
        outputs, tape = passes.forward(cell, call, tensors, training=True)
        ctx.cell, ctx.call = cell, call
        ctx.observer = observers.gradient_observer()
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
        found = gradients_of(ctx.cell, ctx.call, tensors, tape, ctx.address, ctx.observer, gradients, needed)
        return (None, None, *found)


def gradients_of(
    cell: CompiledCell,
    call: Call,
    tensors: Sequence[Tensor | None],
    tape: Tensor,
    address: int,
    observer: observers.GradientObserver | None,
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
    onto: Tensor | None = None,
) -> list[Tensor | None]:
    """dE/d(tensors) of one recurrence, by the core where it can.

    Parameters
    ----------
    cell, call, tensors, tape, gradients, needed, onto
        As in ``passes.backward``. Only the core adds to ``onto``: the result is then ``onto`` itself.
    address : int
        Where the tape was written.
    observer : GradientObserver, optional
        What observes gradients.
    """
    x = tensors[0]
    if x is None:
        raise TypeError("a recurrence has an input")
    read = readable(gradients, x.dtype)
    if call.ids is not None and (not read or torch.is_grad_enabled()):
        return _gradients_of_table(cell, call, tensors, tape, observer, gradients, needed)
    if not read or torch.is_grad_enabled():
        # unmaterialised zeros get memory, and a gradient made in inference mode is copied so that it can be saved
        gradients = tuple(None if g is None else torch_state.settled(g) for g in gradients)
        read = read or readable(gradients, x.dtype)
    if not read:
        call.slowed.add(UNREADABLE)
        return differentiable(cell, call, tensors, gradients, needed)
    if tape_address(tape) != address or not alive(address):
        # a hook on saved tensors has copied the handle, and the tape was released with the original
        tape = cast(Tensor, passes.forward(cell, call, tensors, training=True)[1])
    if torch.is_grad_enabled():
        compute = partial(passes.backward, cell, call, tensors, tape, gradients, needed)
        return differentiable_again(compute, cell, call, tensors, gradients, needed)
    if observer is None:
        return passes.backward(cell, call, tensors, tape, gradients, needed, onto=onto)
    states = cell.states
    steps, _ = passes.batch(call, x)
    norms = torch.zeros(len(states), steps, dtype=torch.float64, device="cpu")
    results = passes.backward(cell, call, tensors, tape, gradients, needed, norms, onto=onto)
    pointers = [t.data_ptr() for t in tensors[1 + len(states) :] if t is not None]
    observer.backward_pass(pointers, states, call.reverse, norms)
    return results


def _gradients_of_table(
    cell: CompiledCell,
    call: Call,
    tensors: Sequence[Tensor | None],
    tape: Tensor,
    observer: observers.GradientObserver | None,
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
) -> list[Tensor | None]:
    """`gradients_of` a call whose inputs are rows of a table, by way of these inputs."""
    table, *rest = tensors
    if table is None or call.ids is None:
        raise TypeError("a look-up has a table")
    x = functional.embedding(call.ids, table)
    # no tape is at this address: that of the call is of another kind
    found = gradients_of(cell, replace(call, ids=None), [x, *rest], tape, -1, observer, gradients, needed)
    d_x = found[0]
    if d_x is not None:
        rows = d_x.reshape(-1, d_x.shape[-1])
        found[0] = torch.zeros_like(table).index_add(0, call.ids.reshape(-1), rows)
    return found
