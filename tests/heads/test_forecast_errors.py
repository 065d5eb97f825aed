"""The error of each single forecast, and of one of its values."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from recur.heads.backtest import Backtest
from recur.heads.forecast_errors import ForecastErrors, OneValueError
from recur.nn import Readout
from tests.tolerances import close

STEPS, COLUMNS = 2, 2
MASK = torch.tensor([[True, False, True], [False, False, True]])


def made(quantiles: list[float]) -> tuple[Readout, Backtest, Tensor, Tensor]:
    torch.manual_seed(0)
    readout = Readout(3, STEPS * COLUMNS * max(1, len(quantiles)), dtype=torch.float64)
    figures = Backtest(STEPS, ["a", "b"], [1.0, 1.0], quantiles, 1)
    vectors, truth = (torch.randn(size, dtype=torch.float64) for size in ((2, 3, 3), (3, STEPS, COLUMNS)))
    return readout, figures, vectors, truth


@pytest.mark.parametrize("quantiles", [[], [0.1, 0.5, 0.9]], ids=str)
@pytest.mark.parametrize("relative", [False, True])
def test_each_forecast_has_its_own_error_and_their_mean_is_that_of_all(quantiles: list[float], relative: bool) -> None:
    readout, figures, vectors, truth = made(quantiles)
    base = torch.randn_like(truth) if relative else None
    errors = ForecastErrors(readout, figures, base, truth)
    each, z = errors.errors(vectors, truth, MASK)
    assert errors.matrix is readout
    close(z.detach(), readout(vectors).detach())
    values = readout(vectors)[MASK].view(3, STEPS, COLUMNS, -1)
    guess = values if base is None else values + base[..., None]
    close(each.mean().detach(), figures.error(guess, truth).detach())
    if not quantiles:
        close(each.detach(), (guess[..., 0] - truth).square().mean(dim=(1, 2)).detach())


def test_where_no_forecast_is_made_there_is_no_error() -> None:
    readout, figures, vectors, truth = made([])
    each, z = ForecastErrors(readout, figures, None, truth[:0]).errors(vectors, truth, torch.zeros(2, 3) > 0)
    assert each.shape == (0,)
    assert z.shape == (2, 3, 4)


def test_one_value_is_compared_with_the_mean_of_training() -> None:
    readout, figures, vectors, truth = made([])
    base = torch.ones_like(truth)
    one = OneValueError(readout, figures, base, truth, step=1, column=0, quantile=0)
    each, _ = one.errors(vectors, truth, MASK)
    # z is laid out by step, then column
    close(each.detach(), (readout(vectors)[MASK][:, 2] + 1).square().detach())


def test_of_quantiles_the_one_that_is_asked_for_is_taken_in_their_order() -> None:
    readout, figures, vectors, truth = made([0.1, 0.5, 0.9])
    lowest, highest = (
        OneValueError(readout, figures, None, truth, step=0, column=1, quantile=place).errors(vectors, truth, MASK)[0]
        for place in (0, 2)
    )
    three = readout(vectors)[MASK][:, 3:6]
    close(lowest.detach(), three.min(dim=-1).values.square().detach())
    close(highest.detach(), three.max(dim=-1).values.square().detach())
