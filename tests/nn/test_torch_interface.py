"""What code written for torch.nn.RNNBase asks of a layer, beside torch's own answers."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from itertools import chain
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations
from torch.nn.utils.rnn import pack_padded_sequence

from recur.nn import GRU, LSTM, RNN, LayerInputError, Recurrent
from tests.tolerances import near

T, B, X, H = 5, 3, 4, 6
PAIRS = {"RNN": (RNN, nn.RNN), "GRU": (GRU, nn.GRU), "LSTM": (LSTM, nn.LSTM)}


def pair(name: str, **options: Any) -> tuple[Any, Any]:
    ours, theirs = PAIRS[name]
    return ours(X, H, **options), theirs(X, H, **options)


@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False}])
@pytest.mark.parametrize("name", PAIRS)
def test_names_of_weights_and_attributes_are_torchs(name: str, options: dict[str, Any]) -> None:
    layer, reference = pair(name, **options)
    for attribute in ("mode", "proj_size", "_all_weights", "_flat_weights_names", "batch_first", "bidirectional"):
        assert getattr(layer, attribute) == getattr(reference, attribute), attribute
    shapes = [[tuple(w.shape) for w in one.all_weights[0]] for one in (layer, reference)]
    assert shapes[0] == shapes[1]
    assert all(a is b for a, b in zip(layer._flat_weights, chain(*layer.all_weights), strict=True))
    layer.flatten_parameters()


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("name", PAIRS)
def test_expected_sizes_and_permutations_are_torchs(name: str, packed: bool) -> None:
    for batch_first in (False, True):
        layer, reference = pair(name, num_layers=2, bidirectional=True, batch_first=batch_first)
        x, sizes = torch.randn(T, B, X), None
        if packed:
            sequence = pack_padded_sequence(x, [5, 3, 1])
            x, sizes = sequence.data, sequence.batch_sizes
        expected = reference.get_expected_hidden_size(x, sizes)
        assert layer.get_expected_hidden_size(x, sizes) == expected
        if name == "LSTM":
            assert layer.get_expected_cell_size(x, sizes) == reference.get_expected_cell_size(x, sizes)
        state: Any = torch.randn(expected)
        state = (state, state + 1) if name == "LSTM" else state
        layer.check_forward_args(x, state, sizes)
        order = torch.randperm(expected[1])
        for a, b in zip(layer.permute_hidden(state, order), reference.permute_hidden(state, order), strict=True):
            assert torch.equal(a, b)
        assert layer.permute_hidden(state, None) is state


BAD: dict[str, Callable[[Any], Any]] = {
    "a feature too many": lambda layer: layer.check_input(torch.zeros(T, B, X + 1), None),
    "two axes": lambda layer: layer.check_input(torch.zeros(T, X), None),
    "three axes, packed": lambda layer: layer.check_input(torch.zeros(T, B, X), torch.tensor([2])),
    "a state of another size": lambda layer: layer.check_hidden_size(torch.zeros(1, B, H + 1), (1, B, H)),
    "a state of another batch": lambda layer: layer.check_forward_args(
        torch.zeros(T, B, X), (torch.zeros(1, B, H), torch.zeros(1, 1, H)), None
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_does_not_fit_is_refused_in_torchs_words(case: str) -> None:
    layer, reference = pair("LSTM")
    with pytest.raises(RuntimeError) as expected:
        BAD[case](reference)
    with pytest.raises(LayerInputError) as found:
        BAD[case](layer)
    assert str(expected.value).split(".")[0] in str(found.value)


def test_layers_of_several_sizes_have_no_single_state_size() -> None:
    with pytest.raises(LayerInputError, match="differ in size"):
        LSTM(X, [3, 5]).get_expected_hidden_size(torch.zeros(T, B, X), None)


WEIGHT_NORMS: dict[str, Callable[[nn.Module], Any]] = {
    "hooks": lambda layer: nn.utils.weight_norm(layer, "weight_hh_l0"),
    "parametrization": lambda layer: parametrizations.weight_norm(layer, "weight_hh_l0"),
    "orthogonal": lambda layer: parametrizations.orthogonal(layer, "weight_hh_l0"),
}


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("calls", [0, 2])
@pytest.mark.parametrize("norm", WEIGHT_NORMS)
def test_a_parametrised_layer_is_copied_before_and_after_calls(norm: str, calls: int) -> None:
    layer, x = RNN(X, H), torch.randn(T, B, X)
    WEIGHT_NORMS[norm](layer)
    for _ in range(calls):
        layer(x)[0].sum().backward()
    expected, _ = layer(x)
    replica = copy.deepcopy(layer)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
    found, _ = replica(x)
    near(found.detach(), expected.detach())
    replica.zero_grad()
    found.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in replica.parameters())


def test_copies_and_pickles_leave_caches_behind() -> None:
    layer, x = GRU(X, H), torch.randn(T, B, X)
    expected, _ = layer(x)
    for one in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert one._fast_path.prepared is None
        assert torch.equal(one(x)[0], expected)
    shared = copy.deepcopy(nn.ModuleList([layer, layer]))
    assert shared[0] is shared[1]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("make", [LSTM, lambda x, h: Recurrent("minimal_gated_unit", x, h)])
def test_dynamic_quantization_says_that_the_layer_stays_as_it_is(make: Any) -> None:
    network = nn.Sequential(make(X, H))
    x = torch.randn(T, B, X)
    expected: Tensor = network(x)[0]
    with pytest.warns(UserWarning, match=r"stays torch.float32"):
        quantized = torch.ao.quantization.quantize_dynamic(network, {nn.LSTM, nn.Linear})
    assert torch.equal(quantized(x)[0], expected)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copy.deepcopy(quantized)
    assert not hasattr(network[0], "qconfig")
