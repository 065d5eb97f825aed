"""The proof that a step is affine in its states: what it accepts is affine and diagonal in numbers, too."""

from __future__ import annotations

import pytest
import torch

from recur import equations
from recur.compiler.affine import AffineStep, affine
from recur.engine import run
from recur.equations import Equation, concat, equation, mean, sigmoid, split, tanh
from recur.equations.surrogates import stop_gradient
from tests.engine.helpers import make
from tests.fuzz.affine_equations import affine_written
from tests.fuzz.random_equations import written
from tests.tolerances import close

PAPERS = {
    "min_gru": AffineStep(("h",), ()),
    "min_lstm": AffineStep(("h",), ()),
    "simple_recurrent_unit": AffineStep(("c",), ("h",)),
    "quasi_recurrent": AffineStep(("c",), ("h",)),
    "gated_linear_recurrence": AffineStep(("h",), ()),
    "moving_average": AffineStep(("h",), ()),
}


@pytest.mark.parametrize("name", PAPERS)
def test_the_affine_cells_of_papers_are_proved_affine(name: str) -> None:
    assert affine(equations.get(name).graph) == PAPERS[name]


@pytest.mark.parametrize("name", sorted(set(equations.names()) - set(PAPERS)))
def test_no_other_cell_is_said_to_be_affine(name: str) -> None:
    assert affine(equations.get(name).graph) is None


@equation(x="H", h="H", c="H")
def cascade(x, h, c):
    c = 0.5 * c + x
    h = 0.5 * h + c
    return h, c


@equation(x="H", h="H", c="H")
def exchanged(x, h, c):
    return c + x, h


@equation(x="H", h="2H")
def crossed(x, h):
    p, q = split(h, 2)
    return concat(q, p) + concat(x, x)


@equation(x="H", h="H")
def averaged(x, h):
    return 0.5 * h + mean(h) + x


@equation(x="H", h="H")
def squared(x, h):
    return x * h * h


@equation(x="H", h="H")
def held(x, h):
    return stop_gradient(h) + x


@equation(x="H", h="H", c="1")
def stretched(x, h, c):
    return h * 0.5 + c + x, 0.5 * c


@equation(x="X", h="H", W="H X", U="H H")
def linear(x, h, W, U):
    return U @ h + W @ x


@equation(x="X", h="H", W="H X")
def forgetful(x, h, W):  # noqa: ARG001 (that it reads no state is the case)
    return tanh(W @ x)


@pytest.mark.parametrize(
    "cell", [cascade, exchanged, crossed, averaged, squared, held, stretched, linear, forgetful], ids=lambda c: c.name
)
def test_steps_that_mix_states_or_units_or_multiply_states_are_refused(cell: Equation) -> None:
    assert affine(cell.graph) is None


@equation(x="H", h="2H")
def apart(x, h):
    p, q = split(h, 2)
    return concat(sigmoid(x) * p, q / (2 + x * x) - x)


def test_halves_of_a_state_that_keep_their_places_are_affine() -> None:
    assert affine(apart.graph) == AffineStep(("h",), ())


def assert_affine_in_numbers(cell: Equation, proof: AffineStep, seed: int) -> None:
    """f(s1) + f(s2) - f(0) = f(s1 + s2), and each new unit depends on that unit of the recurrent states alone."""
    case = make(cell, 1, 2, 3, 4, P=2, seed=seed)

    def step(states: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return run(cell, case.x, states, case.parameters, backend="eager").states

    with torch.no_grad():
        other = {name: torch.randn_like(state) for name, state in case.states.items()}
        nothing = {name: torch.zeros_like(state) for name, state in case.states.items()}
        one, two, zero = step(case.states), step(other), step(nothing)
        both = step({name: state + other[name] for name, state in case.states.items()})
    for name, value in both.items():
        close(one[name] + two[name] - zero[name], value, name)
    new = step(case.states)
    for name, value in new.items():
        for unit in range(value.shape[1]):
            picked = list(case.states.values())
            if not value.requires_grad:
                continue
            rows = torch.autograd.grad(value[0, unit], picked, retain_graph=True, allow_unused=True)
            for state, row in zip(case.states, rows, strict=True):
                if row is None:
                    continue
                found = {(int(b), int(u)) for b, u in row.nonzero()}
                alone = state in proof.recurrent and (name == state or name in proof.read_out)
                assert found <= ({(0, unit)} if alone else set()), f"{name}[{unit}] reads {state}"


def test_random_affine_equations_are_found_and_are_affine_in_numbers() -> None:
    for seed in range(120):
        wrote = affine_written(seed)
        cell = wrote.equation()
        proof = affine(cell.graph)
        assert proof is not None, wrote.text
        assert_affine_in_numbers(cell, proof, seed)


def test_random_equations_with_one_part_that_is_not_affine_are_refused() -> None:
    for seed in range(120):
        wrote = affine_written(seed, affine=False)
        assert affine(wrote.equation().graph) is None, wrote.text


def test_what_is_said_of_any_random_equation_is_true_in_numbers() -> None:
    for seed in range(250):
        cell = written(seed).equation()
        proof = affine(cell.graph)
        if proof is not None:
            assert_affine_in_numbers(cell, proof, seed)
