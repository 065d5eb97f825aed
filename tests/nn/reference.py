"""A recurrence written out step by step and row by row: what every option of a layer is compared with."""

from __future__ import annotations

import torch
from torch import Tensor

from recur.nn import Recurrent


def lstm_step(x: Tensor, h: Tensor, c: Tensor, layer: Recurrent, suffix: str, seen: Tensor | None = None) -> tuple:
    """One step of one row; ``seen`` is h_{t-1} as the products see it."""
    gates = (
        getattr(layer, f"weight_ih_{suffix}") @ x
        + getattr(layer, f"weight_hh_{suffix}") @ (h if seen is None else seen)
        + getattr(layer, f"bias_ih_{suffix}")
        + getattr(layer, f"bias_hh_{suffix}")
    )
    i, f, g, o = gates.chunk(4)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def lstm_row(
    x: Tensor, layer: Recurrent, suffix: str, h: Tensor, c: Tensor, resets: Tensor | None = None, reverse: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """All steps of one row (T, X): outputs (T, H), last h, last c."""
    outputs: dict[int, Tensor] = {}
    steps = range(len(x))
    for t in reversed(steps) if reverse else steps:
        boundary = t + 1 if reverse else t
        if resets is not None and boundary < len(x) and bool(resets[boundary]):
            h, c = torch.zeros_like(h), torch.zeros_like(c)
        h, c = lstm_step(x[t], h, c, layer, suffix)
        outputs[t] = h
    series = torch.stack([outputs[t] for t in steps]) if outputs else x.new_zeros((0, len(h)))
    return series, h, c
