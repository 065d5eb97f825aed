"""Random masks of recurrent dropout and zoneout for one call, and the graph that reads them.

All rooms above get recurrent dropout and zoneout from here: the compiler's variants of the graph are used in no other
file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from recur.compiler.variants import recurrent_states, variant
from recur.equations import Equation
from recur.equations.graph import Graph

__all__ = ["HALF", "Noise", "drawn_states", "expected", "noisy", "recurrent_states"]


@dataclass(frozen=True)
class Noise:
    """The random masks of one call.

    Attributes
    ----------
    recurrent : mapping of str to Tensor
        For each state a mask (B, S), already divided by the share of units that are kept.
    zoneout : mapping of str to Tensor or float
        For each state k_t: a mask (T, B, S) of zeros and ones, or its expectation.
    drawn : mapping of str to Tensor or float
        For each state for which the equation draws: numbers (T, B, S) between 0 and 1, or 0.5 outside training.
    """

    recurrent: Mapping[str, Tensor] = field(default_factory=dict)
    zoneout: Mapping[str, Tensor | float] = field(default_factory=dict)
    drawn: Mapping[str, Tensor | float] = field(default_factory=dict)

    def tensors(self) -> list[Tensor]:
        """Every mask that is a tensor."""
        every = (*self.recurrent.values(), *self.zoneout.values(), *self.drawn.values())
        return [m for m in every if isinstance(m, Tensor)]

    def of(self, name: str) -> Tensor | float:
        """The values of a noise of a graph, which has the kind and the state in its name."""
        kind, _, state = name.partition(":")
        return {"recurrent": self.recurrent, "zoneout": self.zoneout, "drawn": self.drawn}[kind][state]

    def __bool__(self) -> bool:
        return bool(self.recurrent or self.zoneout or self.drawn)


HALF = 0.5
"""What is read in place of numbers drawn between 0 and 1, outside training."""


def drawn_states(equation: Equation) -> tuple[str, ...]:
    """The states for which the equation draws numbers."""
    return tuple(name.partition(":")[2] for name in equation.graph.noises)


def expected(equation: Equation, zoneout: Mapping[str, float]) -> Noise:
    """What is read outside training: the expectation of zoneout, and one half for numbers that are drawn."""
    return Noise({}, dict(zoneout), dict.fromkeys(drawn_states(equation), HALF))


def noisy(equation: Equation, noise: Noise) -> Graph:
    """The equation's graph with masks on the states that have one in this call."""
    if not (noise.recurrent or noise.zoneout):
        return equation.graph
    return variant(equation, tuple(sorted(noise.recurrent)), tuple(sorted(noise.zoneout)))
