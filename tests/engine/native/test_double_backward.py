"""Gradients of gradients: the first is the core's, also under create_graph, and those behind it are torch's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from recur.engine import eager
from recur.nn import GRU, LSTM, RNN
from tests.tolerances import close

T, B, X, H = 5, 2, 3, 4
DOUBLE = torch.float64
LAYERS: dict[str, Any] = {
    "RNN": lambda: RNN(X, H, dtype=DOUBLE),
    "deep GRU, both ways": lambda: GRU(X, H, 2, bidirectional=True, batch_first=True, dtype=DOUBLE),
    "LSTM in bounded memory": lambda: LSTM(X, H, memory_budget="sqrt", dtype=DOUBLE),
}


def total(tensors: Sequence[Tensor]) -> Tensor:
    return torch.stack([one.square().sum() for one in tensors]).sum()


def gradients(layer: Any, engine: str, order: int) -> list[Tensor]:
    """Of every order up to this one."""
    layer.engine = engine
    x = torch.randn(B, T, X, dtype=DOUBLE, generator=torch.Generator().manual_seed(1)).requires_grad_()
    leaves, found = [x, *layer.parameters()], []
    steps = x if layer.batch_first else x.transpose(0, 1)
    y, state = layer(steps, lengths=[5, 3])
    current = [y, *(state if isinstance(state, tuple) else (state,))]
    for number in range(order):
        current = torch.autograd.grad(0.1 * total(current), leaves, create_graph=number < order - 1)
        found += current
    return [one.detach() for one in found]


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize("name", LAYERS)
def test_derivatives_of_every_order_are_those_of_the_equation(name: str, order: int) -> None:
    torch.manual_seed(0)
    layer = LAYERS[name]()
    expected = gradients(layer, "eager", order)
    for number, (a, b) in enumerate(zip(gradients(layer, "native", order), expected, strict=True)):
        close(a, b, f"tensor {number}")


@pytest.mark.parametrize("budget", [None, "sqrt"])
def test_create_graph_alone_runs_no_step_in_torch(budget: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    layer, x = GRU(X, H, memory_budget=budget, dtype=DOUBLE), torch.randn(T, B, X, dtype=DOUBLE, requires_grad=True)
    y, _ = layer(x)
    monkeypatch.setattr(eager, "run_graph", lambda *_: pytest.fail("the equation was run step by step"))
    (found,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
    assert found.requires_grad
    with pytest.raises(pytest.fail.Exception):
        found.sum().backward()


@pytest.mark.parametrize("engine", ["native", "eager"])
def test_a_state_made_from_the_input_is_not_counted_twice(engine: str) -> None:
    torch.manual_seed(0)
    layer, W = GRU(X, H, engine=engine, dtype=DOUBLE), torch.randn(X, H, dtype=DOUBLE)
    leaf, found = torch.randn(T, B, X, dtype=DOUBLE, requires_grad=True), []
    for create_graph in (False, True):
        x = leaf * 1
        y, _ = layer(x, (x.sum(0) @ W).tanh().unsqueeze(0))
        found += torch.autograd.grad(y.square().sum(), leaf, create_graph=create_graph)
    close(found[1].detach(), found[0])


def test_a_gradient_penalty_trains() -> None:
    layer = LSTM(X, H, dtype=DOUBLE)
    x = torch.randn(T, B, X, dtype=DOUBLE, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: layer(x)[0], (x,))


@pytest.mark.parametrize("name", LAYERS)
def test_the_report_says_that_a_second_derivative_ran_step_by_step(name: str) -> None:
    layer = LAYERS[name]()
    x = torch.randn(B, T, X, dtype=DOUBLE).transpose(0, 0 if layer.batch_first else 1).requires_grad_()
    for _ in range(2):  # cold, and warm
        (first,) = torch.autograd.grad(layer(x)[0].square().sum(), x, create_graph=True)
        assert str(layer.backend_report()) == "backend: native"
        first.square().sum().backward()
        assert str(layer.backend_report()) == (
            "backend: native; a backward pass ran step by step in torch: a second derivative was taken"
        )
    layer(x)
    assert layer.backend_report().slowed == set()


def test_the_report_says_that_batched_gradients_ran_step_by_step() -> None:
    layer, x = RNN(X, H), torch.randn(T, B, X, requires_grad=True)
    y = layer(x)[0]
    torch.autograd.grad(y, x, torch.ones(2, *y.shape), is_grads_batched=True)
    assert "its gradients are of a kind that the core does not read" in str(layer.backend_report())
