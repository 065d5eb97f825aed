"""The one table of tolerances: what 'equal' means for a dtype."""

from __future__ import annotations

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

FLOOR = {torch.float64: 1e-11, torch.float32: 2e-6, torch.bfloat16: 8e-3}
"""Error that is allowed however small the largest element is: what is 0 by cancellation has no size to compare with."""


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
