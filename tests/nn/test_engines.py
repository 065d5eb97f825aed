"""A layer gives the same whatever runs it: compiled cells against the equations, with every option of a layer."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from recur.equations import stock
from recur.nn import GRU, LSTM, RNN, Recurrent, flat_state
from tests.tolerances import close, rounded

DOUBLE = torch.float64
T, B, X, H = 6, 4, 3, 5
KINDS: list[tuple[str, Any, dict[str, Any]]] = [
    ("RNN", RNN, {}),
    ("RNN relu", RNN, {"nonlinearity": "relu"}),
    ("GRU", GRU, {}),
    ("GRU layer norm", GRU, {"layer_norm": True}),
    ("LSTM", LSTM, {}),
    ("LSTM projected", LSTM, {"proj_size": 2}),
    ("LSTM layer norm", LSTM, {"layer_norm": True}),
]
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "without biases": {"bias": False},
    "batch first": {"batch_first": True},
    "both directions": {"bidirectional": True},
    "deep": {"num_layers": 3},
    "deep, both directions, batch first": {"num_layers": 2, "bidirectional": True, "batch_first": True},
    "residual": {"num_layers": 3, "residual": True},
    "summed directions": {"num_layers": 2, "bidirectional": True, "merge": "sum", "residual": True},
    "dropout": {"num_layers": 3, "dropout": 0.4},
    "variational dropout": {"num_layers": 2, "variational_dropout": 0.4, "bidirectional": True},
    "recurrent dropout": {"recurrent_dropout": 0.4, "bidirectional": True},
    "zoneout": {"zoneout": 0.3, "bidirectional": True},
    "weight drop": {"weight_drop": 0.3},
    "a learned state": {"learn_initial_state": True, "bidirectional": True},
    "everything": {
        "num_layers": 2, "bidirectional": True, "dropout": 0.2, "variational_dropout": 0.2, "recurrent_dropout": 0.3,
        "zoneout": 0.2, "weight_drop": 0.2, "learn_initial_state": True, "merge": "sum", "residual": True,
    },
}  # fmt: skip


def flat(result: Any) -> list[Tensor]:
    """Every tensor in a layer's result, in order."""
    if isinstance(result, Tensor):
        return [result]
    if isinstance(result, PackedSequence):
        return [result.data]
    if isinstance(result, dict):
        return [tensor for one in result.values() for tensor in flat(one)]
    return [tensor for one in result for tensor in flat(one)]


def outcome(layer: torch.nn.Module, engine: str, x: Any, *given: Any, **options: Any) -> list[Tensor]:
    """All results and gradients of one engine; random numbers are the same for all."""
    layer.engine = engine
    torch.manual_seed(3)
    inputs = x.data if isinstance(x, PackedSequence) else x
    results = flat(layer(x, *given, **options))
    assert layer.backend_report().ran == engine
    leaves = [inputs, *flat(given), *layer.parameters()]
    error = sum((one * torch.linspace(-1, 1, one.numel(), dtype=one.dtype).view_as(one).cos()).sum() for one in results)
    gradients = torch.autograd.grad(error, leaves, allow_unused=True)
    return [one.detach() for one in results] + [
        torch.zeros_like(leaf) if gradient is None else gradient
        for leaf, gradient in zip(leaves, gradients, strict=True)
    ]


def assert_engines_agree(layer: torch.nn.Module, x: Any, *given: Any, **options: Any) -> None:
    if layer.learn_initial_state:
        with torch.no_grad():
            for name, parameter in layer.named_parameters():
                if name.startswith("initial"):
                    parameter.normal_()
    expected = outcome(layer, "eager", x, *given, **options)
    found = outcome(layer, "native", x, *given, **options)
    for n, (a, b) in enumerate(zip(found, expected, strict=True)):
        close(a, b, f"tensor {n}")


@pytest.fixture(autouse=True)
def _seed(monkeypatch) -> None:
    monkeypatch.setenv("RECUR_FILL_NAN", "1")
    torch.manual_seed(0)


def build(kind: Any, fixed: dict[str, Any], options: dict[str, Any]) -> torch.nn.Module:
    layers = options.get("num_layers", 1)
    own = {name: value for name, value in options.items() if name != "num_layers"}
    reads = 2 if options.get("residual") and "proj_size" in fixed else H if options.get("residual") else X
    return kind(reads, H, layers, dtype=DOUBLE, **fixed, **own)


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize(("kind", "fixed"), [case[1:] for case in KINDS], ids=[case[0] for case in KINDS])
def test_every_option_of_a_layer(kind, fixed, option, training) -> None:
    options = OPTIONS[option]
    layer = build(kind, fixed, options).train(training)
    first, second = (B, T) if options.get("batch_first") else (T, B)
    x = torch.randn(first, second, layer.input_size, dtype=DOUBLE, requires_grad=True)
    assert_engines_agree(layer, x)
    resets = torch.rand(B, T) < 0.3
    assert_engines_agree(layer, x, lengths=[T, 0, 2, 5], resets=resets, return_all_states=True)


