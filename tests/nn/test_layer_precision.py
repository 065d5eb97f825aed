"""The precision of all recurrent layers of a network, for the length of a block."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from recur.errors import ConfigError
from recur.nn import GRU, LSTM
from recur.nn.layer_precision import in_precision


def network() -> nn.ModuleList:
    torch.manual_seed(0)
    return nn.ModuleList([LSTM(3, 4), nn.Linear(4, 4), GRU(4, 5, precision="bfloat16")])


def test_every_recurrent_layer_computes_in_it_and_gets_its_own_back() -> None:
    layers = network()
    x = torch.randn(6, 2, 3)
    with torch.no_grad():
        before = layers[0](x)[0]
        with in_precision(layers, "int8"):
            assert [layers[0].precision, layers[2].precision] == ["int8", "int8"]
            assert not torch.equal(layers[0](x)[0], before)
        assert torch.equal(layers[0](x)[0], before)
    assert [layers[0].precision, layers[2].precision] == ["float32", "bfloat16"]


def test_an_error_inside_leaves_the_layers_as_they_were() -> None:
    layers = network()
    with pytest.raises(RuntimeError, match="inside"), in_precision(layers, "int8"):
        raise RuntimeError("inside")
    assert layers[0].precision == "float32"


def test_a_precision_that_does_not_exist_is_refused_before_anything_is_computed() -> None:
    layers = network()
    with pytest.raises(ConfigError, match="not one of float32, bfloat16, int8"), in_precision(layers, "int4"):
        pytest.fail("the block was entered")
    assert layers[0].precision == "float32"
