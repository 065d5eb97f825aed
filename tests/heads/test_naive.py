"""Naive forecasts, and the values that they repeat."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from recur.heads.naive import last_known, naive_steps

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
