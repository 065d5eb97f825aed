"""Steps and other values whose derivative is not their own: surrogate gradients, straight-through, stop_gradient.

A step has the derivative 0 everywhere, from which nothing can be learned. A surrogate computes the step forward and
the derivative of a smooth function in its place backward. Sources: Y. Bengio, N. Leonard, A. Courville (2013),
arXiv:1308.3432 (straight-through); E. Neftci, H. Mostafa, F. Zenke (2019), IEEE Signal Processing Magazine 36(6).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from recur.equations.language import Symbol, absolute, atan, binary, maximum, minimum, sigmoid
from recur.equations.sizes import show
from recur.errors import EquationError, did_you_mean

WORDS = ("greater", "stop_gradient", "straight_through", "bernoulli", "step")
"""The words of this file that an equation may use."""


def _triangle(value: Symbol, slope: float) -> Symbol:
    near = maximum(minimum(value, 1 / slope), -1 / slope)
    return near - near * absolute(near) * (slope / 2)


# what is differentiated in place of the step
_SURROGATES: dict[str, Callable[[Symbol, float], Symbol]] = {
    "fast_sigmoid": lambda v, slope: v / (absolute(v) * slope + 1.0),
    "sigmoid": lambda v, slope: sigmoid(v * slope),
    "arctan": lambda v, slope: atan(v * (math.pi / 2 * slope)) * (1 / math.pi),
    "triangle": _triangle,
    "straight_through": lambda v, _slope: v,
}


def greater(a: Symbol | float, b: Symbol | float) -> Symbol:
    """1 where a > b and 0 elsewhere, element by element; its derivative is 0."""
    return binary("greater", a, b)


def stop_gradient(value: Symbol) -> Symbol:
    """The value as a constant: no error flows back through it."""
    if not isinstance(value, Symbol) or len(value.node.shape) == 2:
        raise EquationError(f"stop_gradient takes a vector of the equation, got {value!r}")
    builder = value.builder
    return Symbol(builder, builder.surrogate(value.node, builder.constant(0.0)))


def straight_through(value: Symbol, differentiated: Symbol) -> Symbol:
    """The first value, with the derivative of the second: ``straight_through(greater(p, u), p)`` is a binary gate.

    Both have one size. ``u`` is a second input of uniform numbers where the gate is to be random.
    """
    for one in (value, differentiated):
        if not isinstance(one, Symbol) or len(one.node.shape) != 1:
            raise EquationError(f"straight_through takes two vectors of the equation, got {one!r}")
    if value.node.size != differentiated.node.size:
        raise EquationError(
            f"straight_through: the value is {show(value.node.shape)} and what is differentiated "
            f"{show(differentiated.node.shape)}",
            hint="both have the same size",
        )
    return Symbol(value.builder, value.builder.surrogate(value.node, differentiated.node))


def bernoulli(probability: Symbol, state: Symbol) -> Symbol:
    """1 with this probability and 0 otherwise, drawn for each unit of a state of the same size: a binary gate.

    The derivative is that of the probability (straight-through). Outside training nothing is drawn: it is 1 where the
    probability is above 0.5. Every use for the same state reads the same uniform numbers.
    """
    for one in (probability, state):
        if not isinstance(one, Symbol) or one.dims is not None or len(one.node.shape) != 1:
            raise EquationError(
                f"bernoulli takes a vector of probabilities and a state, got {one!r}", hint="bernoulli(sigmoid(v), z)"
            )
    if state.node.op not in {"state", "parameter"} or probability.node.size != state.node.size:
        raise EquationError(
            f"bernoulli of {show(probability.node.shape)} for {state!r}: expected a state of that size",
            hint="bernoulli(p, z) draws as many numbers as the state z has",
        )
    uniform = Symbol(state.builder, state.builder.uniform(state.node))
    return straight_through(greater(probability, uniform), probability)


def step(value: Symbol, surrogate: str = "fast_sigmoid", slope: float = 25.0) -> Symbol:
    """1 where v > 0 and 0 elsewhere: a spike. Backward, the derivative of a smooth function.

    ==================  =========================================  =====================================
    surrogate           derivative                                 source
    ==================  =========================================  =====================================
    fast_sigmoid        1 / (1 + slope abs(v))^2                   Zenke and Ganguli (2018), eq. 10
    sigmoid             slope s (1 - s), s = sigmoid(slope v)      Zenke and Ganguli (2018)
    arctan              slope / (2 + 2 (pi / 2 slope v)^2)         Fang et al. (2021), arXiv:2007.05785
    triangle            max(0, 1 - slope abs(v))                   Bellec et al. (2018), eq. 5
    straight_through    1                                          Bengio et al. (2013)
    ==================  =========================================  =====================================
    """
    if surrogate not in _SURROGATES:
        raise EquationError(
            f'step: unknown surrogate "{surrogate}".{did_you_mean(surrogate, _SURROGATES)}',
            hint=", ".join(_SURROGATES),
        )
    if isinstance(slope, bool) or not isinstance(slope, (int, float)) or not 0 < slope < math.inf:
        raise EquationError(f"step: slope={slope!r}, expected a positive number", hint="slope=25")
    smooth = _SURROGATES[surrogate](value, float(slope))
    return straight_through(greater(value, 0.0), smooth)
