"""Random masks of recurrent dropout and zoneout for one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from recur.compiler.variants import variant
from recur.equations import Equation
from recur.equations.graph import Graph


@dataclass(frozen=True)
class Noise:
    """The random masks of one call.

    Attributes
    ----------
    recurrent : mapping of str to Tensor
        For each state a mask (B, S), already divided by the share that is kept.
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
    """The equation's graph with the noise that this call has."""
    if not noise:
        return equation.graph
    return variant(equation, tuple(sorted(noise.recurrent)), tuple(sorted(noise.zoneout)))
