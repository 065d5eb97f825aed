"""TensorBoard: event files in ``tensorboard/`` of the run folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recur.errors import require


class TensorBoard:
    """Event files of one run.

    Parameters
    ----------
    folder : Path
    """

    def __init__(self, folder: Path) -> None:
        self._writer = require("torch.utils.tensorboard", "tensorboard").SummaryWriter(str(folder))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        for name, value in values.items():
            self._writer.add_scalar(name, value, step)
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


def start(known: dict[str, Any], folder: Path, settings: Mapping[str, Any]) -> TensorBoard:
    """Begin or continue the run; each session adds an event file to the same folder."""
    del settings
    return TensorBoard(folder / "tensorboard" / known["id"])
