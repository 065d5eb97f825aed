"""Refusals of options for symbols by heads that answer with numbers or events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recur.errors import ConfigError

if TYPE_CHECKING:
    from recur.config import ModelConfig


def refuse_symbol_options(config: ModelConfig, instead: str) -> None:
    """Refuse options of the readout that only symbols have; ``instead`` describes the target.

    Raises
    ------
    ConfigError
    """
    for option in ("tie_weights", "adaptive_softmax"):
        if getattr(config.readout, option):
            raise ConfigError(f"{option} is for symbols; {instead}", hint=f"leave out {option}")


def refuse_smoothing(label_smoothing: float, instead: str) -> None:
    """Refuse label smoothing where there are no symbols; ``instead`` describes the target.

    Raises
    ------
    ConfigError
    """
    if label_smoothing > 0:
        raise ConfigError(
            f"label_smoothing {label_smoothing} is for symbols; {instead}", hint="leave out label_smoothing"
        )
