"""Random recurrences of any cell at any size, for the tests of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from recur import equations
from recur.engine import Noise, recurrent_states, run
from recur.engine.noise import drawn_states
from recur.equations import Equation
from tests.tolerances import close, near

CELLS = equations.stock()
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
    P: int | None = None,
    ragged: bool = False,
    resets: bool = False,
    noise: bool = False,
    dtype: torch.dtype = torch.float64,
    seed: int = 0,
) -> Case:
    """A random recurrence; ``ragged`` rows include one of length zero where there is room."""
    generator = torch.Generator().manual_seed(seed)
    cell = equations.get(name) if isinstance(name, str) else name
    heads = next(count for count in (3, 2, 1) if H % count == 0)
    sizes = {"X": X, "H": H, "P": P or max(1, H // 2), "N": 3, "K": 2, "heads": heads}

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
        drawn = {s: torch.rand((T, *states[s].shape), generator=generator, dtype=dtype) for s in drawn_states(cell)}
        masks = Noise(drop, zone, drawn)
    return Case(
        cell,
        random(T, B, *cell.shape(cell.input, **sizes)),
        states,
        {p: random(*cell.shape(p, **sizes)) for p in cell.parameters},
        lengths,
        (torch.rand(T, B, generator=generator) < 0.3) if resets else None,
        masks,
    )


@contextmanager
def threads(count: int) -> Iterator[None]:
    """So many threads in here."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def everything(case: Case, backend: str, **options: Any) -> dict[str, Tensor]:
    """Outputs, all states, final states and every gradient of one backend, which is proved to have run.

    The error is a sum of all of them with fixed random weights, so no gradient cancels out.
    """
    options = {"all_states": True, **options}
    if "packing" not in options:
        options["lengths"] = case.lengths
    result = run(
        case.equation, case.x, case.states, case.parameters, resets=case.resets, noise=case.noise, backend=backend,
        **options,
    )  # fmt: skip
    assert result.report.ran == backend
    found = {"outputs": result.outputs}
    found |= {f"final {name}": value for name, value in result.states.items()}
    found |= {f"every {name}": value for name, value in (result.all_states or {}).items()}
    generator = torch.Generator().manual_seed(5)
    pairs = [
        (value, torch.randn(value.shape, generator=generator, dtype=torch.float64).to(value.dtype))
        for value in found.values()
    ]
    pairs = [(value, weight) for value, weight in pairs if value.requires_grad]
    leaves = {name: leaf for name, leaf in case.leaves.items() if leaf.requires_grad}
    gradients = torch.autograd.grad(
        [value for value, _ in pairs], list(leaves.values()), [weight for _, weight in pairs], allow_unused=True
    )
    for (name, leaf), gradient in zip(leaves.items(), gradients, strict=True):
        found[f"dE/d {name}"] = torch.zeros_like(leaf) if gradient is None else gradient
    return {name: value.detach() for name, value in found.items()}


def assert_native_is_eager(case: Case, what: str = "", **options: Any) -> None:
    """The native backend gives what the reference gives, to the tolerance of the dtype."""
    expected, found = everything(case, "eager", **options), everything(case, "native", **options)
    assert list(found) == list(expected)
    like = torch.bfloat16 if options.get("precision") == "bfloat16" else case.x.dtype
    for name, value in found.items():
        about = f"{case.equation.name} {what} {name}"
        if like in (torch.float32, torch.bfloat16):
            near(value, expected[name], about, like)
        else:
            close(value, expected[name], about)
