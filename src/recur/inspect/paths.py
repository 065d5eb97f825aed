"""The shares of the steps in the gradient of one parameter, summed without forming each of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Path:
    """The steps' shares of the gradient of one parameter.

    Attributes
    ----------
    name : str
        Its name in the equation; "W_hy" and "b_y" for the readout.
    kind : str
        "input to hidden", "hidden to hidden", "hidden to output", or "bias".
    gradient : ndarray
        dE/dW, the sum of all shares.
    fraction : ndarray
        (T,) the part of the gradient that is from step t: <share_t, dE/dW> / ||dE/dW||^2; they add up to 1, and a step
        whose share opposes the gradient is negative.
    norm : ndarray
        (T,) ||share_t||.
    """

    name: str
    kind: str
    gradient: np.ndarray
    fraction: np.ndarray
    norm: np.ndarray
    factors: tuple[tuple[np.ndarray, np.ndarray | None], ...] = field(repr=False)

    def shares(self) -> np.ndarray:
        """The shares themselves, (T, m, n) of a matrix, (T, m) of a vector."""
        total: np.ndarray | float = 0.0
        for dz, v in self.factors:
            total = total + (dz.sum(1) if v is None else np.einsum("tbm,tbn->tmn", dz, v))
        return np.asarray(total)


def path_of(name: str, kind: str, factors: tuple[tuple[np.ndarray, np.ndarray | None], ...]) -> Path:
    """Shares from their factors dz_t (T, B, m) and v_t (T, B, n), without forming (T, m, n)."""
    gradient: Any = 0.0
    for dz, v in factors:
        flat = dz.reshape(-1, dz.shape[-1])
        gradient = gradient + (flat.sum(0) if v is None else flat.T @ v.reshape(-1, v.shape[-1]))
    gradient = np.asarray(gradient)
    T = factors[0][0].shape[0]
    along, square = np.zeros(T), np.zeros(T)
    for dz, v in factors:
        along += (dz @ gradient).sum(-1) if v is None else ((dz @ gradient) * v).sum((-1, -2))
    dz, v = factors[0]
    if len(factors) == 1 and v is not None and dz.shape[1] == 1:
        # a share of one row is an outer product
        square = np.square(dz[:, 0]).sum(-1) * np.square(v[:, 0]).sum(-1)
    else:
        for t in range(T):
            share: Any = 0.0
            for dz, v in factors:
                share = share + (dz[t].sum(0) if v is None else dz[t].T @ v[t])
            square[t] = float(np.square(share).sum())
    whole = float(np.square(gradient).sum())
    fraction = along / whole if whole > 0 else np.zeros(T)
    return Path(name, kind, gradient, fraction, np.sqrt(square), factors)
