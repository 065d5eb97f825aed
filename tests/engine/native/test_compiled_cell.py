"""Cells that users write are compiled at their first use and agree with the equation, however odd it is."""

from __future__ import annotations

import itertools

import pytest
import torch

from recur.compiler.variants import recurrent_states
from recur.engine import Noise, run
from recur.errors import BackendError
from recur.nn import Recurrent
from tests.engine import odd_cells
from tests.engine.helpers import assert_native_is_eager, make, threads

pytestmark = pytest.mark.filterwarnings("ignore::recur.engine.native.library.CompiledNotice")


@pytest.fixture(autouse=True)
def _memory_is_full_of_nan(monkeypatch):
    monkeypatch.setenv("RECUR_FILL_NAN", "1")


def input_size(cell, H: int) -> int:
    """X, where it is free; else what H makes of it."""
    size = cell.shapes[cell.input][0]
    return 3 if "X" in size.symbols else size.value({"H": H})


@pytest.mark.parametrize("cell", odd_cells.ODD, ids=lambda cell: cell.name)
def test_an_odd_equation_agrees(cell):
    for size, (ragged, resets, reverse) in zip(
        [(5, 3, 4), (1, 1, 1), (3, 2, 17), (4, 9, 33), (2, 17, 5), (0, 2, 3), (3, 0, 2), (6, 1, 16)],
        itertools.product((False, True), repeat=3),
        strict=True,
    ):
        T, B, H = size
        case = make(cell, T, B, input_size(cell, H), H, ragged=ragged, resets=resets)
        with threads(1 + H % 3):
            assert_native_is_eager(case, f"{size} {ragged=} {resets=} {reverse=}", reverse=reverse)


@pytest.mark.parametrize("cell", [odd_cells.state_first, odd_cells.in_halves, odd_cells.three_states],
                         ids=lambda cell: cell.name)  # fmt: skip
def test_an_odd_equation_agrees_under_noise(cell):
    case = make(cell, 4, 3, input_size(cell, 5), 5, noise=True, ragged=True)
    assert_native_is_eager(case)
    case.noise = Noise(zoneout=dict.fromkeys(cell.states, 0.25))
    assert_native_is_eager(case)


@pytest.mark.parametrize("cell", [odd_cells.parameters_alone, odd_cells.added_totals, odd_cells.three_states],
                         ids=lambda cell: cell.name)  # fmt: skip
def test_an_odd_equation_can_be_differentiated_twice(cell):
    case = make(cell, 3, 2, 2, 3)
    names = list(case.parameters)

    def outputs(x, *parameters):
        return run(cell, x, case.states, dict(zip(names, parameters, strict=True)), backend="native").outputs

    assert torch.autograd.gradgradcheck(outputs, (case.x, *case.parameters.values()), fast_mode=True)


# each multiplies or compares a product with the input with another value, so the backward pass reads that product
READ_BACK = [
    odd_cells.rectified_apart, odd_cells.the_larger_product, odd_cells.modulated_input, odd_cells.gated_by_both,
    odd_cells.multiplicative_integration_lstm, odd_cells.selective_state_space, odd_cells.a_number_read_back,
]  # fmt: skip


@pytest.mark.parametrize("cell", READ_BACK, ids=lambda cell: cell.name)
def test_native_gradients_are_those_of_finite_differences(cell):
    case = make(cell, 4, 2, 3, 3, ragged=True)
    names = list(case.leaves)

    def outputs(*leaves):
        given = dict(zip(names, leaves, strict=True))
        states = {name: given.pop(f"{name}_0") for name in cell.states}
        result = run(cell, given.pop("x"), states, given, lengths=case.lengths, backend="native", all_states=True)
        return (*result.all_states.values(), *result.states.values())

    assert torch.autograd.gradcheck(outputs, tuple(case.leaves.values()), rtol=1e-6, atol=1e-6, fast_mode=True)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (odd_cells.cut_in_two_orders, "one vector is cut at"),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_what_cannot_be_compiled_runs_as_an_equation_and_the_report_says_why(cell, reason):
    layer = Recurrent(cell, 3, 4, sizes={"P": 2})
    output, _ = layer(torch.randn(5, 2, 3))
    output.sum().backward()
    assert layer.backend_report().ran == "eager"
    assert reason in layer.backend_report().reasons["native"]
    layer.engine = "native"
    with pytest.raises(BackendError, match=reason):
        layer(torch.randn(5, 2, 3))


def test_states_that_recurrent_dropout_masks_are_found_in_odd_cells():
    assert recurrent_states(odd_cells.no_matrix) == ()
    assert recurrent_states(odd_cells.in_halves) == ("h",)
    assert recurrent_states(odd_cells.three_states) == ("h", "m")
