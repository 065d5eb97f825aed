"""Sampling: how often each symbol is drawn, and what is cut off."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from recur.decoding import Decoding
from recur.decoding.sampling import greedy, narrowed, sampler
from recur.decoding.stepping import one_by_one
from tests.decoding.models import END, Table, start
from tests.tolerances import close


@given(st.integers(0, 10_000), st.integers(0, 100))
def test_the_same_seed_draws_the_same_symbols(table: int, seed: int) -> None:
    drawn = [
        one_by_one(Table(table), *start(3), Decoding(temperature=0.9, seed=seed).chooser(), end=END, length=8)
        for _ in range(2)
    ]
    assert drawn[0] == drawn[1]


def test_another_seed_and_no_seed_draw_other_symbols() -> None:
    def draw(seed: int | None) -> list[int]:
        choose = Decoding(temperature=1.0, seed=seed).chooser()
        return one_by_one(Table(0, 0.1), *start(), choose, end=None, length=60)[0].ids

    assert draw(0) != draw(1)
    assert draw(None) != draw(None)


def test_drawing_leaves_the_global_random_state_alone() -> None:
    before = torch.get_rng_state()
    for seed in (None, 3):
        one_by_one(Table(0), *start(), Decoding(temperature=1.0, seed=seed).chooser(), end=END, length=5)
    assert torch.equal(torch.get_rng_state(), before)


# the last two are nothing in single precision
NARROWEST = [{"top_k": 1}, {"top_p": 1e-6}, {"temperature": 1e-4}, {"top_p": 1e-60}, {"temperature": 1e-300}]


@given(st.integers(0, 10_000), st.sampled_from(NARROWEST))
def test_the_narrowest_sampling_is_greedy(seed: int, narrow: dict[str, float]) -> None:
    options = Decoding(**{"temperature": 1.0, "seed": seed, **narrow})
    drawn = one_by_one(Table(seed), *start(3), options.chooser(), end=END, length=6)
    assert [one.ids for one in drawn] == [
        one.ids for one in one_by_one(Table(seed), *start(3), greedy, end=END, length=6)
    ]


def frequencies(log_probs: Tensor, **options: float) -> Tensor:
    """How often each symbol is drawn."""
    choose = Decoding(**{"temperature": 1.0, "seed": 0, **options}).chooser()
    return torch.bincount(choose(log_probs.expand(20_000, -1)), minlength=log_probs.shape[-1]) / 20_000


def test_symbols_are_drawn_as_often_as_they_are_likely() -> None:
    probs = torch.tensor([0.1, 0.5, 0.15, 0.25])
    assert (frequencies(probs.log()) - probs).abs().max() < 0.02
    tempered = probs**2 / (probs**2).sum()
    assert (frequencies(probs.log(), temperature=0.5) - tempered).abs().max() < 0.02


def test_top_k_and_top_p_leave_the_rest_out() -> None:
    probs = torch.tensor([0.1, 0.5, 0.15, 0.25])
    assert frequencies(probs.log(), top_k=2).nonzero().flatten().tolist() == [1, 3]
    # the smallest set that reaches 0.6 is 0.5 and 0.25
    assert frequencies(probs.log(), top_p=0.6).nonzero().flatten().tolist() == [1, 3]
    assert frequencies(probs.log(), top_p=0.4).nonzero().flatten().tolist() == [1]
    assert frequencies(probs.log(), top_p=1.0).nonzero().flatten().tolist() == [0, 1, 2, 3]
    # of the two best, renormalised, the first alone reaches 0.6
    assert frequencies(probs.log(), top_k=2, top_p=0.6).nonzero().flatten().tolist() == [1]
    assert frequencies(probs.log(), top_k=99).nonzero().flatten().tolist() == [0, 1, 2, 3]


def test_a_symbol_of_no_probability_is_never_drawn() -> None:
    assert frequencies(torch.tensor([0.0, 0.5, 0.0, 0.5]).log())[[0, 2]].sum() == 0


def test_sampler_keeps_the_type_of_ids() -> None:
    choose = sampler(1.0, None, None, torch.Generator().manual_seed(0))
    assert choose(torch.zeros(3, 5)).dtype == torch.int64


PROBS = torch.tensor([[0.1, 0.5, 0.15, 0.25]])


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, [0.5, 0.25, 0.15, 0.1]), ({"top_k": 1}, [0.5, 0, 0, 0]), ({"top_k": 3}, [0.5, 0.25, 0.15, 0]),
        ({"top_p": 0.5}, [0.5, 0, 0, 0]), ({"top_p": 0.51}, [0.5, 0.25, 0, 0]),
        ({"top_p": 1.0}, [0.5, 0.25, 0.15, 0.1]),
        ({"top_k": 2, "top_p": 0.7}, [2 / 3, 1 / 3, 0, 0]),
    ],
)  # fmt: skip
def test_what_is_drawn_from_is_ordered_and_cut(options: dict[str, Any], kept: list[float]) -> None:
    probs, order = narrowed(PROBS.log(), 1.0, **options)
    assert order.tolist() == [[1, 3, 2, 0]]
    close(probs, torch.tensor([kept]))


def test_a_temperature_is_a_power_of_the_probabilities() -> None:
    probs, _ = narrowed(PROBS.log(), 0.5)
    squares = torch.tensor([[0.5, 0.25, 0.15, 0.1]]) ** 2
    close(probs, squares / squares.sum())
    hot, _ = narrowed(PROBS.log(), 1e6)
    close(hot, torch.full((1, 4), 0.25))


def test_equal_symbols_keep_their_order() -> None:
    assert narrowed(torch.zeros(1, 5), 1.0)[1].tolist() == [[0, 1, 2, 3, 4]]


def test_the_log_probabilities_are_not_changed() -> None:
    given = PROBS.log()
    before = given.clone()
    narrowed(given, 0.5, 2, 0.5)
    assert torch.equal(given, before)


def test_greedy_is_the_likeliest_of_each_row() -> None:
    assert greedy(torch.tensor([[0.1, 0.5, 0.4], [0.7, 0.2, 0.1]]).log()).tolist() == [1, 0]
