"""``Quantiles``: the quantiles of a forecast, with their error, order, median and interval.

    pinball loss   e_q = max(q (y - z_q), (q - 1) (y - z_q))           the error is its mean over all quantiles
    order          answered quantiles are sorted: they never cross, and the pinball loss never becomes larger
    median         the value that is answered
    interval       from the lowest to the highest quantile

A forecast without quantiles has one value, the mean: its error is the squared error.

Sources: Koenker and Bassett 1978 (quantiles); Chernozhukov, Fernandez-Val and Galichon 2010 (sorting).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from recur.heads.known_targets import known
from recur.nn.graph_writer import INT64, GraphWriter

MEDIAN = 0.5


@dataclass(frozen=True)
class Quantiles:
    """The quantiles that are forecast; none for the mean alone.

    Attributes
    ----------
    shares : tuple of float
        Rising shares of probability, with 0.5 among them.
    """

    shares: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.shares)

    @property
    def count(self) -> int:
        """Q, the values that are forecast for each step and column."""
        return max(1, len(self.shares))

    @property
    def median(self) -> int:
        """The position of the median among the Q values; of the mean 0."""
        return self.shares.index(MEDIAN) if self.shares else 0

    @property
    def others(self) -> list[float]:
        """All but the median, which is the answer itself."""
        return [share for share in self.shares if share != MEDIAN]

    @property
    def interval(self) -> tuple[float, float] | None:
        """The lowest and the highest quantile; None where there is only one value."""
        return (self.shares[0], self.shares[-1]) if len(self.shares) > 1 else None

    def middle(self, forecasts: Tensor) -> Tensor:
        """(..., Q) to the answered value (...)."""
        return forecasts[..., self.median]

    def ordered(self, forecasts: Tensor) -> Tensor:
        """(..., Q) to the same values, sorted."""
        return forecasts.sort(dim=-1).values if self.shares else forecasts

    def losses(self, forecasts: Tensor, truth: Tensor) -> Tensor:
        """Return the squared error or pinball loss (..., Q) of forecasts (..., Q) of known values (...)."""
        gap = truth[..., None] - forecasts
        if not self.shares:
            return gap.square()
        shares = torch.tensor(self.shares, dtype=gap.dtype, device=gap.device)
        return torch.maximum(shares * gap, (shares - 1) * gap)

    def error(self, forecasts: Tensor, truth: Tensor) -> Tensor:
        """Return the mean loss of forecasts (K, H, C, Q) over the known values of truth (K, H, C); 0 where none is."""
        present = known(truth)
        if not bool(present.all()):
            # a missing value would give gradients that are not finite
            forecasts, truth = forecasts[present][:, None, None], truth[present][:, None, None]
        losses = self.losses(forecasts, truth)
        return losses.mean() if len(losses) else losses.sum()

    def errors(self, forecasts: Tensor, truth: Tensor) -> Tensor:
        """Return `error` of each forecast, (K,)."""
        present = known(truth)
        losses = self.losses(forecasts, truth.nan_to_num()) * present[..., None]
        return losses.flatten(1).sum(1) / (self.count * present.flatten(1).sum(1)).clamp(min=1)

    def covered(self, forecasts: Tensor, truth: Tensor) -> tuple[float, float]:
        """Return how many known values are within the interval, and how many are known."""
        inside = (forecasts[..., 0] <= truth) & (truth <= forecasts[..., -1])
        return float(inside.sum()), float(known(truth).sum())

    def write_middle(self, graph: GraphWriter, forecasts: str) -> str:
        """Write `middle` of (B, H, C, Q)."""
        return graph.add("Gather", forecasts, graph.constant(self.median, INT64), axis=3)

    def write_ordered(self, graph: GraphWriter, forecasts: str) -> str:
        """Write `ordered`."""
        if not self.shares:
            return forecasts
        return graph.many("TopK", [forecasts, graph.integers(self.count)], 2, axis=-1, largest=0, sorted=1)[0]
