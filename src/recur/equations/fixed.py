"""``fixed``: matrices and vectors of an equation that are computed from sizes, and never trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from recur.errors import EquationError


@dataclass(frozen=True)
class Fixed:
    """The declaration of an argument whose values follow from the sizes.

    Attributes
    ----------
    size : str
        Its size, as for any argument: "N N".
    compute : callable
        Given its size symbols by name, ``compute(N=4)``, returns the values: an array or nested lists.
    """

    size: str
    compute: Callable[..., Any]


def fixed(size: str, compute: Callable[..., Any]) -> Fixed:
    """Declare an argument whose values are computed from sizes, and stay what they are: no gradient, no training.

    Parameters
    ----------
    size : str
        Its size, as for any argument.
    compute : callable
        Called with its size symbols by name when a layer is made; returns an array of that shape.

    Returns
    -------
    Fixed
        For ``@equation``.

    Examples
    --------
    >>> import numpy as np
    >>> from recur.equations import equation, fixed, tanh
    >>> @equation(x="X", h="H", W="H X", A=fixed("H H", lambda H: np.roll(np.eye(H), 1, axis=0)))
    ... def delay_line(x, h, W, A):
    ...     return W @ x + A @ h
    >>> delay_line.fixed_value("A", X=1, H=3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """
    if not isinstance(size, str) or not callable(compute):
        raise EquationError(
            f"fixed({size!r}, {compute!r}): expected a size and a function of its symbols",
            hint='A=fixed("N N", lambda N: numpy.eye(N))',
        )
    return Fixed(size, compute)
