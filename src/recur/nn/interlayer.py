"""Operations between two layers: merged directions, and dropout in two forms."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from recur.nn import shared_rows
from recur.nn.locked_masks import Lock
from recur.nn.masks import locked
from recur.nn.padding import TimeMajorSteps


def merge_directions(outputs: list[Tensor], how: str) -> Tensor:
    """Merge the outputs (T, B, O) of one or two directions, by "concat" or "sum"."""
    if len(outputs) == 1:
        return outputs[0]
    return torch.cat(outputs, dim=-1) if how == "concat" else outputs[0] + outputs[1]


def drop_between(y: Tensor, steps: TimeMajorSteps, dropout: float, variational_dropout: float, lock: Lock) -> Tensor:
    """Apply dropout (a new mask at every step), then variational dropout (one mask), to (T, B, O) or packed (N, O).

    Packed steps have no padding, and torch.nn draws for them in the same order: one seed gives one result in both.
    """
    if dropout > 0 and (not y.is_contiguous() or shared_rows.current() is not None):
        # dropout draws in memory order, which batch_first changes: one seed gives one mask in both layouts
        y = y * shared_rows.for_rows(
            y.shape, 1, lambda shape: functional.dropout(y.new_ones(shape), dropout, training=True)
        )
    else:
        y = functional.dropout(y, dropout, training=True)
    if variational_dropout == 0:
        return y
    mask = lock("between", partial(locked, y, steps.rows, variational_dropout))
    return y * (mask if steps.packing is None else mask.index_select(0, steps.packing.row_of.to(y.device)))
