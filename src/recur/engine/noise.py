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

__all__ = ["Noise", "noisy", "recurrent_states"]


@dataclass(frozen=True)
class Noise:
    """The random masks of one call.

    Attributes
    ----------
    recurrent : mapping of str to Tensor
        For each state a mask (B, S), already divided by the share of units that are kept.
    zoneout : mapping of str to Tensor or float
        For each state k_t: a mask (T, B, S) of zeros and ones, or its expectation.
    """

    recurrent: Mapping[str, Tensor] = field(default_factory=dict)
    zoneout: Mapping[str, Tensor | float] = field(default_factory=dict)

    def tensors(self) -> list[Tensor]:
        """Every mask that is a tensor."""
        return [m for m in (*self.recurrent.values(), *self.zoneout.values()) if isinstance(m, Tensor)]

    def __bool__(self) -> bool:
        return bool(self.recurrent or self.zoneout)


def noisy(equation: Equation, noise: Noise) -> Graph:
    """The equation's graph with masks on the states that have one in this call."""
    if not noise:
        return equation.graph
    return variant(equation, tuple(sorted(noise.recurrent)), tuple(sorted(noise.zoneout)))
