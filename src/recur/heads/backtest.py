"""``Backtest``: errors of forecasts by step ahead, compared with those of naive forecasts.

MSE, MAE    standardised by the training rows, mean over steps ahead and columns
pinball     mean over steps ahead, columns and quantiles
coverage    share of values between the lowest and the highest quantile
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from recur.heads.head import Sums, ratio
from recur.heads.known_targets import known
from recur.heads.naive import PERSISTENCE, SEASONAL, naive_steps
from recur.heads.quantiles import Quantiles


class Backtest:
    """Errors of forecasts, added up over batches.

    Parameters
    ----------
    horizon : int
        H.
    columns, deviations : sequence of str, sequence of float
        Names of the columns, and how much of their own unit 1 is.
    quantiles : Quantiles
        Those that are forecast.
    season : int
        1 where there is none.
    """

    def __init__(
        self, horizon: int, columns: Sequence[str], deviations: Sequence[float], quantiles: Quantiles, season: int
    ) -> None:
        self.horizon, self.columns, self.deviations = horizon, list(columns), list(deviations)
        self.quantiles, self.season = quantiles, season
        self.seasons = {PERSISTENCE: 1, **({SEASONAL: season} if season > 1 else {})}

    def naive(self, own: Tensor, places: Tensor) -> dict[str, Tensor]:
        """Return naive forecasts (B, O, H, C) by name, made at places (B, O) of series (B, T, C)."""
        return {name: naive_steps(own, places, self.horizon, season) for name, season in self.seasons.items()}

    def sums(self, forecasts: Tensor, truth: Tensor, naive: Mapping[str, Tensor]) -> Sums:
        """Return everything that `summary` and `tables` need, of K forecasts (K, H, C, Q)."""
        sums: Sums = {}
        for name, point in {"": self.quantiles.middle(forecasts), **naive}.items():
            sums |= self._gaps(name, point - truth)
        if self.quantiles.interval:
            sums["coverage"] = self.quantiles.covered(forecasts, truth)
        return sums

    def simple(self, forecasts: Tensor, truth: Tensor) -> Sums:
        """Return the sums of forecasts (K, H, C) that are made without a network, as if they were a network's."""
        count = counted(truth)
        as_quantiles = forecasts[..., None].expand(*forecasts.shape, self.quantiles.count)
        error = float(self.quantiles.error(as_quantiles, truth))
        return {"loss": (error * count, count), **self._gaps("", forecasts - truth)}

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Return loss, MSE and MAE; where there are quantiles, pinball loss and coverage."""
        metrics = {"loss": ratio(sums["loss"])}
        if self.quantiles:
            metrics["pinball"] = metrics["loss"]
        elif "square" not in sums:
            metrics["mse"] = metrics["loss"]
        if "square" in sums:
            metrics |= {"mse": ratio(sums["square"]), "mae": ratio(sums["absolute"])}
        if "coverage" in sums:
            metrics["coverage_rate"] = ratio(sums["coverage"])
        return metrics

    def tables(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, list[dict[str, Any]]]:
        """Return the errors, with those of naive forecasts: of all, by step ahead, and by column in its own unit."""
        names = [name for name in ("", *self.seasons) if _key(name, "square") in sums]
        if not names:
            return {}
        together = [
            {"forecast": name or "network", "mse": ratio(sums[_key(name, "square")]),
             "mae": ratio(sums[_key(name, "absolute")])}
            for name in names
        ]  # fmt: skip
        steps = []
        for step in range(1, self.horizon + 1):
            row: dict[str, Any] = {"step": step}
            for name in names:
                for short, what in (("mse", "square"), ("mae", "absolute")):
                    row[f"{name} {short}".strip()] = ratio(sums[_key(name, f"{what} {step}")])
            steps.append(row)
        columns = []
        for place, column in enumerate(self.columns):
            unit = self.deviations[place]
            row = {"column": column}
            for name in names:
                row[f"{name} rmse".strip()] = math.sqrt(ratio(sums[_key(name, f"square of {column}")])) * unit
                row[f"{name} mae".strip()] = ratio(sums[_key(name, f"absolute of {column}")]) * unit
            columns.append(row)
        return {"beside": together, "by_step": steps, "by_column": columns}

    def _gaps(self, name: str, gap: Tensor) -> Sums:
        """Return squares and absolute values of gaps (K, H, C): of all, by step, by column."""
        present = known(gap).to(gap.dtype)
        of_steps, of_columns = present.mean(dim=2).sum(dim=0).tolist(), present.mean(dim=1).sum(dim=0).tolist()
        gap = gap.nan_to_num()
        sums: Sums = {}
        for what, values in (("square", gap.square()), ("absolute", gap.abs())):
            by_step = values.mean(dim=2).sum(dim=0).tolist()
            by_column = values.mean(dim=1).sum(dim=0).tolist()
            sums[_key(name, what)] = (sum(by_step) / self.horizon, sum(of_steps) / self.horizon)
            sums |= {
                _key(name, f"{what} {step}"): pair for step, pair in enumerate(zip(by_step, of_steps, strict=True), 1)
            }
            sums |= {
                _key(name, f"{what} of {column}"): pair
                for column, pair in zip(self.columns, zip(by_column, of_columns, strict=True), strict=True)
            }
        return sums


def counted(truth: Tensor) -> float:
    """Return the number of forecasts (K, H, C); one with missing values counts as the share that is known."""
    return float(known(truth).sum()) / max(1, truth[0].numel()) if len(truth) else 0.0


def _key(name: str, what: str) -> str:
    return f"{name} {what}" if name else what
