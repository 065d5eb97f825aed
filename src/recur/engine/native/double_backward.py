"""Double backward: the core computes the gradient, and torch's operations differentiate it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from recur.engine.backend_interface import Call
from recur.engine.native.compiled_cell import CompiledCell
from recur.engine.native.torch_backward import apart, differentiable

Compute = Callable[[], Sequence[Tensor | None]]


class GradientFunction(torch.autograd.Function):
    """dE/d(x, states, parameters) for ``create_graph``; the extra cost arises only if a second derivative is taken."""

    @staticmethod
    def forward(
        ctx: Any,
        compute: Compute,
        cell: CompiledCell,
        call: Call,
        needed: Sequence[bool],
        count: int,
        *inputs: Tensor | None,
    ) -> tuple[Tensor, ...]:
        ctx.cell, ctx.call, ctx.needed, ctx.count = cell, call, needed, count
        ctx.save_for_backward(*inputs)
        ctx.set_materialize_grads(False)
        return tuple(gradient for gradient in compute() if gradient is not None)

    @staticmethod
    def backward(ctx: Any, *seeds: Tensor | None) -> tuple[Any, ...]:
        required = ctx.needs_input_grad[5:]
        derivatives = second_derivative(ctx.cell, ctx.call, ctx.needed, ctx.count, ctx.saved_tensors, seeds, required)
        return (None, None, None, None, None, *derivatives)


def differentiable_again(
    compute: Compute,
    cell: CompiledCell,
    call: Call,
    tensors: Sequence[Tensor | None],
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
) -> list[Tensor | None]:
    """The result of ``compute``, dE/d(tensors) for the seeds ``gradients``, as a differentiable function."""
    required = [need and t is not None for need, t in zip(needed, tensors, strict=True)]
    results = GradientFunction.apply(compute, cell, call, required, len(tensors), *tensors, *gradients)  # type: ignore[no-untyped-call]
    rest = iter(results)
    return [next(rest) if want else None for want in required]


def second_derivative(
    cell: CompiledCell,
    call: Call,
    needed: Sequence[bool],
    count: int,
    inputs: Sequence[Tensor | None],
    seeds: Sequence[Tensor | None],
    required: Sequence[bool],
) -> list[Tensor | None]:
    """Differentiate the gradient: run both passes in torch's operations, and differentiate through them.

    Parameters
    ----------
    needed : sequence of bool
        For which tensors the gradient was computed.
    count : int
        How many of ``inputs`` are tensors of the forward pass; the rest are the seeds of its backward pass.
    seeds : sequence of Tensor or None
        dE/d(gradient), one for each gradient computed.
    required : sequence of bool
        Of which of ``inputs`` a derivative is wanted.
    """
    call.slowed.add("a second derivative was taken")
    create = torch.is_grad_enabled()
    watched = [*needed, *(False for _ in inputs[count:])]
    with torch.enable_grad():
        # only a third derivative is propagated beyond these tensors
        used = apart(inputs)
        if not create:
            used = [
                None if t is None else t.detach().requires_grad_(want or watch)
                for t, want, watch in zip(inputs, required, watched, strict=True)
            ]
        first = differentiable(cell, call, used[:count], used[count:], needed)
        pairs = [
            (f, s)
            for f, s in zip([f for f, need in zip(first, needed, strict=True) if need], seeds, strict=True)
            if f is not None and s is not None and f.requires_grad
        ]
        sources = [t for t, want in zip(used, required, strict=True) if want and t is not None]
        if not pairs:
            return [None for _ in required]
        derivatives = iter(
            torch.autograd.grad(
                [f for f, _ in pairs], sources, [s for _, s in pairs], create_graph=create, allow_unused=True
            )
        )
    return [next(derivatives) if want and t is not None else None for t, want in zip(used, required, strict=True)]
