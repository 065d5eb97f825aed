"""``PlainReadout``: a readout as one matrix and what follows it, for programs that are written elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from recur.nn import CRF


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
        which are scaled to their own units; ``scores``: scores of tags, of which a whole row is searched.
    output : str
        The name of the same answer among the outputs of `StepHead.tensors`.
    chain : CRF or None
        Of scores, the scores of first, neighbouring and last tags.
    """

    weight: Tensor
    bias: Tensor | None
    ends_in: Literal["softmax", "sigmoid", "units", "scores"]
    output: str
    chain: CRF | None = None
