"""The Jacobian of one step, dstate_t/dstate_{t-1}, and its singular values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from recur.cancellation import check_cancelled
from recur.engine.low_precision import refuse_backward
from recur.engine.operations import Values, evaluate
from recur.equations.graph import topological
from recur.inspect.record import Steps


@torch.no_grad()
def spectrum(steps: Steps) -> dict[str, np.ndarray]:
    """Singular values of dstate_t/dstate_{t-1}, of each state, for the first row: (T, S)."""
    values_of_steps: dict[str, list[np.ndarray]] = {name: [] for name in steps.graph.outputs}
    T = steps.call.x.shape[0]
    for t in range(T):
        check_cancelled()
        for name, matrix in step_jacobian(steps, t).items():
            values_of_steps[name].append(torch.linalg.svdvals(matrix).detach().cpu().numpy())
    return {name: np.stack(values) if values else np.zeros((0, 0)) for name, values in values_of_steps.items()}


@torch.no_grad()
def step_jacobian(steps: Steps, t: int, row: int = 0) -> dict[str, Tensor]:
    """dstate_t/dstate_{t-1} (S, S) of each state of one row, without the paths through other states."""
    call = steps.call
    sizes = {name: node.size.value(call.sizes) for name, node in steps.graph.outputs.items()}
    return {
        name: pull_back(
            steps,
            t,
            {other: torch.eye(size) if other == name else torch.zeros(size, sizes[other]) for other in sizes},
            row,
        )[name]
        for name, size in sizes.items()
    }


@torch.no_grad()
def pull_back(steps: Steps, t: int, messages: Mapping[str, Tensor], row: int = 0) -> dict[str, Tensor]:
    """Carry gradients back through one copy: dE/dstate_{t-1} from dE/dstate_t, each (K, S), of every state.

    Parameters
    ----------
    steps : Steps
    t : int
        The step, from 0.
    messages : mapping of str to Tensor
        K gradients of each state after the step.
    row : int
        The sequence of the batch whose step it is.

    Returns
    -------
    dict of str to Tensor
        The K gradients of each state before the step.
    """
    call, derived = steps.call, steps.derived
    refuse_backward(call.precision)
    count = len(next(iter(messages.values())))
    values: Values = {}
    for key, value in steps.values.items():
        timed = isinstance(value, Tensor) and value.dim() == 3
        values[key] = value[t, row].expand(count, -1) if timed and isinstance(value, Tensor) else value
    for name, message in messages.items():
        values[id(derived.seeds[name])] = message.to(call.x)
    ends = derived.states
    evaluate(
        [n for n in topological(list(ends.values())) if n.args and id(n) not in values],
        values,
        call.sizes,
        call.precision,
    )
    before = {}
    for name, end in ends.items():
        value = values.get(id(end), 0.0)
        whole = value if isinstance(value, Tensor) else call.x.new_full((1,), value)
        before[name] = whole.expand(count, messages[name].shape[-1])
    return before
