"""A recurrence called again without its checks gives what the checked one gives, and says when it must not be."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor

from recur.engine import prepare, run
from recur.engine.backend_interface import Call, Result
from recur.engine.native.prepared_call import PreparedCall, undisturbed
from recur.engine.observers import observed_by
from tests.engine.helpers import make

T, B, X, H = 5, 3, 2, 4


class Observer:
    """It changes nothing."""

    def recurrence(self, _call: Call, result: Result) -> Result:
        return result

    def answer(self, _output: object, vectors: Tensor, _targets: Tensor, _mask: Tensor | None) -> Tensor:
        return vectors


def both(name: str) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """The results of a quick call and of a checked one, and the leaves of both."""
    case = make(name, T, B, X, H)
    quick = PreparedCall(prepare(case.equation, case.x, case.states, case.parameters))
    assert quick.possible
    parameters = [case.parameters[n] for n in (*quick.cell.matrices, *quick.cell.vectors)]
    found = quick([case.x, *(case.states[n] for n in quick.cell.states), *parameters])
    result = run(case.equation, case.x, case.states, case.parameters, backend="native")
    return list(found), [result.outputs, *result.states.values()], list(case.leaves.values())


@pytest.mark.parametrize("name", ["elman", "lstm", "gru", "lstm_projected"])
def test_a_quick_call_gives_the_outputs_states_and_gradients_of_a_checked_one(name: str) -> None:
    found, expected, leaves = both(name)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    seeds = [torch.randn_like(one) for one in expected]
    first = torch.autograd.grad(found, leaves, seeds)
    assert all(torch.equal(a, b) for a, b in zip(first, torch.autograd.grad(expected, leaves, seeds), strict=True))


def test_without_gradients_nothing_is_kept_for_a_backward_pass() -> None:
    with torch.no_grad():
        found, expected, _ = both("lstm")
    assert all(torch.equal(a, b) and not a.requires_grad for a, b in zip(found, expected, strict=True))


def test_its_tensors_are_not_kept() -> None:
    case = make("gru", T, B, X, H)
    quick = PreparedCall(prepare(case.equation, case.x, case.states, case.parameters))
    assert quick.call.x.numel() == 0
    assert not quick.call.parameters


@pytest.mark.parametrize(
    ("context", "free"),
    [
        (nullcontext, True),
        (torch.no_grad, True),
        (lambda: torch.autocast("cpu", torch.bfloat16), False),
        (lambda: observed_by(Observer()), False),
        (torch.autograd.forward_ad.dual_level, False),
    ],
)
def test_what_looks_into_operations_takes_the_checked_path(
    context: Callable[[], AbstractContextManager[Any]], free: bool
) -> None:
    with context():
        assert undisturbed() is free


def test_a_backend_that_the_environment_names_takes_the_checked_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECUR_BACKEND", "eager")
    assert not undisturbed()
