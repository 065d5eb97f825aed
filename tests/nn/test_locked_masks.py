"""One mask for all steps, also where every step is a call of its own."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from recur.nn import GRU, LSTM, RNN, Embedding, LockedDropout, Recurrent, one_sequence
from tests.tolerances import close

DOUBLE = torch.float64
OPTIONS = {"recurrent_dropout": 0.5, "weight_drop": 0.3, "variational_dropout": 0.4}


def stepwise(layer: Recurrent, x: Tensor) -> Tensor:
    """The outputs (T, B, O) of calls of one step each."""
    outputs, state = [], None
    for step in x.split(1):
        output, state = layer(step, state)
        outputs.append(output)
    return torch.cat(outputs)


@pytest.mark.parametrize("cell", [RNN, LSTM, GRU])
@pytest.mark.parametrize("option", [*OPTIONS, "all"])
def test_steps_of_one_sequence_share_the_masks_of_the_whole(cell, option: str) -> None:
    options = OPTIONS if option == "all" else {option: OPTIONS[option]}
    torch.manual_seed(0)
    layer, x = cell(3, 8, 2, dtype=DOUBLE, **options), torch.randn(6, 4, 3, dtype=DOUBLE)
    torch.manual_seed(1)
    whole, _ = layer(x)
    torch.manual_seed(1)
    with one_sequence(layer):
        steps = stepwise(layer, x)
    close(steps, whole)
    parameters = list(layer.parameters())
    for actual, expected in zip(
        torch.autograd.grad(steps.sum(), parameters), torch.autograd.grad(whole.sum(), parameters), strict=True
    ):
        close(actual, expected)
    torch.manual_seed(1)
    assert not torch.allclose(stepwise(layer, x), whole)


def test_the_next_sequence_draws_anew() -> None:
    layer, x = GRU(3, 20, recurrent_dropout=0.5), torch.randn(4, 2, 3)
    with one_sequence(layer):
        first = stepwise(layer, x)
        with one_sequence(layer):
            assert torch.equal(stepwise(layer, x), first)
        assert torch.equal(stepwise(layer, x), first)
    with one_sequence(layer):
        assert not torch.equal(stepwise(layer, x), first)
    with pytest.raises(ZeroDivisionError), one_sequence(layer):
        raise ZeroDivisionError
    assert not torch.equal(layer(x)[0], layer(x)[0])


def test_words_and_columns_stay_hidden_for_a_sequence() -> None:
    embedding, locked = Embedding(9, 5, dropout=0.5), LockedDropout(0.5)
    ids = torch.arange(9).repeat(3, 1)
    with one_sequence(embedding, locked):
        whole = locked(embedding(ids))
        steps = torch.cat([locked(embedding(step)) for step in ids.split(1, dim=1)], dim=1)
    assert torch.equal(steps, whole)


def test_noise_of_each_step_is_still_drawn_at_each_step() -> None:
    layer, x = RNN(3, 30, zoneout=0.5), torch.ones(1, 2, 3)
    with one_sequence(layer):
        assert not torch.equal(layer(x)[0], layer(x)[0])