@pytest.mark.parametrize("name", stock())
def test_every_cell_as_a_layer(name) -> None:
    layer = Recurrent(
        name, X, H, 2, sizes={"P": 2}, bidirectional=True, batch_first=True, zoneout=0.2, learn_initial_state=True,
        dtype=DOUBLE,
    )  # fmt: skip
    x = torch.randn(B, T, X, dtype=DOUBLE, requires_grad=True)
    assert_engines_agree(layer, x, lengths=torch.tensor([3, 6, 0, 1]), return_all_states=True)


@pytest.mark.parametrize("ordered", [True, False], ids=["longest first", "in any order"])
@pytest.mark.parametrize(("kind", "fixed"), [case[1:] for case in KINDS], ids=[case[0] for case in KINDS])
def test_a_packed_input(kind, fixed, ordered) -> None:
    layer = kind(X, H, 2, bidirectional=True, dtype=DOUBLE, zoneout=0.2, **fixed)
    lengths = [6, 4, 4, 1] if ordered else [2, 6, 1, 5]
    packed = pack_padded_sequence(torch.randn(T, B, X, dtype=DOUBLE), lengths, enforce_sorted=ordered)
    packed = packed._replace(data=packed.data.clone().requires_grad_())
    assert_engines_agree(layer, packed)
    assert_engines_agree(layer.eval(), packed, resets=torch.rand(B, T) < 0.3)


def test_a_given_state_and_one_sequence_without_a_batch() -> None:
    for both in (False, True):
        layer, rows = LSTM(X, H, 2, bidirectional=both, dtype=DOUBLE), 4 if both else 2
        h, c = (torch.randn(rows, B, H, dtype=DOUBLE, requires_grad=True) for _ in range(2))
        assert_engines_agree(layer, torch.randn(T, B, X, dtype=DOUBLE, requires_grad=True), (h, c))
        h, c = (torch.randn(rows, H, dtype=DOUBLE, requires_grad=True) for _ in range(2))
        assert_engines_agree(layer, torch.randn(T, X, dtype=DOUBLE, requires_grad=True), (h, c))


def test_a_sequence_in_two_parts_is_one_sequence() -> None:
    layer = GRU(X, H, 2, dtype=DOUBLE, engine="native")
    x = torch.randn(T, B, X, dtype=DOUBLE)
    whole, end = layer(x)
    first, state = layer(x[:2])
    second, last = layer(x[2:], state)
    close(torch.cat([first, second]), whole)
    close(last, end)


def test_layers_of_different_sizes() -> None:
    layer = LSTM(X, [4, 33, 16], bidirectional=True, dtype=DOUBLE)
    assert_engines_agree(layer, torch.randn(T, B, X, dtype=DOUBLE, requires_grad=True), lengths=[1, 6, 3, 3])


def test_learning_takes_the_same_course() -> None:
    layers = {"eager": LSTM(X, 8, 2, dtype=DOUBLE, recurrent_dropout=0.2, engine="eager")}
    layers["native"] = copy.deepcopy(layers["eager"])
    layers["native"].engine = "native"
    x = torch.randn(T, B, X, dtype=DOUBLE)
    losses: dict[str, list[Tensor]] = {}
    for engine, layer in layers.items():
        torch.manual_seed(1)
        optimizer = torch.optim.Adam(layer.parameters(), lr=0.01)
        losses[engine] = []
        for _ in range(15):
            optimizer.zero_grad()
            loss = (layer(x)[0][-1] - 0.3).square().mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(layer.parameters(), 1.0)
            optimizer.step()
            losses[engine].append(loss.detach())
    for a, b in zip(losses["native"], losses["eager"], strict=True):
        close(a, b)
    assert losses["native"][-1] < losses["native"][0]


def test_frozen_weights_get_no_gradient_and_the_rest_get_theirs() -> None:
    layer = GRU(X, H, dtype=DOUBLE, engine="native")
    layer.weight_hh_l0.requires_grad_(False)
    x = torch.randn(T, B, X, dtype=DOUBLE)
    layer(x)[0].square().sum().backward()
    assert layer.weight_hh_l0.grad is None
    whole = copy.deepcopy(layer).requires_grad_(True)
    whole.zero_grad()
    whole.engine = "eager"
    whole(x)[0].square().sum().backward()
    close(layer.weight_ih_l0.grad, whole.weight_ih_l0.grad)
    close(layer.bias_hh_l0.grad, whole.bias_hh_l0.grad)


def test_precision_bfloat16_runs_compiled() -> None:
    layer = LSTM(X, 16, 2, bidirectional=True, precision="bfloat16", engine="native")
    x = torch.randn(T, B, X)
    output, _ = layer(x)
    assert layer.backend_report().ran == "native"
    layer.engine = "eager"
    rounded(output, layer(x)[0])


def test_flat_results_of_one_layer_share_no_memory_with_each_other() -> None:
    layer = LSTM(X, H, dtype=DOUBLE, engine="native")
    output, state = layer(torch.randn(T, B, X, dtype=DOUBLE))
    before = output.detach().clone()
    with torch.no_grad():
        for one in flat_state(state):
            one.zero_()
    assert torch.equal(output.detach(), before)


def test_a_notebook_shows_which_backend_ran() -> None:
    layer = LSTM(2, 3, engine="eager")
    layer(torch.randn(4, 1, 2))
    assert "<td>eager</td><td>ran</td>" in layer.backend_report()._repr_html_()
