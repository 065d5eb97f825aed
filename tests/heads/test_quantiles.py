"""Quantiles of forecasts: their error, their order and what is read from them."""

from __future__ import annotations

import math

import pytest
import torch

from recur.heads.quantiles import Quantiles
from tests.tolerances import close

NAN = math.nan


def test_the_error_of_a_mean_is_the_mean_square_of_what_is_known() -> None:
    guess = torch.tensor([[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]], dtype=torch.float64, requires_grad=True)
    truth = torch.tensor([[[0.0], [NAN]], [[3.0], [7.0]]], dtype=torch.float64)
    error = Quantiles().error(guess, truth)
    close(error, torch.tensor((1 + 0 + 9) / 3, dtype=torch.float64))
    [slope] = torch.autograd.grad(error, guess)
    close(slope.flatten(), torch.tensor([2 / 3, 0, 0, -2], dtype=torch.float64))


def test_the_error_of_quantiles_is_the_pinball_loss() -> None:
    guess = torch.tensor([[[[1.0, 2.0, 5.0]]]], dtype=torch.float64)
    truth = torch.tensor([[[4.0]]], dtype=torch.float64)
    # too low by 3 and 2, too high by 1: 0.1 * 3, 0.5 * 2, (1 - 0.9) * 1
    close(Quantiles((0.1, 0.5, 0.9)).error(guess, truth), torch.tensor((0.3 + 1.0 + 0.1) / 3, dtype=torch.float64))


@pytest.mark.parametrize("quantiles", [(), (0.1, 0.5)], ids=str)
def test_where_nothing_is_known_the_error_is_zero_and_has_a_gradient(quantiles: tuple[float, ...]) -> None:
    guess = torch.ones(1, 2, 1, max(1, len(quantiles)), requires_grad=True)
    error = Quantiles(quantiles).error(guess, torch.full((1, 2, 1), NAN))
    assert error.item() == 0
    [slope] = torch.autograd.grad(error, guess)
    assert not slope.any()


@pytest.mark.parametrize("shares", [(), (0.1, 0.5, 0.9)], ids=str)
def test_the_mean_of_single_errors_is_the_error_where_all_is_known(shares: tuple[float, ...]) -> None:
    torch.manual_seed(0)
    quantiles = Quantiles(shares)
    forecasts, truth = torch.randn(4, 3, 2, quantiles.count), torch.randn(4, 3, 2)
    each = quantiles.errors(forecasts, truth)
    close(each.mean(), quantiles.error(forecasts, truth))
    # what is missing is in no mean: the third forecast is measured by its one known value, the last by none
    truth[2:] = NAN
    truth[2, 1, 0] = 0.5
    each = quantiles.errors(forecasts, truth)
    close(each[2], quantiles.error(forecasts[2:3], truth[2:3]))
    assert each[3] == 0


@pytest.mark.parametrize(
    ("shares", "count", "median", "others", "interval"),
    [
        ((), 1, 0, [], None), ((0.5,), 1, 0, [], None), ((0.1, 0.5, 0.9), 3, 1, [0.1, 0.9], (0.1, 0.9)),
        ((0.5, 0.9), 2, 0, [0.9], (0.5, 0.9)),
    ],
)  # fmt: skip
def test_the_median_is_the_answer_and_the_outer_two_are_the_interval(
    shares: tuple[float, ...], count: int, median: int, others: list[float], interval: tuple[float, float] | None
) -> None:
    quantiles = Quantiles(shares)
    assert (quantiles.count, quantiles.median, quantiles.others) == (count, median, others)
    assert quantiles.interval == interval
    assert bool(quantiles) == bool(shares)
    values = torch.arange(float(count))[None]
    assert quantiles.middle(values).tolist() == [median]


def test_quantiles_that_cross_are_sorted_and_a_mean_is_left_alone() -> None:
    crossed = torch.tensor([[3.0, 1.0, 2.0]])
    assert Quantiles((0.1, 0.5, 0.9)).ordered(crossed).tolist() == [[1.0, 2.0, 3.0]]
    assert Quantiles().ordered(crossed) is crossed


def test_known_values_within_the_interval_are_counted() -> None:
    forecasts = torch.tensor([-1.0, 0.0, 1.0]).expand(1, 4, 1, 3)
    truth = torch.tensor([[-1.0], [1.5], [0.5], [NAN]])[None]
    assert Quantiles((0.1, 0.5, 0.9)).covered(forecasts, truth) == (2.0, 3.0)
