"""Words that read a vector as a whole: largest, softmax, logsumexp, cumsum, and one-hot of the largest."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from recur.equations.language import Symbol, exp, log, total
from recur.equations.sizes import Size
from recur.equations.surrogates import greater, stop_gradient
from recur.errors import EquationError

if TYPE_CHECKING:
    import numpy as np

WORDS = ("largest", "softmax", "logsumexp", "one_hot_of_largest", "count", "cumsum")
"""The words of this file that an equation may use."""


def _vector(name: str, value: Symbol) -> None:
    if not isinstance(value, Symbol) or len(value.node.shape) != 1:
        raise EquationError(f"{name} takes a vector of the equation, got {value!r}", hint=f"{name}(W @ x)")


def largest(value: Symbol) -> Symbol:
    """The largest element of a vector; it stretches to any size. Equal ones share the derivative, as in torch.amax."""
    _vector("largest", value)
    return Symbol(value.builder, value.builder.largest(value.node))


def softmax(value: Symbol) -> Symbol:
    """e^v / total(e^v): positive numbers whose sum is 1. The largest element is subtracted first, so none overflows."""
    _vector("softmax", value)
    shifted = exp(value - stop_gradient(largest(value)))
    return shifted / total(shifted)


def logsumexp(value: Symbol) -> Symbol:
    """log(total(e^v)), computed without overflow; it stretches to any size."""
    _vector("logsumexp", value)
    top = stop_gradient(largest(value))
    return log(total(exp(value - top))) + top


def one_hot_of_largest(value: Symbol) -> Symbol:
    """1 at the largest element (at each of them, if several are equal) and 0 elsewhere; its derivative is 0."""
    _vector("one_hot_of_largest", value)
    return 1.0 - greater(largest(value), value)


def count(value: Symbol) -> Symbol:
    """The number of elements of a vector: ``k / sqrt(count(k))``."""
    _vector("count", value)
    return Symbol(value.builder, value.builder.count(value.node.size))


def triangle_name(size: Size) -> str:
    """The name of the parameter that a cumulative sum over a vector of this size brings with it."""
    return "cumsum_" + re.sub(r"\W", "_", str(size))


def triangle(size: Size) -> Callable[..., np.ndarray]:
    """What computes that parameter, a triangle of ones, from sizes."""

    def ones(**sizes: int) -> np.ndarray:
        import numpy as np  # here, since the cells are compiled where there is none

        return np.tril(np.ones((size.value(sizes),) * 2))

    return ones


def cumsum(value: Symbol) -> Symbol:
    """The running sum of a vector: element i is v_1 + ... + v_i.

    ``cumsum(softmax(v))`` is the cumax of ordered neurons (Shen et al. 2019). It is a product with a fixed triangle of
    ones, which every backend runs as fast as any other product.
    """
    _vector("cumsum", value)
    size = value.node.size
    ones = value.builder.fixed(triangle_name(size), (size, size), triangle(size))
    return Symbol(value.builder, value.builder.matvec(ones, value.node))
