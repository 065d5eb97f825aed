"""The one table of tolerances: what 'equal' means for a dtype."""

from __future__ import annotations

import torch

TOLERANCE = {
    torch.float64: {"rtol": 1e-9, "atol": 1e-10},
    torch.float32: {"rtol": 2e-4, "atol": 2e-5},
    torch.bfloat16: {"rtol": 3e-2, "atol": 3e-2},
}

# Of gradients that are sums of many products of either sign, the error follows the terms and not the sum, so it is
# measured against the largest element. Products of bfloat16 factors are rounded once before, once in the next step.
SHARE = {torch.float32: 1e-5, torch.bfloat16: 3e-2}


def close(actual: torch.Tensor, expected: torch.Tensor, what: str = "") -> None:
    """Assert that two tensors agree to the tolerance of their dtype."""
    torch.testing.assert_close(
        actual, expected, **TOLERANCE[expected.dtype], msg=lambda text: f"{what}: {text}" if what else text
    )


def near(actual: torch.Tensor, expected: torch.Tensor, what: str = "", like: torch.dtype | None = None) -> None:
    """Assert that two tensors agree to a share of the largest element, that of the dtype computed in."""
    assert actual.shape == expected.shape, f"{what}: {tuple(actual.shape)} and {tuple(expected.shape)}"
    assert bool(actual.isfinite().all()), f"{what}: not finite"
    if expected.numel():
        error, largest = float((actual - expected).abs().max()), float(expected.abs().max())
        allowed = SHARE[like or expected.dtype] * max(largest, 1.0)
        assert error <= allowed, f"{what}: off by {error:.2g}, where {allowed:.2g} is allowed"
