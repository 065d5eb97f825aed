"""Results of a layer may be changed in place, as torch.nn's may, and no gradient is wrong for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from recur.nn import GRU, LSTM, RNN
from tests.tolerances import near

T, B, X, H = 5, 3, 4, 6
PAIRS = {"RNN": (RNN, nn.RNN), "GRU": (GRU, nn.GRU), "LSTM": (LSTM, nn.LSTM)}
FORMS = ["padded", "packed", "packed, all of one length", "unbatched"]


def values(output: Tensor | PackedSequence) -> Tensor:
    return output.data if isinstance(output, PackedSequence) else output


def states(hx: Any) -> tuple[Tensor, ...]:
    return hx if isinstance(hx, tuple) else (hx,)


def parameter(like: Tensor) -> Tensor:
    return torch.ones_like(like).requires_grad_()


def add_to_states(_y: Tensor, hx: Any) -> None:
    for one in states(hx):
        one += parameter(one)


def detach_states(_y: Tensor, hx: Any) -> None:
    for one in states(hx):
        one.detach_()


CHANGES: dict[str, Callable[[Tensor, Any], Any]] = {
    "relu_ of the output": lambda y, _: y.relu_(),
    "detach_ of the output": lambda y, _: y.detach_(),
    "a sum into the output": lambda y, _: y.add_(parameter(y)),
    "a masked fill": lambda y, _: y.masked_fill_(y > 0, 2.0),
    "a step set to zero": lambda y, _: y[0].zero_(),
    "detach_ of the states": detach_states,
    "sums into the states": add_to_states,
}


def given(form: str, batch_first: bool) -> Tensor | PackedSequence:
    torch.manual_seed(1)
    x = torch.randn(T, B, X)
    if form == "unbatched":
        return x[:, 0]
    if batch_first:
        x = x.transpose(0, 1).contiguous()
    if form == "padded":
        return x
    lengths = [T] * B if "one length" in form else [5, 4, 2]
    return pack_padded_sequence(x, lengths, batch_first=batch_first)


def outcome(layer: nn.Module, form: str, change: str, grad: bool) -> list[Tensor]:
    with torch.set_grad_enabled(grad):
        output, hx = layer(given(form, layer.batch_first))
    y = values(output)
    CHANGES[change](y, hx)
    results = [y, *states(hx)]
    total = sum(one.square().sum() for one in results)
    layer.zero_grad()
    if total.requires_grad:
        total.backward()
    own = [torch.zeros_like(p) if p.grad is None else p.grad for p in layer.parameters()]
    return [*(one.detach() for one in results), *own]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", PAIRS)
def test_what_torch_allows_in_place_is_allowed_and_right(name: str, change: str) -> None:
    ours, theirs = PAIRS[name]
    compared = 0
    for form, batch_first, (both, layers), grad in itertools.product(
        FORMS, (False, True), ((False, 1), (False, 2), (True, 2)), (False, True)
    ):
        options = {"batch_first": batch_first, "bidirectional": both, "num_layers": layers}
        layer, reference = ours(X, H, **options), theirs(X, H, **options)
        reference.load_state_dict(layer.state_dict())
        try:
            expected = outcome(reference, form, change, grad)
        except RuntimeError:
            continue  # torch keeps an output for its backward pass, or calls it a view
        found = outcome(layer, form, change, grad)
        assert layer.backend_report().ran == "native"
        compared += 1
        for number, (a, b) in enumerate(zip(found, expected, strict=True)):
            near(a, b, f"{form}, {options}, {grad}: {number}")
    assert compared >= 16


@pytest.mark.parametrize("engine", ["native", "stock", "eager"])
@pytest.mark.parametrize("form", FORMS)
def test_an_engine_gives_the_right_gradient_or_autograds_error(form: str, engine: str) -> None:
    for batch_first, change in itertools.product((False, True), CHANGES):
        layer = LSTM(X, H, batch_first=batch_first, engine=engine)
        reference = LSTM(X, H, batch_first=batch_first, engine="eager")
        reference.load_state_dict(layer.state_dict())
        expected = outcome(reference, form, change, True)
        try:
            found = outcome(layer, form, change, True)
        except RuntimeError as error:
            # torch's kernels keep their output
            if engine != "stock" or "modified by an inplace operation" not in str(error):
                raise
            continue
        for a, b in zip(found, expected, strict=True):
            near(a, b, f"{change}, {batch_first}")


def test_truncated_backpropagation_may_detach_its_state_in_place() -> None:
    layer, reference = LSTM(X, H, 2), LSTM(X, H, 2, engine="eager")
    reference.load_state_dict(layer.state_dict())
    parts = torch.randn(3, T, B, X)
    for one in (layer, reference):
        hx = None
        for part in parts:
            y, hx = one(part, hx)
            y += part.sum(-1, keepdim=True)
            y.square().sum().backward()
            for state in hx:
                state.detach_()
    for a, b in zip(layer.parameters(), reference.parameters(), strict=True):
        near(a.grad, b.grad)


@pytest.mark.parametrize("what", ["input", "state", "weight"])
def test_what_the_backward_pass_reads_may_not_be_changed_before_it(what: str) -> None:
    layer, x, state = GRU(X, H), torch.randn(T, B, X, requires_grad=True), torch.zeros(1, B, H)
    copied = x * 1
    y, _ = layer(copied, state)
    with torch.no_grad():
        {"input": copied, "state": state, "weight": layer.weight_hh_l0}[what].add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("budget", [None, "sqrt"])
def test_lengths_and_resets_may_be_reused_before_the_backward_pass(budget: str | None) -> None:
    layer, x = GRU(X, H, memory_budget=budget), torch.randn(T, B, X)
    found = []
    for reuse in (False, True):
        lengths, resets = torch.tensor([5, 2, 4]), torch.tensor([[0, 1, 0, 1, 0]] * B).bool()
        layer.zero_grad()
        y, _ = layer(x, lengths=lengths, resets=resets)
        if reuse:
            lengths.fill_(1)
            resets.zero_()
        y.square().sum().backward()
        found.append(layer.weight_hh_l0.grad.clone())
    assert torch.equal(*found)


def test_states_of_every_step_stay_what_they_are() -> None:
    layer, x = LSTM(X, H, 2, batch_first=True), torch.randn(B, T, X)
    y, _, series = layer(x, return_all_states=True)
    assert torch.equal(series[1][0]["h"], y)
    assert series[0][0]["c"].shape == (B, T, H)
