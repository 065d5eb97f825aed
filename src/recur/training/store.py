"""Where a run is kept: in its folder, or in memory when no folder was given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from recur.atomic import write_text
from recur.modes import Mode
from recur.run import WEIGHTS, RunFolder, check_weights, load_weights
from recur.training.checkpoint import Checkpoints
from recur.training.journal import Journal


class Store(Protocol):
    """What the loop keeps and gets back."""

    folder: Path | None
    log: Journal
    samples: Journal

    def resume(self, mode: Mode) -> dict[str, Any] | None:
        """Load the last weights into the network and return the rest of the checkpoint, or None."""
        ...

    def checkpoint(self, mode: Mode, resume: dict[str, Any]) -> None:
        """Keep the present state of training."""
        ...

    def publish(self, mode: Mode, step: int) -> None:
        """Keep the present weights as the best."""
        ...

    def load_best(self, mode: Mode) -> None:
        """Put the best weights into the network."""
        ...

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Keep a JSON file."""
        ...

    def write_text(self, name: str, text: str) -> None:
        """Keep a text file."""
        ...

    def update(self, **facts: Any) -> None:
        """Put facts into run.json."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class Memory:
    """Keeps the best weights in memory and forgets the rest."""

    folder: Path | None = None

    def __init__(self) -> None:
        self.log = self.samples = Journal(None)
        self._best: dict[str, Tensor] = {}

    def resume(self, mode: Mode) -> dict[str, Any] | None:
        del mode
        return None

    def checkpoint(self, mode: Mode, resume: dict[str, Any]) -> None: ...

    def publish(self, mode: Mode, step: int) -> None:
        del step
        self._best = {name: value.detach().clone() for name, value in mode.state_dict().items()}

    def load_best(self, mode: Mode) -> None:
        if self._best:
            mode.load_state_dict(self._best)

    def write_json(self, name: str, value: Mapping[str, Any]) -> None: ...

    def write_text(self, name: str, text: str) -> None: ...

    def update(self, **facts: Any) -> None: ...

    def close(self) -> None: ...


class Disk:
    """Keeps everything in the run folder.

    Parameters
    ----------
    run : RunFolder
    """

    def __init__(self, run: RunFolder) -> None:
        self.run = run
        self.folder: Path | None = run.path
        self._checkpoints = Checkpoints(run.path / "checkpoint")
        # opened by `resume`, which knows how much of them counts
        self.log = self.samples = Journal(None)

    def resume(self, mode: Mode) -> dict[str, Any] | None:
        check_weights(self.run)
        resume = self._checkpoints.read(mode)
        lengths = resume["journals"] if resume else {"log": 0, "samples": 0}
        self.log = Journal(self.run.path / "log.jsonl", lengths["log"])
        self.samples = Journal(self.run.path / "samples.jsonl", lengths["samples"])
        return resume

    def checkpoint(self, mode: Mode, resume: dict[str, Any]) -> None:
        # the journals go to the disk first: a checkpoint must never know of lines that a power cut took
        lengths = {"log": self.log.sync(), "samples": self.samples.sync()}
        self._checkpoints.write(mode, {**resume, "journals": lengths})

    def publish(self, mode: Mode, step: int) -> None:
        self.run.publish(mode)
        self.run.update(best_step=step)

    def load_best(self, mode: Mode) -> None:
        if (self.run.path / WEIGHTS).is_file():
            load_weights(mode, self.run.path / WEIGHTS)

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        self.run.write_json(name, value)

    def write_text(self, name: str, text: str) -> None:
        write_text(self.run.path / name, text)

    def update(self, **facts: Any) -> None:
        self.run.update(**facts)

    def close(self) -> None:
        """Close the journals."""
        for journal in (self.log, self.samples):
            journal.__exit__(None, None, None)
