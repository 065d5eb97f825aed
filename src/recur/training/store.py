"""Stores of a training run: a folder, or memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from recur.atomic import write_text
from recur.errors import RunError
from recur.modes import Mode
from recur.run import WEIGHTS, RunFolder, check_weights, load_weights
from recur.run.layout import CHECKPOINT
from recur.training.checkpoint import Checkpoints
from recur.training.journal import Journal


class Store(Protocol):
    """Stores and loads what the training loop needs."""

    folder: Path | None
    log: Journal
    samples: Journal

    def resume(self, mode: Mode) -> dict[str, Any] | None:
        """Load the last weights into the network and return the rest of the checkpoint, or None."""
        ...

    def checkpoint(self, mode: Mode, resume: dict[str, Any]) -> None:
        """Save the state of training."""
        ...

    def publish(self, mode: Mode, step: int, metrics: Mapping[str, Any] | None = None) -> None:
        """Save the weights as the best, with their metrics."""
        ...

    def load_best(self, mode: Mode) -> None:
        """Load the best weights into the network."""
        ...

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Write the metrics."""
        ...

    def write_json(self, name: str, value: Mapping[str, Any]) -> None:
        """Write another JSON file."""
        ...

    def write_text(self, name: str, text: str) -> None:
        """Write a text file."""
        ...

    def update(self, **facts: Any) -> None:
        """Write facts into run.json."""
        ...

    def close(self) -> None:
        """Close the files."""
        ...


class Memory:
    """Keeps only the best weights, in memory."""

    def __init__(self) -> None:
        self.folder: Path | None = None
        self.log = self.samples = Journal(None)
        self._best: dict[str, Tensor] = {}

    def resume(self, mode: Mode) -> dict[str, Any] | None:
        del mode
        return None

    def checkpoint(self, mode: Mode, resume: dict[str, Any]) -> None: ...

    def publish(self, mode: Mode, step: int, metrics: Mapping[str, Any] | None = None) -> None:
        del step, metrics
        self._best = {name: value.detach().clone() for name, value in mode.state_dict().items()}

    def load_best(self, mode: Mode) -> None:
        if self._best:
            mode.load_state_dict(self._best)

    def write_metrics(self, metrics: Mapping[str, Any]) -> None: ...

    def write_json(self, name: str, value: Mapping[str, Any]) -> None: ...

    def write_text(self, name: str, text: str) -> None: ...

    def update(self, **facts: Any) -> None: ...

    def close(self) -> None: ...


class Follower(Memory):
    """Keeps nothing: of several processes, only the first one writes.

    Parameters
    ----------
    folder : Path
        Where the first process writes.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def publish(self, mode: Mode, step: int, metrics: Mapping[str, Any] | None = None) -> None:
        del mode, step, metrics


class Disk:
    """Keeps everything in the run folder.

    Parameters
    ----------
    run : RunFolder
    say : callable
        Receives messages about a run that is resumed.
    """

    def __init__(self, run: RunFolder, say: Callable[[str], None] = lambda _: None) -> None:
        self.run, self._say = run, say
        self.folder: Path | None = run.path
        self._checkpoints = Checkpoints(run.path / CHECKPOINT, say)
        # opened by `resume`, which knows their lengths at the checkpoint
        self.log = self.samples = Journal(None)

    def resume(self, mode: Mode) -> dict[str, Any] | None:
        check_weights(self.run.path, self.run.info)
        resume = self._checkpoints.read(mode)
        lengths = _lengths(resume) if resume else {"log": 0, "samples": 0}
        paths = {name: self.run.path / f"{name}.jsonl" for name in lengths}
        if resume is None:
            self._check_start(paths["log"])
        for name, path in paths.items():
            have = path.stat().st_size if path.is_file() else 0
            if have < lengths[name]:
                self._say(
                    f"{path} has {have:,} bytes, expected {lengths[name]:,}: lines of earlier sessions are missing"
                )
        self.log = Journal(paths["log"], lengths["log"])
        self.samples = Journal(paths["samples"], lengths["samples"])
        return resume

    def _check_start(self, log: Path) -> None:
        """Refuse to start from the beginning where training had progressed; report a session that left only a log.

        Raises
        ------
        RunError
        """
        info, folder = self.run.info, self.run.path
        learned = info.get("checkpointed") or info.get("status") in ("paused", "finished", "collapsed")
        # a damaged first checkpoint was never finished, unless run.json names it or weights exist
        if learned or (folder / WEIGHTS).exists():
            problems = "; ".join(self._checkpoints.problems) or f"there is none in {folder / CHECKPOINT}"
            raise RunError(
                f"{folder} contains a run that cannot be resumed, because all its checkpoints are damaged: {problems}",
                hint="--fresh starts over and removes what was learned; `recur predict` still answers with the best "
                "weights, if they are there",
            )
        if log.is_file() and log.stat().st_size:
            self._say("the earlier session ended before its first checkpoint; training starts from the beginning")

    def checkpoint(self, mode: Mode, resume: dict[str, Any]) -> None:
        # the journals are flushed first: a checkpoint must never count lines that a power cut can lose
        lengths = {"log": self.log.sync(), "samples": self.samples.sync()}
        self._checkpoints.write(mode, {**resume, "journals": lengths})
        if not self.run.info.get("checkpointed"):
            self.run.update(checkpointed=True)

    def publish(self, mode: Mode, step: int, metrics: Mapping[str, Any] | None = None) -> None:
        self.run.publish(mode, metrics, best_step=step)

    def load_best(self, mode: Mode) -> None:
        if (self.run.path / WEIGHTS).is_file():
            load_weights(mode, self.run.path / WEIGHTS)

    def write_metrics(self, metrics: Mapping[str, Any]) -> None:
        self.run.write_metrics(metrics)

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


def _lengths(resume: Mapping[str, Any]) -> dict[str, int]:
    """The lengths of the journals at a checkpoint."""
    lengths = resume.get("journals")
    if (
        isinstance(lengths, dict)
        and set(lengths) == {"log", "samples"}
        and all(isinstance(n, int) for n in lengths.values())
    ):
        return lengths
    raise RunError("the checkpoint does not record the length of the logs", hint="start over with --fresh")
