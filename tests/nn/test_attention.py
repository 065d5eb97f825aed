"""Attention: the scores of the papers, and padding that gets no weight."""

from __future__ import annotations

import pytest
import torch

from recur.nn import BahdanauAttention, LayerInputError, LuongAttention
from tests.tolerances import close

DOUBLE = torch.float64
FORMS = [BahdanauAttention, LuongAttention]


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def test_bahdanau_scores_are_additive() -> None:
    attention = BahdanauAttention(4, 6, 5, dtype=DOUBLE)
    q, k = torch.randn(2, 3, 4, dtype=DOUBLE), torch.randn(2, 7, 6, dtype=DOUBLE)
    scores = attention.score(q, attention.keys(k))
    for b in range(2):
        for t in range(3):
            for s in range(7):
                inner = attention.query.weight @ q[b, t] + attention.query.bias + attention.key.weight @ k[b, s]
                close(scores[b, t, s], attention.vector.weight[0] @ inner.tanh())


def test_luong_scores_are_bilinear() -> None:
    attention = LuongAttention(4, 6, dtype=DOUBLE)
    q, k = torch.randn(2, 3, 4, dtype=DOUBLE), torch.randn(2, 7, 6, dtype=DOUBLE)
    close(attention.score(q, attention.keys(k)), torch.einsum("btq,qe,bse->bts", q, attention.key.weight, k))


@pytest.mark.parametrize("form", FORMS)
def test_context_is_the_weighted_sum_over_real_steps(form) -> None:
    attention = form(4, 6, dtype=DOUBLE)
    query = torch.randn(3, 2, 4, dtype=DOUBLE)
    states = torch.randn(3, 5, 6, dtype=DOUBLE)
    lengths = [5, 2, 0]
    dirty = states.clone()
    dirty[1, 2:] = float("nan")
    dirty[2] = float("inf")
    dirty.requires_grad_()
    context, weights = attention(query, dirty, lengths)
    context.sum().backward()
    assert bool(dirty.grad.isfinite().all())
    assert all(bool(p.grad.isfinite().all()) for p in attention.parameters())
    for row, n in enumerate(lengths[:2]):
        alone, share = attention(query[row : row + 1], states[row : row + 1, :n])
        close(context[row], alone[0])
        close(weights[row, :, :n], share[0])
        close(weights[row].sum(-1), torch.ones(2, dtype=DOUBLE))
        assert bool((weights[row, :, n:] == 0).all())
    assert bool((context[2] == 0).all())
    assert bool((weights[2] == 0).all())
    close(context[:2], weights[:2] @ states[:2])


@pytest.mark.parametrize("form", FORMS)
def test_one_step_at_a_time_with_keys_computed_once(form) -> None:
    attention = form(4, 6, dtype=DOUBLE)
    query, states = torch.randn(3, 2, 4, dtype=DOUBLE), torch.randn(3, 5, 6, dtype=DOUBLE)
    context, weights = attention(query, states, [5, 2, 4])
    keys = attention.keys(states)
    for t in range(2):
        step, share = attention(query[:, t], states, [5, 2, 4], keys=keys)
        close(step, context[:, t])
        close(share, weights[:, t])


@pytest.mark.parametrize("form", FORMS)
def test_wrong_shapes_are_refused(form) -> None:
    attention = form(4, 6)
    with pytest.raises(LayerInputError, match="a bidirectional encoder has E = 2H columns"):
        attention(torch.zeros(3, 4), torch.zeros(3, 5, 12))
    with pytest.raises(LayerInputError, match=r"query has shape \(2, 4\)"):
        attention(torch.zeros(2, 4), torch.zeros(3, 5, 6))
    with pytest.raises(LayerInputError, match="lengths should be from 0 to the 5 steps"):
        attention(torch.zeros(3, 4), torch.zeros(3, 5, 6), [6, 1, 1])


def test_scaled_scores_are_small_however_large_the_layers_are() -> None:
    torch.manual_seed(0)
    plain, scaled = LuongAttention(256, 512), LuongAttention(256, 512, scaled=True)
    scaled.load_state_dict(plain.state_dict())
    query, states = torch.rand(2, 3, 256), torch.rand(2, 9, 512)
    close(scaled.score(query, scaled.keys(states)), plain.score(query, plain.keys(states)) / 16)
    _, sharp = plain(query, states)
    _, even = scaled(query, states)
    assert even.max() < 0.2 < sharp.max()
