"""The error matrix of BPTT: how much of each single error arrives at each step, ||de_k/dh_t|| for k >= t.

Its rows are errors, its columns steps; above the diagonal it is zero, because no error depends on later steps.
Source: D. Cashman and others (2017), RNNbow: visualizing learning via backpropagation gradients in recurrent neural
networks, arXiv:1907.12545, which draws it as bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recur.engine import bptt
from recur.inspect.record import Steps, derivatives


@torch.no_grad()
def itemise(steps: Steps, rows: Sequence[tuple[Tensor, dict[str, Tensor]]]) -> dict[str, np.ndarray]:
    """Carry K errors back through one pass of one row, each as a row of its own.

    Parameters
    ----------
    steps : Steps
        Of one row.
    rows : sequence of (Tensor, dict)
        For each error de_k/dh_t (T, 1, S) from outside the recurrence, and that of the final states (1, S).

    Returns
    -------
    dict of str to ndarray
        (K, T) ||de_k/dstate_t|| of each state, and of the whole message between copies as "message".
    """
    if not rows:
        return {}
    wide = _for_rows(steps, len(rows))
    d_outputs = torch.cat([d for d, _ in rows], dim=1)
    d_states = {name: torch.cat([ends[name] for _, ends in rows]) for name in rows[0][1]}
    messages = bptt.backward(wide.tape, d_outputs, d_states).totals
    nodes = [wide.derived.nodes[id(node)] for node in wide.graph.outputs.values()]
    totals = dict(zip(wide.graph.outputs, derivatives(wide, messages, nodes), strict=True))
    norms = {name: total.norm(dim=-1).t().cpu().numpy() for name, total in totals.items()}
    square = sum(message.square().sum(-1) for message in messages.values())
    norms["message"] = torch.as_tensor(square).sqrt().t().cpu().numpy()
    return norms


def _for_rows(steps: Steps, count: int) -> Steps:
    """The same pass for ``count`` rows."""

    def wide(value: Any) -> Any:
        if isinstance(value, Tensor) and value.dim() == 3:
            return value.expand(-1, count, -1)
        return value

    call, tape = steps.call, steps.tape
    lengths = None if call.lengths is None else call.lengths.expand(count)
    resets = None if call.resets is None else call.resets.expand(-1, count)
    states = {name: state.expand(count, -1) for name, state in call.states.items()}
    repeated = replace(call, x=wide(call.x), states=states, lengths=lengths, resets=resets)
    stored = {key: wide(value) for key, value in tape.stored.items()}
    previous = {name: wide(value) for name, value in tape.previous.items()}
    return replace(
        steps,
        call=repeated,
        values={key: wide(value) for key, value in steps.values.items()},
        tape=bptt.Tape(repeated, stored, previous),
    )
