"""trackio: a run of the project "recur" in its local store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recur.errors import require


class Trackio:
    """One run.

    Parameters
    ----------
    module : module
        The package; a process has one run at a time.
    """

    def __init__(self, module: Any) -> None:
        self._module = module

    def log(self, step: int, values: Mapping[str, float]) -> None:
        self._module.log(dict(values), step=step)

    def close(self) -> None:
        self._module.finish()


def start(known: dict[str, Any], folder: Path, settings: Mapping[str, Any]) -> Trackio:
    """Begin the run, or continue the one with this name."""
    del folder
    trackio = require("trackio", "trackio")
    trackio.init(project="recur", name=known["id"], resume="allow", config=dict(settings))
    return Trackio(trackio)
