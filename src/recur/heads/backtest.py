"""``Backtest``: errors of forecasts by step ahead, compared with those of naive forecasts.

MSE, MAE          standardised by the training rows, mean over steps ahead and columns
persistence       every step ahead is as the last one known
seasonal naive    every step ahead is as it was one season before (two, where one is not known yet)
pinball           mean over quantiles q of max(q e, (q - 1) e), e = y - z
coverage          share of values between the lowest and the highest quantile
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from recur.heads.head import Sums, ratio

PERSISTENCE, SEASONAL = "persistence", "seasonal naive"


def naive_steps(own: Tensor, places: Tensor, horizon: int, season: int) -> Tensor:
    """Repeat the last season of a series.

    Parameters
    ----------
    own : Tensor
        (B, T, C), what was observed.
    places : Tensor
        (B, O) the last step that is known.
    horizon : int
        H.
    season : int
        Steps of a season; 1 repeats the last value, and so does a season that reaches back before the first step.

    Returns
    -------
    Tensor
        (B, O, H, C).
    """
    ahead = torch.arange(1, horizon + 1, device=own.device)
    back = season * ((ahead + season - 1) // season) - ahead
    wanted = places[:, :, None] - back
    wanted = torch.where(wanted < 0, places[:, :, None], wanted)
    rows = torch.arange(len(own), device=own.device)[:, None, None]
    return own[rows, wanted]


def last_known(own: Tensor, truth: Tensor, starts: Tensor, *, filled: float | None) -> Tensor:
    """Repeat the last value that was there in place of those that were filled in, for naive forecasts.

    Parameters
    ----------
    own : Tensor
        (B, T, C), what is read.
    truth : Tensor
        (B, M, C), NaN where a value is missing.
    starts : Tensor
        (B,) the step of ``own`` that the first of ``truth`` is.
    filled : float or None
        What a missing value becomes, by which those before ``truth`` are known; None where it is a value before it.
    """
    steps = torch.arange(own.shape[1], device=own.device)
    at = (steps - starts[:, None])[:, :, None].expand_as(own)
    told = (at >= 0) & (at < truth.shape[1])
    there = ~truth.to(own.dtype).gather(1, at.clamp(0, max(0, truth.shape[1] - 1))).isnan()
    looks = ~own.isnan() if filled is None else own != filled
    known = torch.where(told, there, looks)
    last = torch.where(known, steps[None, :, None], 0).cummax(dim=1).values
    return own.gather(1, last).nan_to_num()


class Backtest:
    """Errors of forecasts, added up over batches.

    Parameters
    ----------
    horizon : int
        H.
    columns, deviations : sequence of str, sequence of float
        Names of the columns, and how much of their own unit 1 is.
    quantiles : sequence of float
        Those that are forecast; none for the mean alone.
    season : int
        1 where there is none.
    """

    def __init__(
        self, horizon: int, columns: Sequence[str], deviations: Sequence[float], quantiles: Sequence[float], season: int
    ) -> None:
        self.horizon, self.columns, self.deviations = horizon, list(columns), list(deviations)
        self.quantiles, self.season = list(quantiles), season
        self.naive = {PERSISTENCE: 1, **({SEASONAL: season} if season > 1 else {})}

    def error(self, guess: Tensor, truth: Tensor) -> Tensor:
        """The mean error of forecasts (K, H, C, Q) to backpropagate; truth is (K, H, C)."""
        known = ~truth.isnan()
        if not bool(known.all()):
            # what is missing is taken out, so that no gradient comes from it
            guess, truth = guess[known][:, None, None], truth[known][:, None, None]
        if not self.quantiles:
            squares = (guess[..., 0] - truth).square()
            return squares.mean() if len(squares) else squares.sum()
        gap = truth[..., None] - guess
        shares = torch.tensor(self.quantiles, dtype=gap.dtype, device=gap.device)
        losses = torch.maximum(shares * gap, (shares - 1) * gap)
        return losses.mean() if len(losses) else losses.sum()

    def sums(self, guess: Tensor, truth: Tensor, naive: Mapping[str, Tensor]) -> Sums:
        """Everything that `summary` and `tables` need, of K forecasts (K, H, C, Q)."""
        middle = guess[..., self.quantiles.index(0.5) if self.quantiles else 0]
        found: Sums = {}
        for name, point in {"": middle, **naive}.items():
            found |= self._of(name, point - truth)
        if len(self.quantiles) > 1:
            inside = (guess[..., 0] <= truth) & (truth <= guess[..., -1])
            found["coverage"] = (float(inside.sum()), float((~truth.isnan()).sum()))
        return found

    def simple(self, guess: Tensor, truth: Tensor) -> Sums:
        """The sums of a forecast (K, H, C) that is made without a network, as if they were a network's."""
        count = counted(truth)
        as_quantiles = guess[..., None].expand(*guess.shape, max(1, len(self.quantiles)))
        return {"loss": (float(self.error(as_quantiles, truth)) * count, count), **self._of("", guess - truth)}

    def summary(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, float]:
        """Loss, MSE and MAE; where there are quantiles, pinball loss and coverage."""
        figures = {"loss": ratio(sums["loss"])}
        if self.quantiles:
            figures["pinball"] = figures["loss"]
        elif "square" not in sums:
            figures["mse"] = figures["loss"]
        if "square" in sums:
            figures |= {"mse": ratio(sums["square"]), "mae": ratio(sums["absolute"])}
        if "coverage" in sums:
            figures["coverage_rate"] = ratio(sums["coverage"])
        return figures

    def tables(self, sums: Mapping[str, tuple[float, float]]) -> dict[str, list[dict[str, Any]]]:
        """The errors, with those of naive forecasts: of all, by step ahead, and by column in its own unit."""
        names = [name for name in ("", *self.naive) if _key(name, "square") in sums]
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

    def _of(self, name: str, gap: Tensor) -> Sums:
        """Squares and absolute values of gaps (K, H, C): of all, by step, by column."""
        known = (~gap.isnan()).to(gap.dtype)
        of_steps, of_columns = known.mean(dim=2).sum(dim=0).tolist(), known.mean(dim=1).sum(dim=0).tolist()
        gap = gap.nan_to_num()
        found: Sums = {}
        for what, values in (("square", gap.square()), ("absolute", gap.abs())):
            by_step = values.mean(dim=2).sum(dim=0).tolist()
            by_column = values.mean(dim=1).sum(dim=0).tolist()
            found[_key(name, what)] = (sum(by_step) / self.horizon, sum(of_steps) / self.horizon)
            found |= {
                _key(name, f"{what} {step}"): pair for step, pair in enumerate(zip(by_step, of_steps, strict=True), 1)
            }
            found |= {
                _key(name, f"{what} of {column}"): pair
                for column, pair in zip(self.columns, zip(by_column, of_columns, strict=True), strict=True)
            }
        return found


def counted(truth: Tensor) -> float:
    """How many forecasts (K, H, C) there are to measure; one of which a part is missing counts as the rest of it."""
    return float((~truth.isnan()).sum()) / max(1, truth[0].numel()) if len(truth) else 0.0


def _key(name: str, what: str) -> str:
    return f"{name} {what}" if name else what
