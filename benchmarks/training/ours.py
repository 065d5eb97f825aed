"""Our side: what ``recur train`` runs, stopped after every epoch."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from recur.config import Config
from recur.run import RunFolder
from recur.training import randomness
from recur.training.loop import loop
from recur.training.pause import PauseRequest
from recur.training.progress import Evaluation, Lines
from recur.training.session import Training
from recur.training.setup import choose_device, prepare
from recur.training.store import Disk


class Display(Lines):
    """The plain lines of a training, written to memory, and the last held-out loss."""

    held_out = float("nan")

    def __init__(self) -> None:
        super().__init__(io.StringIO())

    def evaluated(self, evaluation: Evaluation) -> None:
        super().evaluated(evaluation)
        self.held_out = evaluation.figures["loss"]


class Counting(Training):
    """A training that adds up the losses of its batches."""

    total, count = 0.0, 0

    def advance(self, loss: Any, carried: Any, batch: Any, value: float, gradient: float) -> None:
        self.total += value
        self.count += 1
        super().advance(loss, carried, batch, value, gradient)


class Ours:
    """The training of a configuration, epoch by epoch.

    Parameters
    ----------
    config : Config
    folder : Path
        The run folder, which must be new.
    """

    def __init__(self, config: Config, folder: Path) -> None:
        randomness.seed(config.training.seed)
        run = RunFolder(folder)
        self.display = Display()
        self.task = prepare(config, None, choose_device("cpu"), run, "recur train")
        self.training = Counting(self.task, Disk(run), self.display, "recur train")
        self.training.resume()

    def epoch(self) -> tuple[float, float]:
        """Train an epoch, with its evaluation, samples, logs and checkpoint; the training loss and the held-out one."""
        training = self.training
        training.total, training.count = 0.0, 0
        training.config = training.config.model_copy(update={"epochs": training.state.epoch + 1})
        loop(training, PauseRequest())
        return training.total / training.count, self.display.held_out

    def close(self) -> None:
        """Close the files."""
        self.training.store.close()
