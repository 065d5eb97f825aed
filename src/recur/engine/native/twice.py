"""Gradients that can be differentiated again: what torch.autograd.grad(create_graph=True) is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from recur.engine import eager
from recur.engine.call import Call, Report
from recur.engine.native.passes import Inputs
from recur.engine.native.program import Compiled


def differentiable(
    made: Compiled,
    call: Call,
    tensors: Sequence[Tensor | None],
    gradients: Sequence[Tensor | None],
    needed: Sequence[bool],
) -> list[Tensor | None]:
    """Run the forward pass once more, in torch operations, and differentiate these."""
    inputs = Inputs.of(made, tensors)
    graph_parameters = dict(zip((*made.matrices, *made.vectors), (*inputs.matrices, *inputs.vectors), strict=True))
    again = replace(
        call, x=inputs.x, states=dict(zip(made.states, inputs.states, strict=True)), parameters=graph_parameters
    )
    result = eager.run_graph(again, made.graph, Report("eager"))
    series = list((result.all_states or {made.states[0]: result.outputs}).values())
    outputs = [*series, *(result.states[name] for name in made.states)]
    pairs = [(o, g) for o, g in zip(outputs, gradients, strict=True) if g is not None and o.requires_grad]
    wanted = [t for t, need in zip(tensors, needed, strict=True) if need]
    found = iter(
        torch.autograd.grad(
            [o for o, _ in pairs], wanted, [g for _, g in pairs], create_graph=True, allow_unused=True
        )
        if pairs
        else [None] * len(wanted)
    )
    return [next(found) if need else None for need in needed]
