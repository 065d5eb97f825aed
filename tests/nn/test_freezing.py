"""Frozen layers compute what others compute, with every weight as it is now, and thaw when they train."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from recur import equations
from recur.nn import GRU, LSTM, RNN, Recurrent, flat_state
from recur.nn.freezing import freeze_layers
from tests.engine.helpers import threads
from tests.modes.helpers import build
from tests.tolerances import near

X, H = 5, 24


def packed(layer: Any) -> list[Any]:
    """What the layer has packed, by recurrence."""
    return [] if layer._frozen is None else [one.packed for one in layer._frozen.values() if one.packed is not None]


def uses(layer: Any) -> list[int]:
    return [one.uses for one in packed(layer)]


@torch.no_grad()
def computed(layer: Any, *arguments: Any, **options: Any) -> list[Tensor]:
    output, state = layer(*arguments, **options)
    return [output, *flat_state(state)]


def same(a: list[Tensor], b: list[Tensor]) -> bool:
    return all(torch.equal(one, other) for one, other in zip(a, b, strict=True))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(
    "options", [{}, {"bidirectional": True}, {"batch_first": True}, {"bias": False}, {"zoneout": 0.1}]
)
@pytest.mark.parametrize("name", sorted(equations.stock()))
def test_a_frozen_layer_computes_what_it_computed_before(name: str, options: dict[str, Any], precision: str) -> None:
    layer = Recurrent(name, X, H, 2, sizes={"P": 7}, precision=precision, engine="native", **options).eval()
    x = torch.randn(6, 3, X)
    rows = torch.tensor([6, 0, 4]) if not options.get("batch_first") else torch.tensor([3, 0, 2, 3, 1, 2])
    expected = [computed(layer, x), computed(layer, x, lengths=rows)]
    layer.freeze()
    for _ in range(2):
        assert same(computed(layer, x), expected[0])
        assert same(computed(layer, x, lengths=rows), expected[1])
    if any(p.dim() == 2 for p in layer.parameters()):
        assert uses(layer) == [4] * (2 * layer.layout.directions)


@pytest.mark.parametrize("kind", [RNN, GRU, LSTM])
def test_the_fast_path_uses_the_packed_weights_and_the_current_biases(kind: Any) -> None:
    layer, x = kind(X, H).eval().freeze(), torch.randn(4, 2, X)
    computed(layer, x)
    with torch.no_grad():
        layer.bias_hh_l0.add_(1)
    found = computed(layer, x)
    assert uses(layer) == [2]
    assert same(found, computed(layer.unfreeze(), x))


def by_an_optimiser(layer: Any) -> None:
    layer(torch.randn(2, 1, X))[0].sum().backward()
    torch.optim.SGD(layer.parameters(), 0.1).step()


def in_place(layer: Any) -> None:
    with torch.no_grad():
        layer.weight_hh_l0.copy_(torch.randn_like(layer.weight_hh_l0))


def through_data(layer: Any) -> None:
    layer.weight_hh_l0.data[3, 2] += 0.5


def by_new_data(layer: Any) -> None:
    layer.weight_ih_l0.data = torch.randn_like(layer.weight_ih_l0)


def by_a_new_parameter(layer: Any) -> None:
    layer.weight_hh_l0 = nn.Parameter(torch.randn_like(layer.weight_hh_l0))


def by_loading(layer: Any) -> None:
    layer.load_state_dict(type(layer)(X, H).state_dict())


def by_reset(layer: Any) -> None:
    layer.reset_parameters()


CHANGES = [by_an_optimiser, in_place, through_data, by_new_data, by_a_new_parameter, by_loading, by_reset]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("kind", [RNN, GRU, LSTM])
def test_a_changed_weight_is_noticed(kind: Any, change: Callable[[Any], None]) -> None:
    layer, x = kind(X, H).eval().freeze(), torch.randn(4, 2, X)
    before = computed(layer, x)
    change(layer)
    after = computed(layer, x)
    assert layer.frozen
    assert not same(before, after)
    assert same(after, computed(layer.unfreeze(), x))


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_a_layer_moved_to_another_dtype_packs_again(dtype: torch.dtype) -> None:
    layer, x = LSTM(X, H).eval().freeze(), torch.randn(4, 2, X)
    computed(layer, x)
    layer.to(dtype)
    assert layer.frozen
    assert not packed(layer)
    found = computed(layer, x.to(dtype))
    assert packed(layer)
    assert same(found, computed(layer.unfreeze(), x.to(dtype)))


def test_a_parameter_of_another_shape_is_refused_as_without_freezing() -> None:
    layer, x = LSTM(X, H).eval().freeze(), torch.randn(4, 2, X)
    computed(layer, x)
    layer.weight_hh_l0.data = layer.weight_hh_l0.data[:, :2].clone()
    with pytest.raises(Exception, match="expected"):
        computed(layer, x)


def test_training_thaws_a_layer_and_evaluation_does_not() -> None:
    layer, x = GRU(X, H).eval().freeze(), torch.randn(4, 2, X)
    computed(layer, x)
    assert layer.eval().frozen
    assert packed(layer)
    assert not nn.Sequential(layer).train()[0].frozen
    assert not packed(layer)
    freeze_layers(layer)
    assert not layer.frozen
    freeze_layers(layer.eval())
    assert layer.frozen


def test_gradients_are_computed_without_the_packed_weights() -> None:
    layer, x = GRU(X, H).eval(), torch.randn(4, 2, X)
    layer(x)[0].sum().backward()
    expected = layer.weight_hh_l0.grad.clone()
    layer.zero_grad()
    computed(layer.freeze(), x)
    layer(x)[0].sum().backward()
    assert torch.equal(layer.weight_hh_l0.grad, expected)
    assert uses(layer) == [1]


def test_a_copy_of_a_frozen_layer_is_frozen_and_packs_for_itself() -> None:
    layer, x = LSTM(X, H).eval().freeze(), torch.randn(4, 2, X)
    expected = computed(layer, x)
    for other in (copy.deepcopy(layer), copy.copy(layer), pickle.loads(pickle.dumps(layer))):
        assert other.frozen
        assert same(computed(other, x), expected)
    other = copy.deepcopy(layer)
    assert not packed(other)


def test_streams_of_a_frozen_layer_share_its_packed_weights_and_keep_them() -> None:
    layer, x = LSTM(X, H, 2).eval(), torch.randn(4, 3, X)
    expected = torch.stack([step.clone() for step in map(layer.stream(3).step, x)])
    layer.freeze()
    first, second = layer.stream(3), layer.stream(3)
    assert uses(layer) == [2, 2]
    layer.unfreeze()
    for stream in (first, second):
        assert torch.equal(torch.stack([step.clone() for step in map(stream.step, x)]), expected)


def test_a_network_that_answers_is_frozen_until_it_trains() -> None:
    mode = build("many-to-one", "words", "class").train()
    with mode.answering():
        layers = [module for module in mode.modules() if isinstance(module, Recurrent)]
        assert layers
        assert all(layer.frozen for layer in layers)
    assert not any(layer.frozen for layer in layers)
    with mode.eval().answering():
        pass
    assert all(layer.frozen for layer in layers)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_stream_of_few_rows_divides_whole_panels_between_threads(frozen: bool) -> None:
    with threads(2):
        layer, x = RNN(X, 48, engine="native").eval(), torch.randn(3, 15, X)
        expected = computed(layer, x)[0]
        stream = (layer.freeze() if frozen else layer).stream(15)
        near(torch.stack([stream.step(step).clone() for step in x]), expected, "steps of 15 rows")
