"""Interface of a backend: the call that it runs, its result, and its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recur.engine.noise import Noise
from recur.engine.packing import Packing
from recur.equations import Equation
from recur.markup import table

if TYPE_CHECKING:
    from recur.engine.native.frozen import FrozenWeights


@dataclass(frozen=True)
class Call:
    """One recurrence over one batch, checked.

    Attributes
    ----------
    equation : Equation
        The cell.
    x : Tensor
        Inputs (T, B, X), or packed (N, X).
    states : dict of str to Tensor
        Initial states (B, S), one for each state of the equation.
    parameters : mapping of str to Tensor
        One for each parameter of the equation.
    sizes : mapping of str to int
        The number of each size symbol.
    lengths : Tensor or None
        Real steps of each row (B,), 0..T.
    resets : Tensor or None
        (T, B) bool: a new sequence begins at step t.
    reverse : bool
        From each row's last real step to its first.
    noise : Noise
        Masks of recurrent dropout and zoneout.
    all_states : bool
        Whether the states of every step are returned.
    precision : str
        "float32" (the tensors' own dtype), "bfloat16" or "int8" (products only).
    packing : Packing or None
        How the inputs are packed; ``lengths`` is then None.
    memory_budget : int, "sqrt" or None
        Bytes that the values stored for the backward pass may take; others are recomputed. None stores them all.
    slowed : set of str
        Why backward passes of this call did not run on the backend of its forward pass; for the report.
    frozen : FrozenWeights or None
        The packed weights of earlier calls, for the native backend.
    ids : Tensor or None
        (T, B) int64, for the native backend: the inputs are rows of a table (V, X), which takes the place of x among
        the tensors of the call.
    """

    equation: Equation
    x: Tensor
    states: dict[str, Tensor]
    parameters: Mapping[str, Tensor]
    sizes: Mapping[str, int]
    lengths: Tensor | None = None
    resets: Tensor | None = None
    reverse: bool = False
    noise: Noise = field(default_factory=Noise)
    all_states: bool = False
    precision: str = "float32"
    packing: Packing | None = None
    memory_budget: int | str | None = None
    slowed: set[str] = field(default_factory=set)
    frozen: FrozenWeights | None = None
    ids: Tensor | None = None

    def without_tensors(self) -> Call:
        """The same call on empty tensors: its other arguments, where its tensors are passed separately."""
        return replace(
            self,
            x=self.x.new_empty((0, 0, self.x.shape[-1])),
            states={name: state.new_empty((0, state.shape[-1])) for name, state in self.states.items()},
            parameters={},
        )

    def without_padding(self) -> Call:
        """The same call with zeros in the padding."""
        if self.lengths is None:
            return self
        behind = torch.arange(self.x.shape[0], device=self.x.device).unsqueeze(1) >= self.lengths
        return replace(self, x=self.x.masked_fill(behind.unsqueeze(-1), 0))

    def padded(self) -> Call:
        """The same call with its packed inputs padded."""
        if self.packing is None:
            return self
        lengths = self.packing.lengths.to(self.x.device)
        return replace(self, x=self.packing.pad(self.x), lengths=lengths, packing=None)

    @property
    def steps(self) -> range:
        """The steps in the order in which they are computed."""
        return range(self.x.shape[0])[::-1] if self.reverse else range(self.x.shape[0])

    def live(self, t: int) -> Tensor | None:
        """(B, 1) bool: rows for which step t is real; None when all are."""
        return None if self.lengths is None else (self.lengths > t).unsqueeze(-1)

    def fresh(self, t: int) -> Tensor | None:
        """(B, 1) bool: rows whose states are zeroed before step t is computed; None when none can be.

        A reset at t is a boundary between t-1 and t. In reverse time it is crossed before step t-1.
        """
        if self.resets is None:
            return None
        boundary = t + 1 if self.reverse else t
        if boundary >= self.x.shape[0]:
            return None
        fresh = self.resets[boundary]
        if self.lengths is not None:
            fresh = fresh & (self.lengths > boundary)
        return fresh.unsqueeze(-1)


@dataclass(frozen=True)
class BackendReport:
    """The backend that ran a recurrence, and why each faster one did not.

    Attributes
    ----------
    ran : str
        "native", "stock" or "eager".
    reasons : dict of str to str
        For each backend that was not used, the reason.
    slowed : set of str
        Why later backward passes ran step by step in torch's operations; empty if none did.
    scanned : tuple of str
        The states in which the step is affine, where the loop over time ran as scans; empty where it did not.
    instructions : str
        The instructions of the processor that multiplied factors of 8 bits; empty where there were none.
    """

    ran: str
    reasons: dict[str, str] = field(default_factory=dict)
    slowed: set[str] = field(default_factory=set)
    scanned: tuple[str, ...] = ()
    instructions: str = ""

    def __str__(self) -> str:
        passed = [f"{name} not used: {reason}" for name, reason in self.reasons.items()]
        slowed = [f"a backward pass ran step by step in torch: {reason}" for reason in sorted(self.slowed)]
        scanned = [f"affine in {', '.join(self.scanned)}: scanned"] if self.scanned else []
        whole = [f"int8 products by {self.instructions}"] if self.instructions else []
        return "; ".join([f"backend: {self.ran}", *whole, *scanned, *passed, *slowed])

    def _repr_html_(self) -> str:
        """What a notebook shows: a row for each backend, and for each slow backward pass."""
        rows = [(self.ran, "ran")]
        if self.instructions:
            rows.append(("int8", f"products by {self.instructions}"))
        if self.scanned:
            rows.append(("scan", f"the step is affine in {', '.join(self.scanned)}"))
        rows += [(name, f"not used: {reason}") for name, reason in self.reasons.items()]
        rows += [("backward", f"step by step in torch: {reason}") for reason in sorted(self.slowed)]
        return table(rows, ("backend", "what happened"))


@dataclass(frozen=True)
class Result:
    """The result of a recurrence.

    Attributes
    ----------
    outputs : Tensor
        The first state of every step (T, B, O), zero at padded steps; (N, O) where the inputs were packed.
    states : dict of str to Tensor
        Each state after the last real step (B, S).
    all_states : dict of str to Tensor, or None
        Each state of every step in the form of the outputs, if it was requested.
    report : BackendReport
        Which backend ran, and why.
    """

    outputs: Tensor
    states: dict[str, Tensor]
    all_states: dict[str, Tensor] | None
    report: BackendReport

    def packed(self, packing: Packing | None) -> Result:
        """The same result in the form of inputs that were packed."""
        if packing is None:
            return self
        series = None if self.all_states is None else {n: packing.pack(one) for n, one in self.all_states.items()}
        return replace(self, outputs=packing.pack(self.outputs), all_states=series)
