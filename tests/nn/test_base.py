"""Options of a layer: changed after a call they count as if the layer was made with them; sizes cannot be changed."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor

from recur.errors import RecurError
from recur.nn import GRU, LSTM, RNN, ArgumentTypeError, LayerInputError, Recurrent, flat_state
from recur.nn.base import FIXED, OPTIONS, LayerBase
from recur.nn.options import EXTRAS

T, B, H = 5, 3, 6
# two values of each option; the layer is called with the first before it is changed to the second, and back
CHANGES: dict[str, tuple[Any, Any]] = {
    "batch_first": (False, True),
    "dropout": (0.0, 0.5),
    "residual": (False, True),
    "variational_dropout": (0.0, 0.5),
    "recurrent_dropout": (0.0, 0.5),
    "zoneout": (0.0, 0.3),
    "weight_drop": (0.0, 0.5),
    "forget_bias": (None, 1.5),
    "memory_steps": (None, 20),
    "recurrent_init": ("uniform", "orthogonal"),
    "engine": ("auto", "eager"),
    "precision": ("float32", "bfloat16"),
    "memory_budget": (None, "sqrt"),
}
REFUSED: dict[str, Any] = {
    "batch_first": 1,
    "dropout": 2,
    "residual": "yes",
    "variational_dropout": 1.0,
    "recurrent_dropout": -0.1,
    "zoneout": {"z": 0.1},
    "weight_drop": "half",
    "forget_bias": "high",
    "memory_steps": 2,
    "recurrent_init": "zero",
    "engine": "nativ",
    "precision": "float16",
    "memory_budget": -1,
}
INPUT = torch.linspace(-1, 1, T * B * H).view(T, B, H).sin()


def made(kind: type[LayerBase] = LSTM, **options: Any) -> Any:
    torch.manual_seed(0)
    return kind(H, H, 2, **options)


def outcome(layer: Any) -> list[Tensor]:
    """Output, states and the gradients of all parameters, with the same random numbers each time."""
    torch.manual_seed(1)
    layer.zero_grad()
    results = flat_state(layer(INPUT))
    results[0].square().sum().backward()
    return [one.detach() for one in results] + [parameter.grad.clone() for parameter in layer.parameters()]


def assert_same(found: list[Tensor], expected: list[Tensor]) -> None:
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def test_every_option_has_a_case() -> None:
    assert set(CHANGES) == set(REFUSED) == set(OPTIONS)
    assert set(EXTRAS) <= set(OPTIONS) | FIXED


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("option", CHANGES)
def test_an_option_changed_after_a_call_gives_what_a_new_layer_with_it_gives(option: str, training: bool) -> None:
    before, after = CHANGES[option]
    layer = made(**{option: before}).train(training)
    first = outcome(layer)
    setattr(layer, option, after)
    fresh = made(**{option: after}).train(training)
    fresh.load_state_dict(layer.state_dict())
    assert getattr(layer, option) == getattr(fresh, option)
    assert_same(outcome(layer), outcome(fresh))
    assert layer.backend_report().ran == fresh.backend_report().ran
    setattr(layer, option, before)
    assert_same(outcome(layer), first)


def test_training_changed_after_a_call_gives_what_a_new_layer_gives() -> None:
    layer = made(dropout=0.5)
    outcome(layer)
    assert_same(outcome(layer.eval()), outcome(made(dropout=0.5).eval()))
    assert_same(outcome(layer.train()), outcome(made(dropout=0.5)))


def test_a_dtype_changed_after_a_call_gives_what_a_new_layer_gives() -> None:
    layer = made()
    outcome(layer)
    layer.double()
    with pytest.raises(LayerInputError, match="does not match weight dtype"):
        layer(INPUT)
    assert_same([layer(INPUT.double())[0]], [made().double()(INPUT.double())[0]])


@pytest.mark.parametrize("option", ["forget_bias", "memory_steps", "recurrent_init"])
def test_an_option_of_the_start_counts_when_parameters_are_drawn_anew(option: str) -> None:
    layer = made()
    setattr(layer, option, CHANGES[option][1])
    torch.manual_seed(0)
    layer.reset_parameters()
    expected = made(**{option: CHANGES[option][1]})
    assert all(torch.equal(a, b) for a, b in zip(layer.parameters(), expected.parameters(), strict=True))


@pytest.mark.parametrize("option", REFUSED)
def test_a_value_that_the_constructor_refuses_is_refused_later_in_the_same_words(option: str) -> None:
    layer = made()
    with pytest.raises(RecurError) as at_first:
        made(**{option: REFUSED[option]})
    kept = getattr(layer, option)
    with pytest.raises(RecurError) as later:
        setattr(layer, option, REFUSED[option])
    assert str(later.value) == str(at_first.value)
    assert getattr(layer, option) == kept


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (LSTM, "input_size", 5),
        (LSTM, "hidden_size", 5),
        (LSTM, "hidden_sizes", [5, 5]),
        (LSTM, "num_layers", 1),
        (LSTM, "output_size", 5),
        (LSTM, "bias", False),
        (LSTM, "bidirectional", True),
        (LSTM, "merge", "sum"),
        (LSTM, "learn_initial_state", True),
        (LSTM, "proj_size", 2),
        (LSTM, "layer_norm", True),
        (LSTM, "mode", "GRU"),
        (LSTM, "equation", "gru"),
        (LSTM, "layout", None),
        (RNN, "nonlinearity", "relu"),
    ],
)
def test_what_parameters_were_made_from_cannot_be_changed(kind: type[LayerBase], name: str, value: Any) -> None:
    layer = made(kind)
    expected = outcome(layer)
    with pytest.raises(RecurError, match=f"{name} of this {kind.__name__} is .* cannot become"):
        setattr(layer, name, value)
    setattr(layer, name, getattr(layer, name))
    assert_same(outcome(layer), expected)


def test_every_fixed_name_is_tried() -> None:
    (mark,) = test_what_parameters_were_made_from_cannot_be_changed.pytestmark
    assert {case[1] for case in mark.args[1]} == FIXED


def test_an_option_that_does_not_exist_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(ArgumentTypeError, match=r"GRU got an unexpected keyword argument 'zonout'.*\"zoneout\""):
        GRU(3, 4, zonout=0.1)


def test_an_option_that_does_not_fit_the_cell_is_refused_later_too() -> None:
    layer = Recurrent("indrnn", 3, 4)
    for option in ("recurrent_dropout", "weight_drop", "forget_bias", "memory_steps"):
        with pytest.raises(RecurError, match="indrnn"):
            setattr(layer, option, CHANGES[option][1])
    uneven = LSTM(3, [4, 5])
    with pytest.raises(RecurError, match="residual adds the input of layer 1"):
        uneven.residual = True


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
def test_a_copy_has_its_own_options(copied: Any) -> None:
    layer = made()
    expected = outcome(layer)
    other = copied(layer)
    other.precision = "bfloat16"
    assert not torch.equal(outcome(other)[0], expected[0])
    assert_same(outcome(layer), expected)
