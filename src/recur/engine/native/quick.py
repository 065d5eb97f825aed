"""A prepared call of the core: everything but the tensors is checked and laid out once, for layers that repeat it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from recur.engine import torch_state, watch
from recur.engine.call import Call, Report
from recur.engine.native import passes
from recur.engine.native.arguments import TYPES
from recur.engine.native.backend import Recurrence
from recur.engine.native.program import Compiled, compiled
from recur.engine.variables import BACKEND


class Quick:
    """The native backend without the checks that one call has passed already.

    Parameters
    ----------
    call : Call
        A checked call without lengths, resets, noise and packing, all of whose parameters are given. Its tensors are
        not kept.
    """

    def __init__(self, call: Call) -> None:
        self.made: Compiled = compiled(call)
        self.call = call.without_tensors()
        self.report = Report("native", slowed=self.call.slowed)

    @property
    def possible(self) -> bool:
        """Whether every parameter of the step is one of the layer's own, in a dtype that the core computes in."""
        return not self.made.once and self.call.x.dtype in TYPES

    def __call__(self, tensors: Sequence[Tensor | None]) -> Sequence[Tensor]:
        """Run it on x (T, B, X), initial states (None for zeros), matrices and vectors: y, then the final states."""
        self.call.slowed.clear()
        if torch.is_grad_enabled():
            for tensor in tensors:
                if tensor is not None and tensor.requires_grad:
                    outputs: Sequence[Tensor] = Recurrence.apply(self.made, self.call, *tensors)  # type: ignore[no-untyped-call]
                    return outputs
        return passes.forward(self.made, self.call, tensors, training=False)[0]


def undisturbed() -> bool:
    """Whether no observer of operations is active: tracing, transforms, forward mode, autocast."""
    return (
        torch_state.quiet() and not torch.is_autocast_enabled("cpu") and watch.current() is None and not BACKEND.given()
    )
