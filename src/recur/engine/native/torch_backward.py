"""Backward pass in torch's operations, for double backward, batched gradients and observers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from recur.engine import eager, tensor_checks, torch_state
from recur.engine.backend_interface import BackendReport, Call
from recur.engine.native.compiled_cell import CompiledCell

UNREADABLE = (
    "its gradients are of a kind that the core does not read (batched, of a subclass, or under a mode of torch)"
)


def apart(tensors: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Views of the tensors, as separate nodes of autograd's graph.

    Where one of them depends on another (a state on the input, a seed on the state), a derivative with respect to the
    other would pass through both, and autograd would count it twice.
    """
    return [None if t is None else t.view_as(t) for t in tensors]


def readable(gradients: Sequence[Tensor | None], dtype: torch.dtype) -> bool:
    """Whether the core may run the backward pass: nothing observes the operations, and every gradient is readable."""
    if torch_state.observer() is not None:
        return False
    return all(g is None or tensor_checks.why_not(g, dtype) is None for g in gradients)


def differentiable(
    cell: CompiledCell,
    call: Call,
    tensors: Sequence[Tensor | None],
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
) -> list[Tensor | None]:
    """Run the forward pass again in torch's operations, and differentiate these."""
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        return _differentiable(cell, call, tensors, gradients, needed, again)


def _differentiable(
    cell: CompiledCell,
    call: Call,
    tensors: Sequence[Tensor | None],
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
    create_graph: bool,
) -> list[Tensor | None]:
    for name, t in zip(("x", *cell.states, *cell.matrices, *cell.vectors), tensors, strict=True):
        if t is not None:
            tensor_checks.check(name, t)
    tensors = apart(tensors)
    x, *rest = tensors
    if x is None:
        raise TypeError("a recurrence has an input")
    count = len(cell.states)
    B = x.shape[1] if call.packing is None else call.packing.rows
    states = {
        name: state if state is not None else x.new_zeros(B, width)
        for name, state, width in zip(cell.states, rest[:count], cell.measured(call.sizes).widths, strict=True)
    }
    shapes = {
        name: tuple(size.value(call.sizes) for size in node.shape) for name, node in cell.graph.parameters.items()
    }
    parameters = {
        name: value if value is not None else x.new_zeros(shapes[name])
        for name, value in zip((*cell.matrices, *cell.vectors), rest[count:], strict=True)
    }
    again = replace(call, x=x, states=states, parameters=parameters).without_padding()
    result = eager.run_graph(again, cell.graph, BackendReport("eager"))
    series = list((result.all_states or {cell.states[0]: result.outputs}).values())
    outputs = [*series, *(result.states[name] for name in cell.states)]
    pairs = [(o, g) for o, g in zip(outputs, gradients, strict=True) if g is not None and o.requires_grad]
    sources = [t for t, need in zip(tensors, needed, strict=True) if need and t is not None]
    if not pairs:
        return [None for _ in needed]
    derivatives = iter(
        torch.autograd.grad(
            [o for o, _ in pairs], sources, [g for _, g in pairs], create_graph=create_graph, allow_unused=True
        )
    )  # fmt: skip
    return [next(derivatives) if need else None for need in needed]
