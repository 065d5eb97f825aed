"""Layers in half precision and in bounded memory under torch.compile and torch.export."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from recur.engine import torch_state
from recur.engine.native import checkpointing
from recur.equations import equation, tanh
from recur.nn import GRU, LSTM, Recurrent, flat_state

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


@equation(x="X", h="H", W_xh="H X", W_hh="H H")
def without_bias(x, h, W_xh, W_hh):
    return tanh(W_xh @ x + W_hh @ h)


LAYERS: dict[str, tuple[Callable[[], Any], torch.dtype]] = {
    "bfloat16 products": (lambda: GRU(5, 7, 2, precision="bfloat16"), torch.float32),
    "bfloat16": (lambda: LSTM(5, 7, 2, bidirectional=True, batch_first=True), torch.bfloat16),
    "bfloat16, own cell": (lambda: Recurrent(without_bias, 5, 7), torch.bfloat16),
    "float16": (lambda: GRU(5, 7), torch.float16),
    "bounded memory": (lambda: GRU(5, 7, 2, memory_budget="sqrt"), torch.float32),
    "bounded memory, bfloat16": (lambda: LSTM(5, 7, memory_budget=4000, bidirectional=True), torch.bfloat16),
}


@pytest.fixture(autouse=True)
def _fresh():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def outcome(module: Any, layer: Any, x: Tensor) -> list[Tensor]:
    y, state = module(x)
    return [y, *flat_state(state), *torch.autograd.grad(y.float().square().sum(), [x, *layer.parameters()])]


@pytest.mark.parametrize("name", LAYERS)
def test_a_compiled_layer_and_an_exported_one_give_what_the_layer_gives(name: str) -> None:
    make, dtype = LAYERS[name]
    layer, x = make().to(dtype), torch.randn(20, 3, 5).to(dtype).requires_grad_()
    found = outcome(torch.compile(layer, fullgraph=True, backend="aot_eager"), layer, x)
    if torch_state.SETS_UNDER_COMPILE:
        assert layer.backend_report().ran == "native"
    for a, b in zip(found, outcome(layer, layer, x), strict=True):
        assert a.dtype == b.dtype
        torch.testing.assert_close(a, b)
    with torch.no_grad():
        program = torch.export.export(layer.eval(), (x.detach(),)).module()
        torch.testing.assert_close(program(x.detach())[0], layer(x)[0])


def test_autocast_is_compiled_with_the_dtypes_that_it_has_outside() -> None:
    layer, x = GRU(5, 7, 2), torch.randn(4, 3, 5)
    compiled = torch.compile(layer, fullgraph=True, backend="aot_eager")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for given in (x, x.bfloat16()):
            for a, b in zip(flat_state(compiled(given)), flat_state(layer(given)), strict=True):
                assert a.dtype == b.dtype
                torch.testing.assert_close(a, b)


@pytest.mark.parametrize("lost", [False, True], ids=["kept", "copied away"])
def test_a_memory_budget_holds_under_compile(lost: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    layer, x = GRU(5, 7, memory_budget="sqrt"), torch.randn(16, 3, 5, requires_grad=True)
    runs: list[int] = []
    forward, unpack = checkpointing.forward, checkpointing.unpack_boundaries
    monkeypatch.setattr(checkpointing, "forward", lambda *given: runs.append(given[2]) or forward(*given))
    monkeypatch.setattr(checkpointing, "unpack_boundaries", lambda *given: None if lost else unpack(*given))
    found = outcome(torch.compile(layer, fullgraph=True, backend="aot_eager"), layer, x)
    assert runs == [4, 4] if lost else [4]
    layer.memory_budget = None
    for a, b in zip(found, outcome(layer, layer, x), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("options", [{}, {"lengths": [4, 2, 0]}], ids=["whole", "ragged"])
def test_compiled_autograd_gives_the_same_gradients(options: dict[str, Any]) -> None:
    layer, x = LSTM(5, 7), torch.randn(4, 3, 5)
    leaves = [x.requires_grad_(), *layer.parameters()]
    expected = torch.autograd.grad(layer(x, **options)[0].square().sum(), leaves)
    with torch._dynamo.config.patch(compiled_autograd=True):
        torch.compile(lambda: layer(x, **options)[0].square().sum().backward(), backend="eager")()
    for leaf, gradient in zip(leaves, expected, strict=True):
        torch.testing.assert_close(leaf.grad, gradient)
