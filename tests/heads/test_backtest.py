"""Errors of forecasts, added up over batches, beside naive ones: metrics worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from recur.heads.backtest import Backtest, counted
from recur.heads.naive import PERSISTENCE, SEASONAL
from recur.heads.quantiles import Quantiles

NAN = math.nan


def test_naive_forecasts_are_those_that_the_season_allows() -> None:
    assert Backtest(1, ["a"], [1.0], Quantiles(), 1).seasons == {PERSISTENCE: 1}
    assert Backtest(1, ["a"], [1.0], Quantiles(), 24).seasons == {PERSISTENCE: 1, SEASONAL: 24}


def test_sums_give_the_errors_of_all_by_step_and_by_column_in_their_own_units() -> None:
    backtest = Backtest(2, ["a", "b"], [10.0, 1.0], Quantiles(), 1)
    truth = torch.zeros(1, 2, 2, dtype=torch.float64)
    guess = torch.tensor([[[1.0, 3.0], [2.0, 4.0]]], dtype=torch.float64)
    sums = backtest.sums(guess[..., None], truth, {PERSISTENCE: guess * 0 + 1})
    assert backtest.summary({"loss": (7.5, 1.0), **sums}) == {"loss": 7.5, "mse": 7.5, "mae": 2.5}
    tables = backtest.tables(sums)
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
    backtest = Backtest(2, ["a"], [1.0], Quantiles(), 1)
    truth = torch.tensor([[[0.0], [NAN]]], dtype=torch.float64)
    sums = backtest.sums(torch.full((1, 2, 1, 1), 3.0, dtype=torch.float64), truth, {})
    assert sums["square"] == (4.5, 0.5)
    assert sums["square 1"] == (9.0, 1.0)
    assert sums["absolute 2"] == (0.0, 0.0)
    assert backtest.summary({"loss": (9.0, 1.0), **sums})["mse"] == 9.0


def test_coverage_is_the_share_of_known_values_within_the_outer_quantiles() -> None:
    backtest = Backtest(
        4,
        ["a"],
        [1.0],
        Quantiles(
            (
                0.1,
                0.5,
                0.9,
            )
        ),
        1,
    )
    guess = torch.tensor([-1.0, 0.0, 1.0], dtype=torch.float64).expand(1, 4, 1, 3)
    truth = torch.tensor([[-1.0], [1.5], [0.5], [NAN]], dtype=torch.float64)[None]
    sums = backtest.sums(guess, truth, {})
    assert sums["coverage"] == (2.0, 3.0)
    # the middle quantile is what squares are of
    assert sums["square"][0] * 4 == 1.0 + 2.25 + 0.25
    assert backtest.summary({"loss": (1.0, 2.0), **sums})["coverage_rate"] == pytest.approx(2 / 3)
    assert backtest.summary({"loss": (1.0, 2.0)}) == {"loss": 0.5, "pinball": 0.5}


def test_a_forecast_without_a_network_has_the_sums_of_one() -> None:
    backtest = Backtest(2, ["a"], [1.0], Quantiles((0.5,)), 1)
    truth = torch.tensor([[[1.0], [NAN]], [[3.0], [4.0]]], dtype=torch.float64)
    sums = backtest.simple(torch.zeros_like(truth), truth)
    # half a forecast and a whole one; the pinball loss of the median is half the distance
    assert sums["loss"] == pytest.approx((0.5 * (1 + 3 + 4) / 3 * 1.5, 1.5))
    assert sums["absolute"] == pytest.approx((4.0, 1.5))


def test_without_forecasts_there_are_no_tables_and_nothing_is_counted() -> None:
    assert Backtest(2, ["a"], [1.0], Quantiles(), 1).tables({"loss": (1.0, 1.0)}) == {}
    assert counted(torch.zeros(0, 2, 1)) == 0
