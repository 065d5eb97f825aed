"""Half precision: 16-bit tensors and autocast run in the core, near to the equation in float32, in torch's dtypes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from recur.equations import equation, sigmoid, split, tanh
from recur.nn import GRU, LSTM, RNN, Recurrent, flat_state
from tests.nn.words import RELEASE
from tests.tolerances import near

T, B, X, H = 6, 3, 5, 8
HALVES = [torch.bfloat16, torch.float16]


@equation(x="X", h="H", W_xh="2H X", W_hh="2H H", b="2H")
def update_gate(x, h, W_xh, W_hh, b):
    g, c = split(W_xh @ x + W_hh @ h + b, 2)
    g = sigmoid(g)
    return g * h + (1 - g) * tanh(c)


LAYERS: dict[str, Any] = {
    "RNN": lambda **o: RNN(X, H, **o),
    "GRU": lambda **o: GRU(X, H, **o),
    "LSTM": lambda **o: LSTM(X, H, **o),
    "LSTM projected": lambda **o: LSTM(X, H, proj_size=3, **o),
    "own cell": lambda **o: Recurrent(update_gate, X, H, **o),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "deep, both ways": {"num_layers": 2, "bidirectional": True, "batch_first": True},
    "noisy": {"zoneout": 0.2, "recurrent_dropout": 0.2, "learn_initial_state": True},
    "bounded memory": {"memory_budget": "sqrt"},
}


def outcome(layer: nn.Module, x: Tensor, **given: Any) -> list[Tensor]:
    torch.manual_seed(3)
    x = x.detach().requires_grad_()
    y, state = layer(x, **given)
    results = [y, *flat_state(state)]
    error = sum((one.float().square()).sum() for one in results)
    return results + list(torch.autograd.grad(error, [x, *layer.parameters()]))


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", LAYERS)
def test_layers_of_16_bits_run_natively_and_near_to_float32(name: str, option: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    layer = LAYERS[name](**OPTIONS[option]).to(dtype)
    x, given = torch.randn(B, T, X).to(dtype), {"lengths": [6, 2, 4]}
    x = x if layer.batch_first else x.transpose(0, 1)
    found = outcome(layer, x, **given)
    assert layer.backend_report().ran == "native"
    assert all(one.dtype == dtype for one in found)
    layer.float().engine = "eager"
    if option == "noisy":
        return  # masks of another dtype are other masks
    for number, (a, b) in enumerate(zip(found, outcome(layer, x.float(), **given), strict=True)):
        near(a.detach().float(), b.detach(), f"tensor {number}", like=torch.bfloat16)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM", "LSTM projected"])
def test_autocast_gives_the_dtypes_of_torch(name: str, dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    layer = LAYERS[name](num_layers=2)
    reference = getattr(nn, name.split()[0])(X, H, 2, **({"proj_size": 3} if "projected" in name else {}))
    reference.load_state_dict(layer.state_dict())
    x = torch.randn(T, B, X)
    sizes = [3 if "projected" in name else H, H]
    packed = nn.utils.rnn.pack_padded_sequence(x, [6, 4, 1])
    full = nn.utils.rnn.pack_padded_sequence(x, [6, 6, 6])
    for given in (x, x.to(dtype), packed, full):
        for of in (None, torch.float32, dtype):
            state = None if of is None else tuple(torch.randn(2, B, size).to(of) for size in sizes)
            hx = state if state is None or "LSTM" in name else state[0][..., :H] if name != "GRU" else state[1]
            with torch.autocast("cpu", dtype=dtype):
                y, end = layer(given, hx)
                assert layer.backend_report().ran == "native"
                try:
                    expected, last = reference(given, hx)
                except (RuntimeError, ValueError):
                    continue  # torch has no such kernel on this processor, or refuses mixed packed inputs
            if name == "LSTM" and (dtype is torch.float16 or RELEASE < (2, 13)) and given is not packed:
                continue  # what torch does depends on the processor, and did on its version
            dtypes = [one.dtype for one in (getattr(y, "data", y), *flat_state(end))]
            assert dtypes == [one.dtype for one in (getattr(expected, "data", expected), *flat_state(last))]
            for a, b in zip(flat_state(end), flat_state(last), strict=True):
                near(a.detach().float(), b.detach().float(), name, like=torch.bfloat16)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("name", LAYERS)
def test_backends_agree_on_dtypes_under_autocast(name: str, dtype: torch.dtype) -> None:
    x, dtypes = torch.randn(T, B, X), {}
    for engine in ("native", "eager"):
        layer = LAYERS[name](engine=engine)
        with torch.autocast("cpu", dtype=dtype):
            y, state, series = layer(x, return_all_states=True)
            dtypes[engine] = [one.dtype for one in (y, *flat_state(state), *series[0][0].values())]
            with torch.autocast("cpu", enabled=False):
                assert layer(x)[0].dtype == torch.float32
        y.float().sum().backward()
        assert all(p.grad.dtype == torch.float32 for p in layer.parameters())
    assert dtypes["native"] == dtypes["eager"]


def test_a_layer_of_float64_stays_so_under_autocast() -> None:
    layer, x = GRU(X, H, dtype=torch.float64), torch.randn(T, B, X, dtype=torch.float64)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, _ = layer(x)
    assert torch.equal(found, layer(x)[0])
