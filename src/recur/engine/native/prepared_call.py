"""Prepared calls: everything but the tensors is checked and laid out once, for layers that repeat a call."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from recur.engine import observers, torch_state
from recur.engine.backend_interface import BackendReport, Call
from recur.engine.low_precision import refuse_gradients
from recur.engine.native import passes
from recur.engine.native.arguments import TYPES
from recur.engine.native.backend import Recurrence, instructions
from recur.engine.native.compiled_cell import CompiledCell, compiled_cell
from recur.engine.variables import BACKEND


class PreparedCall:
    """A call of the native backend without the checks that it has already passed.

    Parameters
    ----------
    call : Call
        A checked call without lengths, resets, noise and packing, all of whose parameters are given. Its tensors are
        not kept.
    """

    def __init__(self, call: Call) -> None:
        self.cell: CompiledCell = compiled_cell(call)
        self.call = call.without_tensors()
        self.report = BackendReport(
            "native", slowed=self.call.slowed, scanned=self.cell.scanned, instructions=instructions(call)
        )

    @property
    def possible(self) -> bool:
        """Whether every parameter of the step is one of the layer's own, in a dtype that the core computes in."""
        return not self.cell.once and self.call.x.dtype in TYPES

    def __call__(self, tensors: Sequence[Tensor | None]) -> Sequence[Tensor]:
        """Run it on x (T, B, X), initial states (None for zeros), matrices and vectors: y, then the final states."""
        self.call.slowed.clear()
        if torch.is_grad_enabled():
            for tensor in tensors:
                if tensor is not None and tensor.requires_grad:
                    refuse_gradients(self.call.precision, (tensor,))
                    outputs: Sequence[Tensor] = Recurrence.apply(self.cell, self.call, *tensors)  # type: ignore[no-untyped-call]
                    return outputs
        return passes.forward(self.cell, self.call, tensors, training=False)[0]


def undisturbed() -> bool:
    """Whether no observer of operations is active: tracing, transforms, forward mode, autocast."""
    return (
        torch_state.quiet()
        and not torch.is_autocast_enabled("cpu")
        and observers.current() is None
        and not BACKEND.is_set()
    )
