"""What a layer refuses, value by value, and what it takes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from recur import equations
from recur.errors import ConfigError, EquationError
from recur.nn import checks
from recur.nn.checks import ArgumentTypeError, LayerInputError


@pytest.mark.parametrize(
    ("hidden", "layers", "expected"), [(3, 1, [3]), (3, 2, [3, 3]), ([3, 4], 1, [3, 4]), ((3, 4), 2, [3, 4])]
)
def test_every_layer_has_its_size(hidden: Any, layers: int, expected: list[int]) -> None:
    assert checks.check_sizes(2, hidden, layers, True, False, 0.0) == expected


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ((2.0, 3, 1, True, False, 0), ArgumentTypeError, "input_size should be of type int, got: float"),
        ((0, 3, 1, True, False, 0), ConfigError, "input_size must be greater than zero, got 0"),
        ((2, "3", 1, True, False, 0), ArgumentTypeError, "hidden_size should be of type int, got: str"),
        ((2, [3, 0], 1, True, False, 0), ConfigError, "hidden_size must be greater than zero, got 0"),
        ((2, [], 1, True, False, 0), ConfigError, "hidden_size is an empty list"),
        ((2, [3, 4], 3, True, False, 0), ConfigError, r"hidden_size=\[3, 4\] names 2 layers and num_layers=3"),
        ((2, 3, 0, True, False, 0), ConfigError, "num_layers must be greater than zero, got 0"),
        ((2, 3, 1.0, True, False, 0), ArgumentTypeError, "num_layers should be of type int, got: float"),
        ((2, 3, 1, 1, False, 0), ArgumentTypeError, "bias should be of type bool, got: int"),
        ((2, 3, 1, True, False, 1.5), ConfigError, r"dropout should be a number in range \[0, 1\]"),
    ],
)
def test_sizes_that_make_no_layer_are_refused(arguments: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        checks.check_sizes(*arguments)


@pytest.mark.parametrize("value", [0, 0.5, 0.999])
def test_a_probability_below_one_is_taken(value: float) -> None:
    assert checks.check_probability("p", value) == value


@pytest.mark.parametrize("value", [1.0, -0.1, True, "0.5", None, float("nan")], ids=str)
def test_anything_else_is_no_probability(value: object) -> None:
    with pytest.raises(ConfigError, match=r"p should be a number in range \[0, 1\), got"):
        checks.check_probability("p", value)


def test_dropout_between_layers_may_be_one() -> None:
    assert checks.check_dropout(1) == 1.0
    with pytest.raises(ConfigError):
        checks.check_dropout(True)


@pytest.mark.parametrize(
    ("zoneout", "expected"), [(0.1, {"h": 0.1, "c": 0.1}), ({"c": 0.2}, {"c": 0.2}), (0.0, {}), ({"h": 0.0}, {})]
)
def test_zoneout_is_by_state_and_none_where_it_is_zero(zoneout: Any, expected: dict[str, float]) -> None:
    assert checks.check_zoneout(zoneout, ["h", "c"]) == expected


def test_zoneout_of_a_state_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match='zoneout names the state "d"'):
        checks.check_zoneout({"d": 0.1}, ["h", "c"])


@pytest.mark.parametrize(
    ("check", "arguments", "kind", "message"),
    [
        (checks.check_memory_steps, (2, None), ConfigError, "memory_steps should be at least 3, got 2"),
        (checks.check_memory_steps, (9.0, None), ArgumentTypeError, "memory_steps should be a whole number, got 9.0"),
        (checks.check_memory_steps, (9, 1.0), ConfigError, "memory_steps and forget_bias both set"),
        (checks.check_forget_bias, (True, None), ArgumentTypeError, "forget_bias should be a number, got True"),
        (checks.check_forget_bias, (1.0, 9), ConfigError, "memory_steps and forget_bias both set"),
        (checks.check_own_sizes, ({"P": 0},), ArgumentTypeError, "a whole number from 1 for each size symbol"),
        (checks.check_choice, ("merge", "som", ("concat", "sum")), ConfigError, 'Did you mean "sum"'),
        (checks.check_budget, (0,), ConfigError, 'memory_budget is 0, expected a number of bytes or "sqrt"'),
        (checks.check_budget, (True,), ConfigError, "memory_budget is True"),
        (checks.as_equation, (3,), ArgumentTypeError, "takes an equation or the name of one, got 3"),
        (checks.as_equation, ("lstn",), EquationError, "lstm"),
    ],
)
def test_a_value_out_of_its_range_is_refused(
    check: Any, arguments: tuple[Any, ...], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        check(*arguments)


def test_values_in_their_range_are_given_back() -> None:
    assert checks.check_memory_steps(3, None) == 3
    assert checks.check_memory_steps(None, 1.0) is None
    assert checks.check_forget_bias(1, None) == 1.0
    assert checks.check_own_sizes(None) == {}
    assert [checks.check_budget(value) for value in (None, "sqrt", 5)] == [None, "sqrt", 5]
    assert checks.as_equation("lstm") is equations.get("lstm")


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.zeros(3, 2, 4, dtype=torch.float64), "RNN input dtype"),
        (torch.zeros(3, 2, 4).long(), "embed them first"),
        (torch.zeros(3, 4), "input must have 3 dimensions, got 2"),
        (torch.zeros(3, 2, 5), "Expected 4, got 5"),
    ],
    ids=["dtype", "ids", "dimensions", "size"],
)  # fmt: skip
def test_an_input_that_does_not_fit_is_refused(x: torch.Tensor, message: str) -> None:
    with pytest.raises(LayerInputError) as caught:
        checks.check_input("LSTM", x, torch.zeros(1), 4, False, True)
    assert message in str(caught.value)


def test_dropout_in_a_single_layer_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="num_layers greater than 1, but got dropout=0.5 and num_layers=1"):
        checks.warn_unused_dropout("dropout", 0.5, 1)
