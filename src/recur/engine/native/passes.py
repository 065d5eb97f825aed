"""Forward and backward pass as calls of the core, on plain tensors without autograd."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from recur.engine import tensor_checks
from recur.engine.backend_interface import Call
from recur.engine.low_precision import PRECISIONS
from recur.engine.native.arguments import TYPES, Arguments, as_int64, inner_contiguous, pointer
from recur.engine.native.compiled_cell import CompiledCell
from recur.engine.native.core_memory import SHORTER, empty, tape, tape_address
from recur.engine.native.frozen import FrozenWeights
from recur.engine.native.library import Core
from recur.engine.native.tensor_addresses import addresses
from recur.engine.variables import FILL_NAN
from recur.errors import BackendError, NotEnoughMemoryError

OK, _BAD_CALL, _NO_MEMORY, _INTERRUPTED, STALE = range(5)


def forward(
    cell: CompiledCell,
    call: Call,
    tensors: Sequence[Tensor | None],
    training: bool,
    series: Sequence[Tensor] | None = None,
    finals: Sequence[Tensor] | None = None,
) -> tuple[list[Tensor], Tensor | None]:
    """Run the forward pass.

    Parameters
    ----------
    made : Compiled
        The compiled cell.
    call : Call
        The call, without its tensors.
    tensors : sequence of Tensor
        x, initial states (None for zeros), matrices and vectors.
    training : bool
        Whether a tape is written.
    series, finals : sequence of Tensor, optional
        Tensors that receive the series and the final states, in place of new ones.

    Returns
    -------
    list of Tensor
        Series of the first state (of all, with ``all_states``), then the final states.
    Tensor or None
        The tape.
    """
    x = _input(tensors)
    arguments = _common(cell, call, tensors)
    _, B = batch(call, x)
    widths = cell.measured(call.sizes).widths
    series_count = len(widths) if call.all_states else 1
    if series is None:
        series = [series_room(cell, call, x, width) for width in widths[:series_count]]
    if finals is None:
        finals = [x.new_empty((B, width)) for width in widths]
    strides = [_strides(one) for one in series]
    missing = [0] * (len(widths) - series_count)
    arguments.set(
        training=int(training),
        series=[*(one.data_ptr() for one in series), *missing],
        series_time=[*(time for time, _ in strides), *missing],
        series_row=[*(row for _, row in strides), *missing],
        final=[one.data_ptr() for one in finals],
    )
    if call.frozen is None or training or not _run_frozen(cell, call.frozen, arguments, x):
        _run(cell, cell.core.forward, arguments, x)
    return [*series, *finals], tape(cell.core, arguments.tape) if training else None


def backward(
    cell: CompiledCell,
    call: Call,
    tensors: Sequence[Tensor | None],
    tape: Tensor,
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
    norms: Tensor | None = None,
    into: Sequence[Tensor | None] | None = None,
    onto: Tensor | None = None,
) -> list[Tensor | None]:
    """Run the backward pass.

    Parameters
    ----------
    cell, call, tensors
        As in ``forward``.
    tape : Tensor
        The tape.
    gradients : sequence of Tensor or None
        dE/d(what forward returned).
    needed : sequence of bool
        Which of ``tensors`` need a gradient.
    norms : Tensor, optional
        (states, T) float64: the squares of dE/dstate_t, summed over rows and units, are added to it.
    into : sequence of Tensor or None, optional
        Tensors that receive dE/dx and to which dE/dparameters are added, in place of new ones.
    onto : Tensor, optional
        A result for dE/dx, of another direction, to which this one is added.

    Returns
    -------
    list of Tensor or None
        dE/d(tensors).
    """
    x = _input(tensors)
    arguments = _common(cell, call, tensors)
    count = len(cell.states)
    series_count = len(gradients) - count
    series = [None if g is None else inner_contiguous(g) for g in gradients[:series_count]]
    finals = [None if g is None else g.contiguous() for g in gradients[series_count:]]
    packed = call.packing is not None
    steps, B = batch(call, x)
    if call.packing is not None:
        steps = call.packing.count
    looked = addresses(
        cell.core, [*series, *finals], cell.measured(call.sizes).gradients(series_count, packed), steps, B, x.dtype
    )
    missing = [0] * (count - series_count)
    strides = [(0, 0) if g is None else _strides(g) for g in series]
    results: list[Tensor | None] = [
        empty(cell.core, t.shape, t.dtype) if need and t is not None else None
        for t, need in zip(tensors[1:], needed[1:], strict=True)
    ]
    d_x = None
    if needed[0] and into is None:
        d_x = onto
        if d_x is None:
            d_x = room(cell, x, x.shape[-1]) if call.ids is None else empty(cell.core, x.shape, x.dtype)
        arguments.set(add_input=int(onto is not None))
    if into is not None:
        d_x = into[0]
        results[count:] = into[1 + count :]
        arguments.set(accumulate=1)
    if d_x is not None:
        time, row = _strides(d_x)
        arguments.set(d_x=d_x.data_ptr(), d_x_time=time, d_x_row=row)
    a, b = count, count + len(cell.matrices)
    arguments.set(
        tape=tape_address(tape),
        training=1,
        d_series=[*looked[:series_count], *missing],
        d_series_time=[*(time for time, _ in strides), *missing],
        d_series_row=[*(row for _, row in strides), *missing],
        d_final=looked[series_count:],
        d_initial=[pointer(one) for one in results[:a]],
        d_matrices=[pointer(one) for one in results[a:b]],
        d_vectors=[pointer(one) for one in results[b:]],
        series=[0] * count,
        final=[0] * count,
    )
    if norms is not None:
        arguments.set(norms=norms.data_ptr())
    _run(cell, cell.core.backward, arguments, x)
    return [d_x, *results]


def _input(tensors: Sequence[Tensor | None]) -> Tensor:
    x = tensors[0]
    if x is None:
        raise TypeError("a recurrence has an input")
    return x


def batch(call: Call, x: Tensor) -> tuple[int, int]:
    """T and B of a call."""
    if call.packing is not None:
        return call.packing.steps, call.packing.rows
    steps, rows = x.shape[:2] if call.ids is None else call.ids.shape
    return steps, rows


def _common(cell: CompiledCell, call: Call, tensors: Sequence[Tensor | None]) -> Arguments:
    x = _input(tensors)
    packing = call.packing
    dtype = x.dtype
    if dtype not in TYPES:
        raise tensor_checks.UnfitError(f"the native core computes in float32 and float64, not in {dtype}")
    flat = packing is not None or call.ids is not None
    if x.dim() != (2 if flat else 3):
        raise tensor_checks.UnfitError(f"the native core was given an input of shape {tuple(x.shape)}")
    T, B = batch(call, x)
    a, b = 1 + len(cell.states), 1 + len(cell.states) + len(cell.matrices)
    measured = cell.measured(call.sizes)
    pointers = addresses(cell.core, tensors, measured.inputs(flat), x.shape[0], B, dtype)
    time, row = _strides(x)
    arguments = Arguments(
        type=TYPES[x.dtype], T=T, B=B, reverse=int(call.reverse), threads=torch.get_num_threads(),
        precision=PRECISIONS.index(call.precision), fill_nan=int(FILL_NAN.is_set()),
        sizes=measured.table, initial=pointers[1:a], matrices=pointers[a:b], vectors=pointers[b:],
        x=pointers[0], x_time=time, x_row=row, interrupted=cell.core.interrupted,
    )  # fmt: skip
    if packing is not None:
        offsets = packing.offsets
        arguments.keepalive.append(offsets)
        arguments.set(offsets=offsets.ctypes.data)
    elif call.lengths is not None:
        lengths = as_int64(call.lengths, B)
        arguments.keepalive.append(lengths)
        arguments.set(lengths=lengths.ctypes.data)
    if call.ids is not None:
        arguments.set(
            ids=tensor_checks.strided(call.ids, (T, B), torch.int64, inner=False),
            ids_time=call.ids.stride(0), ids_row=call.ids.stride(1), table_rows=x.shape[0],
        )  # fmt: skip
    if call.resets is not None:
        arguments.keepalive.append(call.resets)
        arguments.set(
            resets=tensor_checks.strided(call.resets, (T, B), torch.bool, inner=False),
            resets_time=call.resets.stride(0),
            resets_row=call.resets.stride(1),
        )
    if cell.noises:
        _noises(cell, call, arguments, (T, B))
    return arguments


def _noises(cell: CompiledCell, call: Call, arguments: Arguments, batch: tuple[int, int]) -> None:
    pointers, times, rows = [], [], []
    for name in cell.noises:
        state = name.partition(":")[2]
        mask = call.noise.of(name)
        if not isinstance(mask, Tensor):
            mask = torch.full((call.states[state].shape[-1],), mask, dtype=call.x.dtype, device="cpu")
        mask = inner_contiguous(mask.detach().to(call.x.dtype))
        arguments.keepalive.append(mask)
        before = () if mask.dim() == 1 else batch[1:] if mask.dim() == 2 else batch
        pointers.append(tensor_checks.strided(mask, (*before, call.states[state].shape[-1]), call.x.dtype))
        # a stride of 0 means that all steps, or rows, share one
        times.append(mask.stride(0) if mask.dim() == 3 else 0)
        rows.append(mask.stride(-2) if mask.dim() >= 2 else 0)
    arguments.set(noises=pointers, noise_time=times, noise_row=rows)


def _strides(x: Tensor) -> tuple[int, int]:
    """Elements between steps and between rows; packed rows follow each other."""
    return (0, x.stride(0)) if x.dim() == 2 else (x.stride(0), x.stride(1))


def _batch_first(x: Tensor) -> bool:
    return x.dim() == 3 and x.stride(0) < x.stride(1)


def room(cell: CompiledCell, x: Tensor, width: int) -> Tensor:
    """An uninitialised series of one state in the memory layout of the input; not a view: callers may change it."""
    if x.dim() == 2:
        return empty(cell.core, (x.shape[0], width), x.dtype)
    T, B = x.shape[0], x.shape[1]
    if _batch_first(x):
        return empty(cell.core, (B, T, width), x.dtype).transpose(0, 1).data
    return empty(cell.core, (T, B, width), x.dtype)


def series_room(cell: CompiledCell, call: Call, x: Tensor, width: int) -> Tensor:
    """`room` for the series of a call, whose inputs may be rows of a table that it looks up."""
    if call.ids is None:
        return room(cell, x, width)
    T, B = call.ids.shape
    if call.ids.stride(0) < call.ids.stride(1):
        return empty(cell.core, (B, T, width), x.dtype).transpose(0, 1).data
    return empty(cell.core, (T, B, width), x.dtype)


def _run_frozen(cell: CompiledCell, frozen: FrozenWeights, arguments: Arguments, x: Tensor) -> bool:
    """Run the forward pass with matrices packed before; False where they have to be packed in the call."""
    packed = frozen.matching(cell.core, cell.library, arguments)
    for _ in range(2):
        if packed is None:
            break
        arguments.set(frozen=packed.address)
        if _run(cell, cell.core.forward, arguments, x):
            return True
        packed = frozen.renew(cell.core, cell.library, arguments)
    # another thread changes the weights while we compute, or there is no memory for a second copy
    arguments.set(frozen=0)
    return False


def _run(cell: CompiledCell, function: Callable[[int, int], int], arguments: Arguments, x: Tensor) -> bool:
    """Call the core; False where the frozen weights of the call are not those of its matrices."""
    return completed(cell.core, function(cell.library.pointer, arguments.address()), x)


def completed(core: Core, status: int, x: Tensor) -> bool:
    """Whether a call of the core computed its outputs; False where its frozen weights are not those of its matrices."""
    if status == OK:
        return True
    if status == STALE:
        return False
    if status == _INTERRUPTED:
        raise KeyboardInterrupt
    if status == _NO_MEMORY:
        raise NotEnoughMemoryError(
            f"the values of all steps of an input of shape {tuple(x.shape)} need more memory than there is",
            hint=SHORTER,
        )
    raise BackendError(f"the native core refused a call: {core.message}")
