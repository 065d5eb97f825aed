"""Errors of forecasts, added up over batches, beside naive ones: figures worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from recur.heads.backtest import PERSISTENCE, SEASONAL, Backtest, counted, last_known, naive_steps
from tests.tolerances import close

NAN = math.nan


def series(*values: float) -> Tensor:
    """(1, T, 1)."""
    return torch.tensor(values, dtype=torch.float64)[None, :, None]


@pytest.mark.parametrize(
    ("season", "ahead"),
    [(1, [5, 5, 5, 5]), (2, [4, 5, 4, 5]), (3, [3, 4, 5, 3]), (5, [1, 2, 3, 4]), (6, [5, 1, 2, 3])],
)
def test_a_naive_forecast_repeats_the_last_season(season: int, ahead: list[int]) -> None:
    # a season of 6 reaches back before the first step once: there the last value is repeated
    own = series(1, 2, 3, 4, 5)
    assert naive_steps(own, torch.tensor([[4]]), 4, season)[0, 0, :, 0].tolist() == ahead


def test_a_naive_forecast_is_made_from_the_row_and_the_step_of_each_place() -> None:
    own = torch.tensor([[1.0, 2.0, 3.0], [7.0, 8.0, 9.0]])[..., None]
    found = naive_steps(own, torch.tensor([[0, 2], [1, 0]]), 2, 1)
    assert found[..., 0].tolist() == [[[1, 1], [3, 3]], [[8, 8], [7, 7]]]


@pytest.mark.parametrize(
    ("own", "filled", "expected"),
    [
        ((1, 0, 3), 0.0, [1, 1, 3]),  # what was filled in with zero is the value before it
        ((1, 0, 3), None, [1, 0, 3]),  # a zero that nobody filled in is a value
        ((NAN, 2, 3), None, [0, 2, 3]),  # nothing was known before
    ],
)
def test_values_before_the_truth_are_known_unless_they_were_filled_in(
    own: tuple[float, ...], filled: float | None, expected: list[float]
) -> None:
    truth = series(9.0)
    assert last_known(series(*own), truth, torch.tensor([3]), filled=filled)[0, :, 0].tolist() == expected


def test_within_the_truth_what_is_missing_there_is_missing() -> None:
    # steps 2, 3 and 4 of what is read are the truth; its second value is missing, although it was read as 7
    found = last_known(series(1, 2, 3, 7, 5), series(3, NAN, 5), torch.tensor([2]), filled=0.0)
    assert found[0, :, 0].tolist() == [1, 2, 3, 3, 5]


def test_the_error_of_a_mean_is_the_mean_square_of_what_is_known() -> None:
    figures = Backtest(2, ["a"], [1.0], [], 1)
    guess = torch.tensor([[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]], dtype=torch.float64, requires_grad=True)
    truth = torch.tensor([[[0.0], [NAN]], [[3.0], [7.0]]], dtype=torch.float64)
    error = figures.error(guess, truth)
    close(error, torch.tensor((1 + 0 + 9) / 3, dtype=torch.float64))
    [slope] = torch.autograd.grad(error, guess)
    close(slope.flatten(), torch.tensor([2 / 3, 0, 0, -2], dtype=torch.float64))


def test_the_error_of_quantiles_is_the_pinball_loss() -> None:
    figures = Backtest(1, ["a"], [1.0], [0.1, 0.5, 0.9], 1)
    guess = torch.tensor([[[[1.0, 2.0, 5.0]]]], dtype=torch.float64)
    truth = torch.tensor([[[4.0]]], dtype=torch.float64)
    # too low by 3 and 2, too high by 1: 0.1 * 3, 0.5 * 2, (1 - 0.9) * 1
    close(figures.error(guess, truth), torch.tensor((0.3 + 1.0 + 0.1) / 3, dtype=torch.float64))


@pytest.mark.parametrize("quantiles", [[], [0.1, 0.5]], ids=str)
def test_where_nothing_is_known_the_error_is_zero_and_has_a_gradient(quantiles: list[float]) -> None:
    guess = torch.ones(1, 2, 1, max(1, len(quantiles)), requires_grad=True)
    error = Backtest(2, ["a"], [1.0], quantiles, 1).error(guess, torch.full((1, 2, 1), NAN))
    assert error.item() == 0
    [slope] = torch.autograd.grad(error, guess)
    assert not slope.any()


def test_naive_forecasts_are_those_that_the_season_allows() -> None:
    assert Backtest(1, ["a"], [1.0], [], 1).naive == {PERSISTENCE: 1}
    assert Backtest(1, ["a"], [1.0], [], 24).naive == {PERSISTENCE: 1, SEASONAL: 24}


def test_sums_give_the_errors_of_all_by_step_and_by_column_in_their_own_units() -> None:
    figures = Backtest(2, ["a", "b"], [10.0, 1.0], [], 1)
    truth = torch.zeros(1, 2, 2, dtype=torch.float64)
    guess = torch.tensor([[[1.0, 3.0], [2.0, 4.0]]], dtype=torch.float64)
    sums = figures.sums(guess[..., None], truth, {PERSISTENCE: guess * 0 + 1})
    assert figures.summary({"loss": (7.5, 1.0), **sums}) == {"loss": 7.5, "mse": 7.5, "mae": 2.5}
    tables = figures.tables(sums)
    assert tables["beside"] == [
        {"forecast": "network", "mse": 7.5, "mae": 2.5}, {"forecast": PERSISTENCE, "mse": 1.0, "mae": 1.0},
    ]  # fmt: skip
    assert [(row["step"], row["mse"], row["mae"]) for row in tables["by_step"]] == [(1, 5.0, 2.0), (2, 10.0, 3.0)]
    assert [row[f"{PERSISTENCE} mse"] for row in tables["by_step"]] == [1.0, 1.0]
    first, second = tables["by_column"]
    assert first["column"] == "a"
    assert (first["rmse"], first["mae"]) == pytest.approx((10 * math.sqrt(2.5), 15.0))
    assert (second["rmse"], second["mae"]) == pytest.approx((math.sqrt(12.5), 3.5))


def test_missing_numbers_count_neither_as_errors_nor_as_numbers() -> None:
    figures = Backtest(2, ["a"], [1.0], [], 1)
    truth = torch.tensor([[[0.0], [NAN]]], dtype=torch.float64)
    sums = figures.sums(torch.full((1, 2, 1, 1), 3.0, dtype=torch.float64), truth, {})
    assert sums["square"] == (4.5, 0.5)
    assert sums["square 1"] == (9.0, 1.0)
    assert sums["absolute 2"] == (0.0, 0.0)
    assert figures.summary({"loss": (9.0, 1.0), **sums})["mse"] == 9.0


def test_coverage_is_the_share_of_known_values_within_the_outer_quantiles() -> None:
    figures = Backtest(4, ["a"], [1.0], [0.1, 0.5, 0.9], 1)
    guess = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64).expand(1, 4, 1, 3)
    truth = torch.tensor([[-1.0], [1.5], [0.5], [NAN]], dtype=torch.float64)[None]
    sums = figures.sums(guess, truth, {})
    assert sums["coverage"] == (2.0, 3.0)
    # the middle quantile is what squares are of
    assert sums["square"][0] * 4 == 1.0 + 2.25 + 0.25
    assert figures.summary({"loss": (1.0, 2.0), **sums})["coverage_rate"] == pytest.approx(2 / 3)
    assert figures.summary({"loss": (1.0, 2.0)}) == {"loss": 0.5, "pinball": 0.5}


def test_a_forecast_without_a_network_has_the_sums_of_one() -> None:
    figures = Backtest(2, ["a"], [1.0], [0.5], 1)
    truth = torch.tensor([[[1.0], [NAN]], [[3.0], [4.0]]], dtype=torch.float64)
    sums = figures.simple(torch.zeros_like(truth), truth)
    # half a forecast and a whole one; the pinball loss of the median is half the distance
    assert sums["loss"] == pytest.approx((0.5 * (1 + 3 + 4) / 3 * 1.5, 1.5))
    assert sums["absolute"] == pytest.approx((4.0, 1.5))


def test_without_forecasts_there_are_no_tables_and_nothing_is_counted() -> None:
    assert Backtest(2, ["a"], [1.0], [], 1).tables({"loss": (1.0, 1.0)}) == {}
    assert counted(torch.zeros(0, 2, 1)) == 0
