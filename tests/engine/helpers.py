"""Random recurrences of any cell at any size, for the tests of the engine."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from recur import equations
from recur.engine import Noise, recurrent_states
from recur.equations import Equation

CELLS = equations.names()
# (T, B, X, H): the awkward ones on purpose
SIZES = [(5, 3, 4, 6), (1, 1, 2, 1), (1, 4, 3, 2), (7, 1, 1, 5), (3, 2, 63, 3), (0, 2, 3, 4), (3, 0, 2, 2)]


@dataclass
class Case:
    """A cell with random leaves in float64."""

    equation: Equation
    x: Tensor
    states: dict[str, Tensor]
    parameters: dict[str, Tensor]
    lengths: Tensor | None
    resets: Tensor | None
    noise: Noise | None

    @property
    def leaves(self) -> dict[str, Tensor]:
        return {"x": self.x, **{f"{k}_0": v for k, v in self.states.items()}, **self.parameters}


def make(
    name: str | Equation,
    T: int,
    B: int,
    X: int,
    H: int,
    *,
    ragged: bool = False,
    resets: bool = False,
    noise: bool = False,
    dtype: torch.dtype = torch.float64,
    seed: int = 0,
) -> Case:
    """A random recurrence; ``ragged`` rows include one of length zero where there is room."""
    generator = torch.Generator().manual_seed(seed)
    cell = equations.get(name) if isinstance(name, str) else name
    sizes = {"X": X, "H": H, "P": max(1, H // 2)}

    def random(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=dtype).requires_grad_()

    states = {s: random(B, *cell.shape(s, **sizes)) for s in cell.states}
    lengths = torch.randint(0, T + 1, (B,), generator=generator) if ragged else None
    if lengths is not None and B > 1:
        lengths[B // 2] = 0
        lengths[0] = T
    masks = None
    if noise:
        drop = {s: (torch.rand(states[s].shape, generator=generator) < 0.7).to(dtype) / 0.7
                for s in recurrent_states(cell)}  # fmt: skip
        zone = {s: (torch.rand((T, *states[s].shape), generator=generator) < 0.3).to(dtype) for s in cell.states}
        masks = Noise(drop, zone)
    return Case(
        cell,
        random(T, B, X),
        states,
        {p: random(*cell.shape(p, **sizes)) for p in cell.parameters},
        lengths,
        (torch.rand(T, B, generator=generator) < 0.3) if resets else None,
        masks,
    )
