"""torch.func over recurrences: vmap and grad run in the core and agree with the equation in torch operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, jacrev, jvp, vmap
from torch.utils import _pytree as pytree

from recur.engine.native import passes
from recur.nn import GRU, LSTM
from tests.tolerances import close

N, T, B, X, H = 4, 5, 2, 3, 6
DOUBLE = torch.float64


@pytest.fixture
def layer() -> GRU:
    torch.manual_seed(0)
    return GRU(X, H, 2, dtype=DOUBLE)


def samples() -> Tensor:
    return torch.randn(N, T, B, X, dtype=DOUBLE, generator=torch.Generator().manual_seed(1))


def parameters_of(layer: GRU) -> dict[str, Tensor]:
    return {name: value.detach() for name, value in layer.named_parameters()}


def error(layer: GRU) -> Callable[..., Tensor]:
    def of(parameters: dict[str, Tensor], x: Tensor, h: Tensor | None = None) -> Tensor:
        y, state = functional_call(layer, parameters, (x, h))
        return y.square().sum() + state.cos().sum()

    return of


def ensemble(layer: GRU) -> dict[str, Tensor]:
    return {name: torch.stack([value, 2 * value, -value, 0.5 * value]) for name, value in parameters_of(layer).items()}


CASES: dict[str, Callable[[GRU], Any]] = {
    "samples": lambda la: vmap(la)(samples()),
    "samples in another axis": lambda la: vmap(la, in_dims=2, out_dims=2)(samples().movedim(0, 2)),
    "initial states": lambda la: vmap(la, (None, 0))(samples()[0], torch.ones(N, 2, B, H, dtype=DOUBLE).cumsum(0)),
    "ragged rows": lambda la: vmap(lambda x: la(x, lengths=[2, 5], resets=torch.eye(B, T).bool()))(samples()),
    "all states": lambda la: vmap(lambda x: la(x, return_all_states=True))(samples()),
    "a gradient": lambda la: grad(error(la))(parameters_of(la), samples()[0]),
    "gradients of every sample": lambda la: vmap(grad(error(la), (0, 1)), (None, 0))(parameters_of(la), samples()),
    "an ensemble": lambda la: vmap(grad(error(la)), (0, 0))(ensemble(la), samples()),
    "a gradient of a vmap": lambda la: grad(lambda p: vmap(error(la), (None, 0))(p, samples()).sum())(
        parameters_of(la)
    ),
    "a Jacobian": lambda la: jacrev(lambda x: la(x)[0][-1].sum(-1))(samples()[0]),
    "a vmap in a vmap": lambda la: vmap(vmap(la))(samples().view(2, 2, T, B, X)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_core_runs_and_agrees(layer: GRU, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    run = passes.forward
    monkeypatch.setattr(passes, "forward", lambda *given, **named: calls.append(1) or run(*given, **named))
    found = pytree.tree_leaves(CASES[case](layer))
    assert layer.backend_report().ran == "native"
    assert calls
    if case in {"samples", "ragged rows", "initial states"}:
        assert len(calls) == layer.num_layers  # one batch of all samples
    layer.engine = "eager"
    for number, (a, b) in enumerate(zip(found, pytree.tree_leaves(CASES[case](layer)), strict=True)):
        close(a.detach(), b.detach(), f"{case}: {number}")


def test_autograd_goes_through_a_vmap(layer: GRU) -> None:
    found = {}
    for engine in ("native", "eager"):
        layer.engine = engine
        x = samples().requires_grad_()
        y = vmap(lambda one: layer(one)[0])(x)
        found[engine] = torch.autograd.grad(y.square().sum(), [x, *layer.parameters()])
    for a, b in zip(found["native"], found["eager"], strict=True):
        close(a, b)


REFUSED: dict[str, tuple[Callable[[GRU], Any], str]] = {
    "forward mode": (lambda la: jvp(lambda x: la(x)[0], (samples()[0],), (samples()[1],)), "forward-mode"),
    "a gradient of a gradient": (
        lambda la: grad(lambda x: grad(error(la), 1)(parameters_of(la), x).square().sum())(samples()[0]),
        "derivatives of derivatives",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_the_core_cannot_run_is_run_by_torch_and_reported(layer: GRU, case: str) -> None:
    call, reason = REFUSED[case]
    call(layer)
    assert layer.backend_report().ran == "eager"
    assert reason in layer.backend_report().reasons["native"]


def test_masks_that_differ_between_samples_are_drawn_by_torch() -> None:
    layer = LSTM(X, H, zoneout=0.5, dtype=DOUBLE)
    y, _ = vmap(layer, randomness="different")(samples())
    assert not torch.equal(*vmap(layer, randomness="different")(samples()[:1].expand(2, T, B, X))[0])
    assert y.shape == (N, T, B, H)
    assert "random masks" in layer.backend_report().reasons["native"]
