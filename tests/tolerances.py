"""The one table of tolerances: what 'equal' means for a dtype."""

from __future__ import annotations

import torch

TOLERANCE = {
    torch.float64: {"rtol": 1e-9, "atol": 1e-10},
    torch.float32: {"rtol": 2e-4, "atol": 2e-5},
    torch.bfloat16: {"rtol": 3e-2, "atol": 3e-2},
}


def close(actual: torch.Tensor, expected: torch.Tensor, what: str = "") -> None:
    """Assert that two tensors agree to the tolerance of their dtype."""
    torch.testing.assert_close(
        actual, expected, **TOLERANCE[expected.dtype], msg=lambda text: f"{what}: {text}" if what else text
    )
