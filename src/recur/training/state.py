"""The training position: the numbers that a checkpoint holds."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import Any

from recur.heads.head import Sums, add_sums
from recur.training.stopping import Progression


@dataclass
class Interval:
    """Sums since the last report."""

    sums: Sums = field(default_factory=dict)
    updates: int = 0
    loss: float = 0.0
    gradient: float = 0.0
    tokens: int = 0
    seconds: float = 0.0


@dataclass
class State:
    """Position and memory of the loop.

    Attributes
    ----------
    epoch, batch : int
        The next batch to learn from.
    step : int
        Updates done.
    seconds : float
        Time spent training and evaluating, over all sessions.
    owed : bool
        An evaluation is due before the next update.
    evaluated : int
        The update after which the last evaluation took place, -1 for none.
    lowered : float
        Factor of schedule plateau.
    progression : Progression
        The metrics of the evaluations so far.
    best_figures : dict
        All metrics of the best evaluation.
    best_epoch : int
    carried : object
        State of the network between two windows of a stream, detached; None where nothing is carried.
    interval : Interval
        Since the last report.
    """

    progression: Progression
    epoch: int = 0
    batch: int = 0
    step: int = 0
    seconds: float = 0.0
    owed: bool = False
    evaluated: int = -1
    lowered: float = 1.0
    best_figures: dict[str, float] = field(default_factory=dict)
    best_epoch: int = 0
    interval: Interval = field(default_factory=Interval)
    carried: Any = None

    def count_update(self, sums: Sums, *, loss: float, gradient: float, tokens: int, batches: int) -> None:
        """Count an update and move to the next batch or epoch."""
        self.step += 1
        self.batch += 1
        if self.batch == batches:
            self.epoch, self.batch, self.carried = self.epoch + 1, 0, None
        add_sums(self.interval.sums, sums)
        self.interval.updates += 1
        self.interval.loss += loss
        self.interval.gradient += gradient
        self.interval.tokens += tokens

    def record(self) -> dict[str, Any]:
        """The state as tensors, numbers and text."""
        carried, self.carried = self.carried, None
        try:
            return {**asdict(self), "carried": carried}
        finally:
            self.carried = carried

    @classmethod
    def of(cls, record: dict[str, Any]) -> State:
        """The state of a record."""
        values = dict(record)
        progression = Progression(**values.pop("progression"))
        interval = values.pop("interval")
        interval["sums"] = {name: tuple(pair) for name, pair in interval["sums"].items()}
        return cls(progression=progression, interval=Interval(**interval), **values)


class Clock:
    """Adds the elapsed time to a state."""

    def __init__(self) -> None:
        self._mark = time.monotonic()

    def elapsed(self) -> float:
        """Seconds since the last call."""
        now = time.monotonic()
        seconds, self._mark = now - self._mark, now
        return seconds
