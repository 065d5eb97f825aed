"""The check before every timing: two contestants computed the same outputs, states and gradients."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from recur.errors import RecurError

# largest difference that counts as equal, as a share of the largest magnitude in the expected tensor. Gradients sum
# over all steps and rows, and float32 rounds each order of summation differently.
TOLERANCE: Mapping[torch.dtype, Mapping[str, float]] = {
    torch.float32: {"outputs": 1e-5, "gradients": 1e-4},
    torch.bfloat16: {"outputs": 3e-2, "gradients": 6e-2},
}

SPARE = 4.0  # the difference of two results is at most the sum of their rounding errors, and chance adds some


class NotProvedError(RecurError):
    """Two contestants computed different things, so neither is timed against the other."""


def prove(
    kind: str,
    actual: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    dtype: torch.dtype,
    rounding: float = 0.0,
) -> float:
    """Compare the results of a contestant with those of its rival.

    Parameters
    ----------
    kind : "outputs" or "gradients"
        The column of the table of tolerances.
    actual, expected : mapping of str to Tensor
        The same names in both.
    dtype : torch.dtype
        The row of the table.
    rounding : float
        What rounding alone does to the rival in this case (see ``contest.rounding``): a case that magnifies it is
        held to ``SPARE`` times as much, where that is more than the tolerance.

    Returns
    -------
    float
        The largest difference found, as a share of the largest magnitude in its expected tensor.

    Raises
    ------
    NotProvedError
        If a tensor is missing, has another shape, is not finite or differs by more than the tolerance.
    """
    if set(actual) != set(expected):
        raise NotProvedError(f"{kind} {sorted(actual)}, expected {sorted(expected)}")
    tolerance = max(TOLERANCE[dtype][kind], SPARE * rounding)
    worst = 0.0
    for name, wanted in expected.items():
        got = actual[name]
        if got.shape != wanted.shape:
            raise NotProvedError(f"{kind} {name}: shape {tuple(got.shape)}, expected {tuple(wanted.shape)}")
        scale = wanted.abs().max().item() or 1.0
        difference = (got - wanted).abs().max().item() / scale
        # written so that a NaN is refused
        if not difference <= tolerance:
            raise NotProvedError(f"{kind} {name}: a difference of {difference:.1e}, expected at most {tolerance:.0e}")
        worst = max(worst, difference)
    return worst
