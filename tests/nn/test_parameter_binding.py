"""A layer's own parameters and the equation's: names, order, shapes, the sum of two biases."""

from __future__ import annotations

import pytest
import torch

from recur import equations
from recur.errors import ShapeError
from recur.nn.parameter_binding import TORCH_NAMES, Binding, bind, is_bias, recurrent_matrices

SIZES = {"X": 2, "H": 3}


def bound(name: str, *, bias: bool = True, torchs: bool = True) -> Binding:
    return bind(equations.get(name), TORCH_NAMES if torchs else {}, "l0", bias, SIZES)


def test_names_and_order_are_torchs() -> None:
    expected = torch.nn.LSTM(2, 3)
    binding = bound("lstm")
    assert binding.names() == [name for name, _ in expected.named_parameters()]
    assert list(binding.shapes()) == [(name, tuple(value.shape)) for name, value in expected.named_parameters()]


def test_parameters_that_torch_has_no_name_for_keep_the_equations() -> None:
    assert bound("elman", torchs=False).names() == ["W_xh_l0", "W_hh_l0", "b_l0"]


def test_two_biases_are_added_and_a_bias_that_is_off_is_zero() -> None:
    own = {name: torch.full(shape, float(place)) for place, (name, shape) in enumerate(bound("lstm").shapes(), 1)}
    assert bound("lstm").gather(own.__getitem__)["b"].unique().tolist() == [3.0 + 4.0]
    assert bound("lstm").gather(own.__getitem__)["W_hh"] is own["weight_hh_l0"]
    off = bound("lstm", bias=False)
    assert off.names() == ["weight_ih_l0", "weight_hh_l0"]
    gathered = off.gather(own.__getitem__)
    assert gathered["b"].shape == (12,)
    assert not gathered["b"].any()


def test_biases_of_two_shapes_are_not_stretched() -> None:
    own = {name: torch.ones(shape) for name, shape in bound("lstm").shapes()} | {"bias_hh_l0": torch.ones(1)}
    with pytest.raises(ShapeError, match=r"bias_ih_l0 \(12,\) and bias_hh_l0 \(1,\), expected \(12,\) for both"):
        bound("lstm").gather(own.__getitem__)


@pytest.mark.parametrize(("cell", "biases"), [("lstm", ["b"]), ("gru", ["b_x", "b_h"]), ("elman", ["b"])])
def test_biases_are_free_vectors(cell: str, biases: list[str]) -> None:
    equation = equations.get(cell)
    assert sorted(name for name in equation.parameters if is_bias(equation, name)) == sorted(biases)


@pytest.mark.parametrize(
    ("cell", "matrices"), [("lstm", ["W_hh"]), ("gru", ["W_hh"]), ("lstm_projected", ["W_hh"]), ("indrnn", [])]
)
def test_recurrent_matrices_are_those_that_the_output_meets(cell: str, matrices: list[str]) -> None:
    assert recurrent_matrices(equations.get(cell)) == matrices
