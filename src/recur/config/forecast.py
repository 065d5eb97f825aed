"""The options of a forecast: how far ahead, from how much past, and in which form the answer is given."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import field_validator

from recur.config import situation as when
from recur.config.base import COUNT, OneOrMany, Section, option
from recur.config.search import between

__all__ = ["ForecastConfig"]


class ForecastConfig(Section):
    """The next values of columns of numbers."""

    horizon: int = option(
        1,
        "steps ahead to predict, for numbers that predict their own future",
        unit="steps",
        applies=when.AHEAD,
        ge=1,
        le=COUNT,
    )
    strategy: Literal["direct", "recursive"] | None = option(
        None, "predict the next `horizon` steps of the targets: all at once, or step by step from its own answers",
        name="forecast",
    )  # fmt: skip
    window: int | None = option(
        None, "forecast: steps that are read before each forecast; default: bptt",
        search=between(8, 256, log=True), unit="steps", applies=when.FORECAST,
        ge=1, le=COUNT,
    )  # fmt: skip
    season: int | None = option(
        None, "forecast: length of a season in steps; default: inferred by autocorrelation", unit="steps",
        applies=when.FORECAST,
        ge=2, le=COUNT,
    )  # fmt: skip
    quantiles: Annotated[list[float], OneOrMany("number")] = option(
        [], "forecast: quantiles to predict, including 0.5 (Koenker 1978)", applies=when.FORECAST
    )
    relative_to: Literal["none", "last", "season"] = option(
        "none", "forecast: predict the value itself, its change from the last value or from that a season earlier",
        applies=when.FORECAST,
    )  # fmt: skip

    @field_validator("quantiles")
    @classmethod
    def _quantiles_are_shares(cls, quantiles: list[float]) -> list[float]:
        rising = quantiles == sorted(set(quantiles)) and all(0 < each < 1 for each in quantiles)
        if quantiles and (0.5 not in quantiles or not rising):
            raise ValueError(f"quantiles must rise from above 0 to below 1, with 0.5 among them, got {quantiles}")
        return quantiles
