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
    """dE/d(x, states, parameters) for ``create_graph``; only who takes the second derivative pays for it."""

    @staticmethod
    def forward(
        ctx: Any,
        compute: Compute,
        cell: CompiledCell,
        call: Call,
        needed: Sequence[bool],
        count: int,
        *given: Tensor | None,
    ) -> tuple[Tensor, ...]:
        ctx.cell, ctx.call, ctx.needed, ctx.count = cell, call, needed, count
        ctx.save_for_backward(*given)
        ctx.set_materialize_grads(False)
        return tuple(found for found in compute() if found is not None)

    @staticmethod
    def backward(ctx: Any, *seeds: Tensor | None) -> tuple[Any, ...]:
        wanted = ctx.needs_input_grad[5:]
        found = second_derivative(ctx.cell, ctx.call, ctx.needed, ctx.count, ctx.saved_tensors, seeds, wanted)
        return (None, None, None, None, None, *found)


def differentiable_again(
    compute: Compute,
    cell: CompiledCell,
    call: Call,
    tensors: Sequence[Tensor | None],
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
) -> list[Tensor | None]:
    """What ``compute`` gives, dE/d(tensors) of the seeds ``gradients``, with a derivative of its own."""
    wanted = [need and t is not None for need, t in zip(needed, tensors, strict=True)]
    found = GradientFunction.apply(compute, cell, call, wanted, len(tensors), *tensors, *gradients)  # type: ignore[no-untyped-call]
    rest = iter(found)
    return [next(rest) if want else None for want in wanted]


def second_derivative(
    cell: CompiledCell,
    call: Call,
    needed: Sequence[bool],
    count: int,
    given: Sequence[Tensor | None],
    seeds: Sequence[Tensor | None],
    wanted: Sequence[bool],
) -> list[Tensor | None]:
    """Differentiate the gradient: run forwards and backwards in torch operations, and back through both.

    Parameters
    ----------
    needed : sequence of bool
        Of which tensors the gradient was taken.
    count : int
        How many of ``given`` are tensors of the forward pass; the rest are the seeds of its backward pass.
    seeds : sequence of Tensor or None
        dE/d(gradient), one for each of those needed.
    wanted : sequence of bool
        Of which of ``given`` a derivative is wanted.
    """
    call.slowed.add("a second derivative was taken")
    create = torch.is_grad_enabled()
    watched = [*needed, *(False for _ in given[count:])]
    with torch.enable_grad():
        # only a third derivative follows these tensors to where they come from
        used = apart(given)
        if not create:
            used = [
                None if t is None else t.detach().requires_grad_(want or watch)
                for t, want, watch in zip(given, wanted, watched, strict=True)
            ]
        first = differentiable(cell, call, used[:count], used[count:], needed)
        pairs = [
            (f, s)
            for f, s in zip([f for f, need in zip(first, needed, strict=True) if need], seeds, strict=True)
            if f is not None and s is not None and f.requires_grad
        ]
        sources = [t for t, want in zip(used, wanted, strict=True) if want and t is not None]
        if not pairs:
            return [None for _ in wanted]
        found = iter(
            torch.autograd.grad(
                [f for f, _ in pairs], sources, [s for _, s in pairs], create_graph=create, allow_unused=True
            )
        )
    return [next(found) if want and t is not None else None for t, want in zip(used, wanted, strict=True)]
