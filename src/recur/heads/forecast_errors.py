"""The error of each single forecast, for observers that follow it back through the network.

    e_k = mean over the H steps and the columns of (n_k + z_k - y_k)^2, or of the pinball loss

where k counts the steps from which a forecast is made. Of a recursive network it is the error of the first step, which
is what it learns from.
"""

from __future__ import annotations

import torch
from torch import Tensor

from recur.heads.backtest import Backtest
from recur.nn import Readout


class ForecastErrors:
    """What reads forecasts out: the readout, and what the answers are relative to.

    Parameters
    ----------
    readout : Readout
    figures : Backtest
        Whose error it is.
    base : Tensor or None
        (K, S, C) what the answers are relative to; None for nothing.
    truth : Tensor
        (K, S, C).
    """

    def __init__(self, readout: Readout, figures: Backtest, base: Tensor | None, truth: Tensor) -> None:
        self.readout, self.figures, self.base, self.truth = readout, figures, base, truth

    @property
    def matrix(self) -> Readout | None:
        """The readout, which is one matrix."""
        return self.readout.matrix

    def guess(self, z: Tensor, mask: Tensor) -> Tensor:
        """The forecasts (K, S, C, Q) made where ``mask`` (B, T) is true, from z (B, T, V)."""
        guess = z[mask].view(*self.truth.shape, max(1, len(self.figures.quantiles)))
        return guess if self.base is None else guess + self.base[..., None]

    def errors(self, vectors: Tensor, targets: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """e (K,) of the forecasts made where ``mask`` (B, T) is true, and z (B, T, V) of vectors (B, T, H)."""
        del targets
        z: Tensor = self.readout(vectors)
        guess = self.guess(z, mask)
        each = [self.figures.error(guess[k, None], self.truth[k, None]) for k in range(len(guess))]
        return (torch.stack(each) if each else z.new_zeros(0)), z


class OneValueError(ForecastErrors):
    """The squared distance of one value of a forecast to the mean of the training values.

    Parameters
    ----------
    readout, figures, base, truth
        As for `ForecastErrors`.
    step, column, quantile : int
        Which value, each from 0.
    """

    def __init__(
        self, readout: Readout, figures: Backtest, base: Tensor | None, truth: Tensor, *, step: int, column: int,
        quantile: int,
    ) -> None:  # fmt: skip
        super().__init__(readout, figures, base, truth)
        self.step, self.column, self.quantile = step, column, quantile

    def errors(self, vectors: Tensor, targets: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        del targets
        z: Tensor = self.readout(vectors)
        # quantiles are answered in order
        guess = self.guess(z, mask).sort(dim=-1).values
        return guess[:, self.step, self.column, self.quantile].square(), z
