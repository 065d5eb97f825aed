"""``PlainReadout``: a readout as one matrix and what follows it, for programs that are written elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor


@dataclass(frozen=True)
class PlainReadout:
    """z = W h + b, and what the answer is made of z.

    Attributes
    ----------
    weight : Tensor
        (V, H).
    bias : Tensor or None
        (V,).
    ends_in : str
        ``softmax``: probabilities of symbols; ``sigmoid``: probabilities of events; ``units``: standardised numbers,
        which are scaled to their own units.
    output : str
        The name of the same answer among the outputs of `StepHead.tensors`.
    """

    weight: Tensor
    bias: Tensor | None
    ends_in: Literal["softmax", "sigmoid", "units"]
    output: str
