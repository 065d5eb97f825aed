"""Weights & Biases: a run of the project of WANDB_PROJECT, else "recur"; WANDB_MODE=offline keeps it here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recur.errors import require


class WeightsAndBiases:
    """One run.

    Parameters
    ----------
    run : wandb.Run
    """

    def __init__(self, run: Any) -> None:
        self._run = run

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._run.log(dict(values), step=step)

    def close(self) -> None:
        self._run.finish()


def start(known: dict[str, Any], folder: Path, settings: Mapping[str, Any]) -> WeightsAndBiases:
    """Begin the run, or continue the one with this name."""
    wandb = require("wandb", "wandb")
    return WeightsAndBiases(
        wandb.init(
            project=os.environ.get("WANDB_PROJECT", "recur"), id=known["id"], name=known["id"], resume="allow",
            config=dict(settings), dir=str(folder),
        )
    )  # fmt: skip
