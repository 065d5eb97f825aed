"""Steps and straight-through values: their numbers, and the derivative that is used in place of their own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recur.engine import Noise, run
from recur.equations import Equation, equation, sigmoid, surrogates
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


@equation(x="H", z="H", h="H", W="H H")
def gated(x, z, h, W):
    likely = sigmoid(W @ x)
    z = surrogates.bernoulli(likely, z)
    return z, z * x + h


def drawn(draws: torch.Tensor | None, backend: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The gates of a sequence, their probabilities, and dE/dW of the sum of the gates."""
    torch.manual_seed(0)
    x = torch.randn(200, 3, 4, dtype=torch.float64)
    W = torch.randn(4, 4, dtype=torch.float64, requires_grad=True)
    noise = None if draws is None else Noise(drawn={"z": draws})
    gates = run(gated, x, None, {"W": W}, backend=backend, noise=noise).outputs
    gates.sum().backward()
    return gates.detach(), torch.sigmoid(x @ W.detach().t()), W.grad


@pytest.mark.parametrize("backend", ["eager", "native"])
@pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")
def test_a_binary_gate_is_drawn_and_its_derivative_is_that_of_the_probability(backend: str) -> None:
    draws = torch.rand(200, 3, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    gates, likely, slope = drawn(draws, backend)
    assert torch.equal(gates, (likely > draws).double())
    # 2,400 draws: four deviations
    assert abs(float((gates - likely).mean())) < 4 * 0.5 / 2400**0.5
    decided, _, same = drawn(None, backend)
    assert torch.equal(decided, (likely > 0.5).double())
    close(slope, same, "the gradient knows the probability alone")
    torch.manual_seed(0)
    x = torch.randn(200, 3, 4, dtype=torch.float64)
    expected = torch.einsum("tbi,tbj->ij", likely * (1 - likely), x)
    close(slope, expected, "dE/dW")


def test_numbers_are_drawn_for_states_alone() -> None:
    with pytest.raises(EquationError, match="bernoulli draws for b, which is not a state"):

        @equation(x="H", h="H", b="H")
        def wrong(x, h, b):
            return surrogates.bernoulli(sigmoid(x), b) + h


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda v: surrogates.bernoulli(v, 0.5), "a vector of probabilities and a state, got 0.5"),
        (lambda v: surrogates.bernoulli(vector(size="X"), v), "expected a state of that size"),
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
