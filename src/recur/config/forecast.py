"""The options of a forecast: how far ahead, from how much past, and in which form the answer is given."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import field_validator

from recur.config import situation as when
from recur.config.base import COUNT, OneOrMany, Section, option

__all__ = ["ForecastConfig"]


class ForecastConfig(Section):
    """The next values of columns of numbers."""

    horizon: int = option(
        1, "steps ahead, for numbers that predict their own future", unit="steps", applies=when.AHEAD, ge=1, le=COUNT
    )
    strategy: Literal["direct", "recursive"] | None = option(
        None, "answer all next `horizon` steps of the targets: at once, or one read back after the other",
        name="forecast",
    )  # fmt: skip
    window: int | None = option(
        None, "forecast: steps that are read before one; default: bptt", unit="steps", applies=when.FORECAST,
        ge=1, le=COUNT,
    )  # fmt: skip
    season: int | None = option(
        None, "forecast: steps of a season; inferred by autocorrelation", unit="steps", applies=when.FORECAST,
        ge=2, le=COUNT,
    )  # fmt: skip
    quantiles: Annotated[list[float], OneOrMany("number")] = option(
        [], "forecast: quantiles to answer with, 0.5 among them (Koenker 1978)", applies=when.FORECAST
    )
    relative_to: Literal["none", "last", "season"] = option(
        "none", "forecast: what it is the change from: nothing, the last value, that of a season before",
        applies=when.FORECAST,
    )  # fmt: skip

    @field_validator("quantiles")
    @classmethod
    def _quantiles_are_shares(cls, found: list[float]) -> list[float]:
        if found and (0.5 not in found or found != sorted(set(found)) or not 0 < found[0] <= found[-1] < 1):
            raise ValueError(f"quantiles must rise from above 0 to below 1, with 0.5 among them, got {found}")
        return found
