"""The Jacobian of one step, dstate_t/dstate_{t-1}, and its singular values."""

from __future__ import annotations

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
    """dstate_t/dstate_{t-1} (S, S) of each state of one row."""
    call, derived = steps.call, steps.derived
    refuse_backward(call.precision)
    jacobians = {}
    for name, node in steps.graph.outputs.items():
        size = node.size.value(call.sizes)
        values: Values = {}
        for key, value in steps.values.items():
            timed = isinstance(value, Tensor) and value.dim() == 3
            values[key] = value[t, row].expand(size, -1) if timed and isinstance(value, Tensor) else value
        for other, end in steps.graph.outputs.items():
            width = end.size.value(call.sizes)
            values[id(derived.seeds[other])] = (
                torch.eye(size, dtype=call.x.dtype, device=call.x.device)
                if other == name
                else call.x.new_zeros(size, width)
            )
        end = derived.states[name]
        missing = [n for n in topological([end]) if n.args and id(n) not in values]
        evaluate(missing, values, call.sizes, call.precision)
        value = values.get(id(end), 0.0)
        whole = value if isinstance(value, Tensor) else call.x.new_full((1,), value)
        jacobians[name] = whole.expand(size, size)
    return jacobians
