"""What happens between two layers: directions put together, dropout in its two forms, the residual sum."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from recur.nn.masks import locked
from recur.nn.padding import Steps, padded


def merge_directions(outputs: list[Tensor], how: str) -> Tensor:
    """Put the outputs (T, B, O) of one or two directions together, by "concat" or "sum"."""
    if len(outputs) == 1:
        return outputs[0]
    return torch.cat(outputs, dim=-1) if how == "concat" else outputs[0] + outputs[1]


def drop_between(y: Tensor, steps: Steps, dropout: float, variational_dropout: float) -> Tensor:
    """Apply dropout at every step anew, then dropout with one mask for all steps, to (T, B, O)."""
    if dropout > 0:
        if steps.packed is not None and steps.lengths is not None:
            # torch.nn draws for the real steps of a packed input only, in their order; drawn alike here, one seed
            # means one result in both
            live = ~padded(steps.lengths, y.shape[0])
            mask = functional.dropout(torch.ones_like(y[live]), dropout, training=True)
            y = y * torch.zeros_like(y).masked_scatter(live.unsqueeze(-1), mask)
        else:
            y = functional.dropout(y, dropout, training=True)
    return y * locked(y, variational_dropout) if variational_dropout > 0 else y
