"""``LookUp``: the inputs of a layer as rows of a table, so that products with the input are those of the table."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

# products of fewer columns cost little beside copying their results
_FEWEST_COLUMNS = 32


@dataclass(frozen=True)
class LookUp:
    """Inputs x_t = table[id_t] of a recurrent layer, which are in memory only where it needs them.

    Of a long text in few different symbols the same rows are read again and again. W x is then computed once for each
    row of the table; of the backward pass, the dE/dz of all steps that read a row are added up before the products.

    Parameters
    ----------
    ids : Tensor
        (T, B) int64, or (B, T) with ``batch_first``, in 0..V-1.
    table : Tensor
        (V, X).
    """

    ids: Tensor
    table: Tensor

    def pays(self, columns: int) -> bool:
        """Whether products with the table, in training, cost less than products with every step's input."""
        few = 2 * len(self.table) <= self.ids.numel() and columns >= _FEWEST_COLUMNS
        return few and self.ids.dim() == 2 and torch.is_grad_enabled()

    def vectors(self) -> Tensor:
        """The inputs, (T, B, X) or (B, T, X)."""
        return functional.embedding(self.ids, self.table)
