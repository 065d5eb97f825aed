"""What the table of tolerances lets pass, and what it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from tests.tolerances import ROUNDED, SINGLE, TOLERANCE, agree, close, near, rounded

SIZES = [1e-2, 1.0, 1e4]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("compare", [close, near])
def test_zeros_never_pass_for_a_small_tensor(compare: Callable[..., None], dtype: torch.dtype, size: float) -> None:
    expected = (torch.arange(1, 6) * size).to(dtype)
    compare(expected, expected)
    with pytest.raises(AssertionError):
        compare(torch.zeros_like(expected), expected)


@pytest.mark.parametrize("size", [1.0, 1e4])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_an_error_is_measured_against_the_tensor(dtype: torch.dtype, size: float) -> None:
    expected = (torch.tensor([1.0, 0.5, 0.25], dtype=torch.float64) * size).to(dtype)
    wrong = expected * (1 + 4 * TOLERANCE[dtype])
    with pytest.raises(AssertionError):
        close(wrong, expected)
    with pytest.raises(AssertionError):
        near(wrong, expected)


def test_what_is_not_finite_is_near_nothing() -> None:
    expected = torch.tensor([1.0, 2.0])
    with pytest.raises(AssertionError, match="not finite"):
        near(torch.tensor([1.0, torch.nan]), expected)


@pytest.mark.parametrize("size", SIZES)
def test_a_rounded_result_is_near_and_zeros_are_not(size: float) -> None:
    expected = torch.tensor([1.0, -0.5]) * size
    rounded(expected * (1 + ROUNDED / 2), expected)
    for wrong in (torch.zeros(2), expected * (1 + 2 * ROUNDED)):
        with pytest.raises(AssertionError):
            rounded(wrong, expected)


@pytest.mark.parametrize("size", [1e-9, 1.0, 1e9])
def test_numbers_agree_up_to_a_share_of_the_largest_and_zeros_never_do(size: float) -> None:
    expected = [1.0 * size, -0.5 * size, 0.0]
    agree([number * (1 + SINGLE / 2) for number in expected], expected)
    for wrong in ([0.0, 0.0, 0.0], [number * (1 + 2 * SINGLE) for number in expected], [size, float("nan"), 0.0]):
        with pytest.raises(AssertionError):
            agree(wrong, expected)
    with pytest.raises(AssertionError, match="nothing to compare with"):
        agree([0.0], [0.0])
