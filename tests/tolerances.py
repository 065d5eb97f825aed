"""The one table of tolerances: what 'equal' means for a dtype."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

TOLERANCE = {torch.float64: 1e-9, torch.float32: 2e-4, torch.bfloat16: 3e-2}
"""Largest error of an element, as a share of its own size."""

OF_LARGEST = {torch.float64: 1e-10, torch.float32: 2e-5, torch.bfloat16: 1e-2}
"""And as a share of the largest element's, of which it may be a difference."""

SHARE = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 4e-2}
"""Largest error of an element, as a share of the largest element. Of gradients that are sums of many products of either
sign, the error follows the terms and not the sum. Products of bfloat16 factors are rounded once before, once in the
next step."""

ROUNDED = 2e-2
"""Largest error of outputs whose products have bfloat16 factors, as a share of the largest exact output."""

EXACT = 1e-12
"""Largest error of float64 arithmetic in another order, as a share of the element."""

DOUBLE = 1e-9
"""Largest error of long computations in float64, as a share of the largest element."""

SINGLE = SHARE[torch.float32]
"""Largest error of values that were float32 once, as a share of the largest element."""

EXPORTED = 2e-5
"""Largest difference of two runtimes that compute in float32, as a share of the largest element."""

FILTERED = 2e-4
"""What a filter of finite length leaves of what it removes, as a share of the largest sample."""

SHOWN = 1e-3
"""Largest error of what was computed from numbers rounded for a page, as a share."""

RESAMPLED = 1e-2
"""Largest difference of the log energies of one sound at two sample rates, as a share of the largest."""

APPROXIMATED = 1e-2
"""Largest error of a signal given back by a few polynomials, as a share of the largest value."""

DRAWN = 3e-2
"""Largest error of a probability estimated from some thousand draws, as a share of the largest."""

LEARNED = 5e-2
"""Largest error of numbers that a network learned by heart, as a share of the largest."""

FLOOR = {torch.float64: 1e-11, torch.float32: 2e-6, torch.bfloat16: 8e-3}
"""Error that is allowed however small the largest element is: what is 0 by cancellation has no size to compare with."""


TRAJECTORY = 1e-5
"""Largest difference after hundreds of updates in float32 whose sums had another order, as a share of the largest
element."""


def largest(tensor: torch.Tensor) -> float:
    """The size of the largest finite element."""
    values = tensor.detach().double().abs()
    finite = values[values.isfinite()]
    return float(finite.max()) if finite.numel() else 0.0


def close(actual: torch.Tensor, expected: torch.Tensor, what: str = "") -> None:
    """Assert that two tensors agree to the tolerance of their dtype."""
    share = TOLERANCE[expected.dtype]
    floor = max(FLOOR[expected.dtype], OF_LARGEST[expected.dtype] * largest(expected))
    torch.testing.assert_close(
        actual, expected, rtol=share, atol=floor, msg=lambda text: f"{what}: {text}" if what else text
    )


def rounded(actual: torch.Tensor, expected: torch.Tensor) -> None:
    """Assert that a result with bfloat16 products is that of exact ones, up to a share of the largest element."""
    assert bool(actual.isfinite().all()), "not finite"
    error, allowed = float((actual - expected).detach().abs().max()), ROUNDED * largest(expected)
    assert allowed > 0, "there is nothing to compare with"
    assert error <= allowed, f"off by {error:.2g}, where {allowed:.2g} is allowed"


def near(actual: torch.Tensor, expected: torch.Tensor, what: str = "", like: torch.dtype | None = None) -> None:
    """Assert that two tensors agree to a share of the largest element, that of the dtype computed in."""
    assert actual.shape == expected.shape, f"{what}: {tuple(actual.shape)} and {tuple(expected.shape)}"
    assert bool(actual.isfinite().all()), f"{what}: not finite"
    if expected.numel():
        dtype = like or expected.dtype
        error = float((actual - expected).abs().max())
        allowed = max(FLOOR[dtype], SHARE[dtype] * largest(expected))
        assert error <= allowed, f"{what}: off by {error:.2g}, where {allowed:.2g} is allowed"


def agree(actual: Any, expected: Any, share: float = SINGLE, what: str = "") -> None:
    """Assert that numbers, in arrays or lists, agree up to a share of the largest expected one, which is not 0."""
    actual, expected = (
        values.detach().double() if isinstance(values, torch.Tensor) else torch.tensor(np.asarray(values, np.float64))
        for values in (actual, expected)
    )
    assert actual.shape == expected.shape, f"{what}: {tuple(actual.shape)} and {tuple(expected.shape)}"
    assert bool(actual.isfinite().all()), f"{what}: not finite"
    error, allowed = float((actual - expected).abs().max()), share * largest(expected)
    assert allowed > 0, f"{what}: there is nothing to compare with"
    assert error <= allowed, f"{what}: off by {error:.2g}, where {allowed:.2g} is allowed"


def same_trajectory(actual: torch.Tensor, expected: torch.Tensor, what: str) -> None:
    """Assert that two trainings agree after hundreds of updates, up to a share of the largest element."""
    assert bool(actual.isfinite().all()), f"{what}: not finite"
    error, allowed = float((actual.double() - expected.double()).abs().max()), TRAJECTORY * largest(expected)
    assert error <= allowed, f"{what}: off by {error:.2g}, where {allowed:.2g} is allowed"
