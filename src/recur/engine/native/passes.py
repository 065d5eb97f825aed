"""The forward and the backward pass as calls of the core, on plain tensors without autograd."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recur.engine.call import Call
from recur.engine.native.arguments import Arguments, as_int64, inner_contiguous, pointer, type_of
from recur.engine.native.memory import empty, tape
from recur.engine.native.program import Compiled
from recur.errors import BackendError

_OK, _BAD_CALL, _NO_MEMORY, _INTERRUPTED = range(4)


@dataclass(frozen=True)
class Inputs:
    """The tensors that a pass is given, in the core's order: x, initial states, matrices, vectors."""

    x: Tensor
    states: Sequence[Tensor]
    matrices: Sequence[Tensor]
    vectors: Sequence[Tensor]

    @staticmethod
    def of(made: Compiled, tensors: Sequence[Tensor]) -> Inputs:
        """Cut a flat list."""
        a, b = 1 + len(made.states), 1 + len(made.states) + len(made.matrices)
        return Inputs(tensors[0], tensors[1:a], tensors[a:b], tensors[b:])


def forward(made: Compiled, call: Call, tensors: Sequence[Tensor], training: bool) -> tuple[list[Tensor], Tensor | None]:
    """Run the forward pass.

    Parameters
    ----------
    made : Compiled
        What is run.
    call : Call
        Everything about it but the tensors.
    tensors : sequence of Tensor
        x, initial states, matrices and vectors.
    training : bool
        Whether a tape is written.

    Returns
    -------
    list of Tensor
        Series of the first state (of all, if the call wants them), then the final states.
    Tensor or None
        The tape.
    """
    inputs = Inputs.of(made, tensors)
    arguments = _common(made, call, inputs)
    core = made.core
    wanted = len(made.states) if call.all_states else 1
    series, times, rows = [], [], []
    for n in range(wanted):
        one = _series(made, call, inputs.states[n].shape[-1])
        series.append(one)
        time, row = _strides(one)
        times.append(time)
        rows.append(row)
    finals = [torch.empty_like(state, memory_format=torch.contiguous_format) for state in inputs.states]
    missing = [0] * (len(made.states) - wanted)
    arguments.set(training=int(training))
    arguments.array("series", [*map(pointer, series), *missing])
    arguments.array("series_time", [*times, *missing])
    arguments.array("series_row", [*rows, *missing])
    arguments.array("final", [pointer(one) for one in finals])
    _run(made, core.forward, arguments)
    return [*series, *finals], tape(core, arguments.tape) if training else None


def backward(
    made: Compiled,
    call: Call,
    tensors: Sequence[Tensor],
    kept: Tensor,
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
    norms: Tensor | None = None,
) -> list[Tensor | None]:
    """Run the backward pass.

    Parameters
    ----------
    made, call, tensors
        As in ``forward``.
    kept : Tensor
        The tape.
    gradients : sequence of Tensor or None
        dE/d(what forward returned).
    needed : sequence of bool
        Which of ``tensors`` a gradient is wanted of.
    norms : Tensor, optional
        (states, T) float64: the squares of dE/dstate_t, summed over rows and units, are added to it.

    Returns
    -------
    list of Tensor or None
        dE/d(tensors).
    """
    inputs = Inputs.of(made, tensors)
    arguments = _common(made, call, inputs)
    count = len(made.states)
    wanted = len(gradients) - count
    series = [None if g is None else inner_contiguous(g) for g in gradients[:wanted]]
    finals = [None if g is None else g.contiguous() for g in gradients[wanted:]]
    missing = [0] * (count - wanted)
    strides = [(0, 0) if g is None else _strides(g) for g in series]
    results: list[Tensor | None] = [None] * len(tensors)
    if needed[0]:
        results[0] = _like(made, call, inputs.x)
        time, row = _strides(results[0])
        arguments.set(d_x=results[0].data_ptr(), d_x_time=time, d_x_row=row)
    for n, tensor in enumerate(tensors[1:], start=1):
        if needed[n]:
            results[n] = torch.empty_like(tensor, memory_format=torch.contiguous_format)
    a, b = 1 + count, 1 + count + len(made.matrices)
    arguments.set(tape=kept.data_ptr(), training=1)
    arguments.array("d_series", [*map(pointer, series), *missing])
    arguments.array("d_series_time", [*(time for time, _ in strides), *missing])
    arguments.array("d_series_row", [*(row for _, row in strides), *missing])
    arguments.array("d_final", [pointer(one) for one in finals])
    arguments.array("d_initial", [pointer(one) for one in results[1:a]])
    arguments.array("d_matrices", [pointer(one) for one in results[a:b]])
    arguments.array("d_vectors", [pointer(one) for one in results[b:]])
    arguments.array("series", [0] * count)
    arguments.array("final", [0] * count)
    if norms is not None:
        arguments.set(norms=norms.data_ptr())
    _run(made, made.core.backward, arguments)
    return results


