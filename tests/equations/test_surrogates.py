"""Steps and straight-through values: their numbers, and the derivative that is used in place of their own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recur.engine import run
from recur.equations import Equation, equation, surrogates
from recur.errors import EquationError
from tests.equations.test_language import value, vector
from tests.tolerances import close

SLOPE = 3.0
POINTS = [-2.0, -0.3, -1e-3, 0.0, 1e-3, 0.2, 1.5]
DERIVATIVES = {
    "fast_sigmoid": lambda v: 1 / (1 + SLOPE * v.abs()) ** 2,
    "sigmoid": lambda v: SLOPE * torch.sigmoid(SLOPE * v) * (1 - torch.sigmoid(SLOPE * v)),
    "arctan": lambda v: SLOPE / (2 + 2 * (torch.pi / 2 * SLOPE * v) ** 2),
    "triangle": lambda v: (1 - SLOPE * v.abs()).clamp(min=0),
    "straight_through": torch.ones_like,
}


def cell(surrogate: str) -> Equation:
    @equation(x="H", h="H", a="H")
    def spike(x, h, a):
        return surrogates.step(a * x + 0 * h, surrogate, SLOPE)

    return spike


@pytest.mark.parametrize("surrogate", DERIVATIVES)
@pytest.mark.parametrize("backend", ["eager", "native"])
@pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")
def test_a_step_is_exact_and_has_the_derivative_of_its_surrogate(surrogate: str, backend: str) -> None:
    x = torch.tensor(POINTS, dtype=torch.float64).reshape(1, 1, -1).requires_grad_()
    one = torch.ones(len(POINTS), dtype=torch.float64)
    outputs = run(cell(surrogate), x, None, {"a": one}, backend=backend).outputs
    assert outputs.detach().flatten().tolist() == [float(point > 0) for point in POINTS]
    outputs.sum().backward()
    close(x.grad, DERIVATIVES[surrogate](x.detach()), f"d step / dv by {surrogate}, {backend}")


def test_what_stops_the_gradient_and_what_is_greater_are_numbers_as_they_are() -> None:
    v, numbers = vector(), np.array([0.5, -1.5, 2.0, 0.25])
    assert value(surrogates.stop_gradient(v), (v, numbers)).tolist() == numbers.tolist()
    assert value(surrogates.greater(v, 0.3), (v, numbers)).tolist() == [1, 0, 1, 0]
    assert value(surrogates.straight_through(surrogates.greater(v, 0.3), v), (v, numbers)).tolist() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda v: surrogates.step(v, "sigmod"), 'unknown surrogate "sigmod". Did you mean "sigmoid"'),
        (lambda v: surrogates.step(v, slope=0), "slope=0, expected a positive number"),
        (lambda v: surrogates.step(v, slope=float("nan")), "expected a positive number"),
        (lambda v: surrogates.straight_through(v, vector(size="X")), "the value is H and what is differentiated X"),
        (lambda v: surrogates.straight_through(v, 1.0), "takes two vectors of the equation, got 1.0"),
        (lambda _: surrogates.stop_gradient(1.0), "takes a vector of the equation, got 1.0"),
    ],
)
def test_what_cannot_be_right_is_refused(write, said: str) -> None:
    with pytest.raises(EquationError, match=said):
        write(vector())
