"""Both directions in one output, without copies: what the eager loop gives, for ragged rows, with all gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from recur.nn import GRU, LSTM, Recurrent, flat_state
from tests.engine.helpers import threads
from tests.tolerances import close, near

T, B, X, H = 9, 5, 6, 20
LENGTHS = ([9, 0, 3, 5, 1], [9, 9, 9, 9, 9], None)


def scanned(*sizes: int, **options: Any) -> Recurrent:
    return Recurrent("min_lstm", *sizes, **options)


@pytest.fixture(autouse=True)
def _memory_is_full_of_nan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECUR_FILL_NAN", "1")


def case(layer: Recurrent, lengths: list[int] | None, dtype: torch.dtype, seed: int) -> tuple[Tensor, list[Tensor]]:
    """An input whose padding is NaN, and initial states."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(B, T, X, generator=generator, dtype=torch.float64).to(dtype)
    for row, length in zip(x, lengths or [], strict=bool(lengths)):
        row[length:] = torch.nan
    rows = layer.num_layers * layer.layout.directions
    states = [
        torch.randn(rows, B, H, generator=generator, dtype=torch.float64).to(dtype).requires_grad_()
        for _ in layer.equation.states
    ]
    return (x if layer.batch_first else x.transpose(0, 1)).clone().requires_grad_(), states


def everything(
    layer: Recurrent, engine: str, lengths: list[int] | None, dtype: torch.dtype, given: bool
) -> list[Tensor]:
    """Outputs, final states and every gradient."""
    layer.engine = engine
    x, states = case(layer, lengths, dtype, seed=1)
    hx: Any = (states[0] if len(states) == 1 else tuple(states)) if given else None
    y, final = layer(x, hx, lengths=None if lengths is None else torch.tensor(lengths))
    found = [y, *flat_state(final)]
    generator = torch.Generator().manual_seed(2)
    seeds = [torch.randn(one.shape, generator=generator, dtype=torch.float64).to(dtype) for one in found]
    leaves = [x, *(states if given else []), *layer.parameters()]
    return [one.detach() for one in found] + list(torch.autograd.grad(found, leaves, seeds))


@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("kind", [LSTM, GRU, scanned])
def test_ragged_rows_give_what_the_eager_loop_gives(kind: Callable[..., Recurrent], layers: int, both: bool) -> None:
    for number, lengths in enumerate(LENGTHS):
        dtype = (torch.float64, torch.float32)[number % 2]
        layer = kind(X, H, num_layers=layers, bidirectional=both, batch_first=number != 1, dtype=dtype)
        for count in (1, 2):
            with threads(count):
                expected = everything(layer, "eager", lengths, dtype, count == 1)
                found = everything(layer, "native", lengths, dtype, count == 1)
                assert layer._fast_path.prepared is not None
                same = close if dtype is torch.float64 else near
                for place, (one, other) in enumerate(zip(found, expected, strict=True)):
                    assert one.shape == other.shape
                    same(one, other, f"{lengths} {count} {place}")
                with torch.no_grad():
                    x, _ = case(layer, lengths, dtype, seed=1)
                    y, _ = layer(x, lengths=None if lengths is None else torch.tensor(lengths))
                if count == 2:
                    same(y, expected[0], f"{lengths} without gradients")


def test_second_derivatives_are_those_of_the_eager_loop() -> None:
    layer = LSTM(3, 4, bidirectional=True, dtype=torch.float64)
    lengths = torch.tensor([4, 2])
    found = []
    for engine in ("native", "eager"):
        layer.engine = engine
        x = torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64).requires_grad_()
        y, _ = layer(x, lengths=lengths)
        (first,) = torch.autograd.grad((y**2).sum(), x, create_graph=True)
        found.append(torch.autograd.grad((first**2).sum(), [x, *layer.parameters()]))
    for one, other in zip(*found, strict=True):
        close(one, other, "second derivative")


@pytest.mark.parametrize("frozen", ["x", "weight_ih_l0", "weight_hh_l0_reverse", "bias_ih_l0"])
def test_what_needs_no_gradient_gets_none(frozen: str) -> None:
    layer = LSTM(X, H, bidirectional=True)
    x, _ = case(layer, None, torch.float32, seed=4)
    leaves = {"x": x, **dict(layer.named_parameters())}
    leaves[frozen].requires_grad_(False)
    y, _ = layer(x, lengths=torch.tensor([9, 0, 3, 5, 1]))
    y.sum().backward()
    assert leaves[frozen].grad is None
    assert all(leaf.grad is not None for name, leaf in leaves.items() if name != frozen)


def test_lengths_may_change_between_the_passes() -> None:
    layer = LSTM(X, H, bidirectional=True, batch_first=True)
    x, _ = case(layer, None, torch.float32, seed=5)
    gradients = []
    for spoiled in (False, True):
        lengths = torch.tensor([9, 0, 3, 5, 1])
        y, _ = layer(x, lengths=lengths)
        if spoiled:
            lengths.zero_()
        gradients.append(torch.autograd.grad(y.sum(), x)[0])
    assert torch.equal(*gradients)


@pytest.mark.parametrize("lengths", [[9, 0, 3, 5, 10], [9, -1, 3, 5, 1], [9, 0, 3, 5]])
def test_lengths_that_do_not_fit_are_refused_with_their_numbers(lengths: list[int]) -> None:
    layer = LSTM(X, H, bidirectional=True, batch_first=True)
    x, _ = case(layer, None, torch.float32, seed=6)
    layer(x, lengths=torch.tensor([9, 0, 3, 5, 1]))
    with pytest.raises(ValueError, match=r"lengths should (be from 0 to the 9 steps|have one number a row)"):
        layer(x, lengths=torch.tensor(lengths))
