"""``OnePass``: the parts of a network that answers in one pass, in the order of computation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from recur.heads.step_head import StepHead
from recur.network.inputs import Inputs
from recur.network.stack import Stack


@dataclass(frozen=True)
class OnePass:
    """The parts of a computation in one pass, in their order.

    Attributes
    ----------
    inputs : Inputs
        Values to vectors.
    hidden : nn.Sequential or None
        Layers without time, where the network has these.
    stack : Stack or None
        Recurrent layers, where it has these.
    pooling : str
        Which summary of the steps is read out: last, mean or max; empty where each step is read out separately.
    head : StepHead
        The readout.
    run : callable
        (values, state or None, lengths or None) -> the vectors that are read out, and the state after them.
    """

    inputs: Inputs
    hidden: nn.Sequential | None
    stack: Stack | None
    pooling: str
    head: StepHead
    run: Callable[[Tensor, Any, Tensor | None], tuple[Tensor, Any]]