def _common(made: Compiled, call: Call, inputs: Inputs) -> Arguments:
    arguments = Arguments()
    x = inputs.x
    packing = call.packing
    T, B = x.shape[:2] if packing is None else (packing.steps, packing.rows)
    time, row = _strides(x)
    arguments.set(
        type=type_of(x.dtype), T=T, B=B, reverse=int(call.reverse), threads=torch.get_num_threads(),
        precision=int(call.precision == "bfloat16"), fill_nan=int("RECUR_FILL_NAN" in os.environ),
        x=x.data_ptr(), x_time=time, x_row=row, interrupted=made.core.interrupted,
    )  # fmt: skip
    sizes = call.sizes
    arguments.array("sizes", [size.value(sizes) for size in made.size_list])
    arguments.array("matrices", [one.data_ptr() for one in inputs.matrices])
    arguments.array("vectors", [one.data_ptr() for one in inputs.vectors])
    arguments.array("initial", [one.data_ptr() for one in inputs.states])
    if packing is not None:
        offsets = packing.offsets
        arguments.keep(offsets)
        arguments.set(offsets=offsets.ctypes.data)
    elif call.lengths is not None:
        lengths = as_int64(call.lengths)
        arguments.keep(lengths)
        arguments.set(lengths=lengths.ctypes.data)
    if call.resets is not None:
        resets = call.resets
        arguments.keep(resets)
        arguments.set(resets=resets.data_ptr(), resets_time=resets.stride(0), resets_row=resets.stride(1))
    if made.noises:
        _noises(made, call, arguments)
    return arguments


def _noises(made: Compiled, call: Call, arguments: Arguments) -> None:
    pointers, times, rows = [], [], []
    for name in made.noises:
        kind, state = name.split(":")
        given = (call.noise.recurrent if kind == "recurrent" else call.noise.zoneout)[state]
        if not isinstance(given, Tensor):
            given = torch.full((call.states[state].shape[-1],), given, dtype=call.x.dtype)
        given = inner_contiguous(given.detach())
        arguments.keep(given)
        pointers.append(given.data_ptr())
        # a stride of 0 says that all steps, or rows, share one
        times.append(given.stride(0) if given.dim() == 3 else 0)
        rows.append(given.stride(-2) if given.dim() >= 2 else 0)
    arguments.array("noises", pointers)
    arguments.array("noise_time", times)
    arguments.array("noise_row", rows)


def _strides(x: Tensor) -> tuple[int, int]:
    """Elements between steps and between rows; packed rows stand one behind the other."""
    return (0, x.stride(0)) if x.dim() == 2 else (x.stride(0), x.stride(1))


def _batch_first(x: Tensor) -> bool:
    return x.dim() == 3 and x.stride(0) < x.stride(1)


def _series(made: Compiled, call: Call, width: int) -> Tensor:
    """Room for one state of every step, laid out in memory as the input is."""
    x = call.x
    if x.dim() == 2:
        return empty(made.core, (x.shape[0], width), x.dtype)
    T, B = x.shape[:2]
    if _batch_first(x):
        return empty(made.core, (B, T, width), x.dtype).transpose(0, 1)
    return empty(made.core, (T, B, width), x.dtype)


def _like(made: Compiled, call: Call, x: Tensor) -> Tensor:
    if _batch_first(x):
        return empty(made.core, (x.shape[1], x.shape[0], x.shape[2]), x.dtype).transpose(0, 1)
    return empty(made.core, x.shape, x.dtype)


def _run(made: Compiled, function: object, arguments: Arguments) -> None:
    status = function(made.cell.pointer, arguments.address())  # type: ignore[operator]
    if status == _OK:
        return
    if status == _INTERRUPTED:
        raise KeyboardInterrupt
    if status == _NO_MEMORY:
        raise MemoryError("not enough memory for the states of all steps: shorten the sequences or the batch")
    raise BackendError(f"the native core refused a call: {made.core.message}")
