"""Recurrences under torch.func: vmap over samples and one level of grad, computed by the core.

vmap over inputs and states makes one batch of N*B rows, as long as the parameters are the same for all samples; where
each sample has its own parameters, or gradients of them, the core is called once per sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from recur.engine import torch_state
from recur.engine.backend_interface import Call
from recur.engine.native import passes
from recur.engine.native.arguments import inner_contiguous
from recur.engine.native.compiled_cell import CompiledCell
from recur.engine.native.double_backward import second_derivative
from recur.engine.noise import Noise


def why_not(call: Call) -> str | None:
    """The reason why the core cannot run a call under transforms; None if it can."""
    kinds = torch_state.transforms()
    if not kinds or any(kind not in ("Vmap", "Grad") for kind in kinds):
        return "forward-mode derivatives (torch.func.jvp) look into every operation"
    if kinds.count("Grad") > 1:
        return "derivatives of derivatives under torch.func look into every operation"
    apart = [call.lengths, call.resets, *call.noise.tensors()]
    if any(isinstance(t, Tensor) and torch_state.wrapped(t) for t in apart):
        return "under torch.func transforms lengths, resets and random masks are torch's"
    return None


def run(cell: CompiledCell, call: Call, tensors: Sequence[Tensor]) -> list[Tensor]:
    """Series and final states of x, initial states, matrices and vectors."""
    return list(Transformed.apply(cell, _without_tensors(call), *tensors))  # type: ignore[no-untyped-call]


def _without_tensors(call: Call) -> Call:
    """The call on empty tensors that no transform holds."""
    dtype = call.x.dtype
    x = torch.empty((0, 0, call.x.shape[-1]), dtype=dtype, device="cpu")
    states = {n: torch.empty((0, s.shape[-1]), dtype=dtype, device="cpu") for n, s in call.states.items()}
    return replace(call, x=x, states=states, parameters={})


def _laid_out(tensors: Sequence[Tensor]) -> list[Tensor]:
    return [inner_contiguous(tensors[0]), *(t.contiguous() for t in tensors[1:])]


class Transformed(torch.autograd.Function):
    """One recurrence, for torch.func; it keeps no tape, which would differ from transform to transform."""

    @staticmethod
    def forward(cell: CompiledCell, call: Call, *tensors: Tensor) -> tuple[Tensor, ...]:
        outputs, _ = passes.forward(cell, call, _laid_out(tensors), training=False)
        return tuple(outputs)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:  # noqa: ARG004
        ctx.cell, ctx.call = inputs[:2]
        ctx.save_for_backward(*inputs[2:])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        tensors, needed = ctx.saved_tensors, tuple(ctx.needs_input_grad[2:])
        derivatives = iter(
            TransformedGradient.apply(ctx.cell, ctx.call, needed, len(tensors), *tensors, *gradients)  # type: ignore[no-untyped-call]
        )
        return (None, None, *(next(derivatives) if need else None for need in needed))

    @staticmethod
    def vmap(info: Any, in_dims: tuple[Any, ...], cell: CompiledCell, call: Call, *tensors: Tensor) -> Any:
        dims, count = in_dims[2:], 1 + len(cell.states)
        if any(dim is not None for dim in dims[count:]) or call.packing is not None:
            return _one_by_one(Transformed, info.batch_size, dims, (cell, call), tensors)
        N = info.batch_size
        x, *states = (
            t.unsqueeze(0).expand(N, *t.shape) if dim is None else t.movedim(dim, 0)
            for t, dim in zip(tensors[:count], dims, strict=False)
        )
        T, B = x.shape[1:3]
        folded = [x.transpose(0, 1).reshape(T, N * B, x.shape[-1]), *(s.reshape(N * B, s.shape[-1]) for s in states)]
        outputs = Transformed.apply(cell, _repeated(call, N), *folded, *tensors[count:])  # type: ignore[no-untyped-call]
        series_count = len(outputs) - len(states)
        series = [one.view(T, N, B, one.shape[-1]) for one in outputs[:series_count]]
        finals = [one.view(N, B, one.shape[-1]) for one in outputs[series_count:]]
        return (*series, *finals), (*(1 for _ in series), *(0 for _ in finals))


class TransformedGradient(torch.autograd.Function):
    """The gradient of one recurrence, for torch.func."""

    @staticmethod
    def forward(
        cell: CompiledCell, call: Call, needed: Sequence[bool], count: int, *inputs: Tensor
    ) -> tuple[Tensor, ...]:
        tensors = _laid_out(inputs[:count])
        _, tape = passes.forward(cell, call, tensors, training=True)
        if tape is None:
            raise RuntimeError("a forward pass for training left no tape")
        derivatives = passes.backward(cell, call, tensors, tape, inputs[count:], needed)
        return tuple(one for one in derivatives if one is not None)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:  # noqa: ARG004
        ctx.cell, ctx.call, ctx.needed, ctx.count = inputs[:4]
        ctx.save_for_backward(*inputs[4:])

    @staticmethod
    def backward(ctx: Any, *seeds: Tensor) -> tuple[Any, ...]:
        required = ctx.needs_input_grad[4:]
        derivatives = second_derivative(ctx.cell, ctx.call, ctx.needed, ctx.count, ctx.saved_tensors, seeds, required)
        return (None, None, None, None, *derivatives)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], cell: CompiledCell, call: Call, needed: Any, count: int, *inputs: Tensor
    ) -> Any:
        return _one_by_one(TransformedGradient, info.batch_size, in_dims[4:], (cell, call, needed, count), inputs)


def _one_by_one(
    function: Any, samples: int, dims: Sequence[int | None], fixed: tuple[Any, ...], tensors: Sequence[Tensor]
) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
    """A function of every sample in turn, stacked."""
    results = []
    for sample in range(samples):
        arguments = [t if dim is None else t.select(dim, sample) for t, dim in zip(tensors, dims, strict=True)]
        results.append(function.apply(*fixed, *arguments))
    stacked = tuple(torch.stack(each) for each in zip(*results, strict=True))
    return stacked, tuple(0 for _ in stacked)


def _repeated(call: Call, times: int) -> Call:
    """The call for a batch of ``times`` samples."""
    lengths = None if call.lengths is None else call.lengths.repeat(times)
    resets = None if call.resets is None else call.resets.repeat(1, times)
    recurrent = {name: mask.repeat(times, 1) for name, mask in call.noise.recurrent.items()}
    zoneout, drawn = (
        {n: m.repeat(1, times, 1) if isinstance(m, Tensor) else m for n, m in masks.items()}
        for masks in (call.noise.zoneout, call.noise.drawn)
    )
    return replace(call, lengths=lengths, resets=resets, noise=Noise(recurrent, zoneout, drawn))
