"""Early stopping: what the evaluations decide (new best, lower rate, averaging, stop)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

NON_MONOTONIC_WINDOW = 5


@dataclass
class Progression:
    """The metric of each evaluation so far, in order.

    Attributes
    ----------
    higher_is_better : bool
    values : list of float
        The metric of each evaluation.
    best : float or None
        The best of them; best_step its update.
    since_best : int
        Evaluations since then.
    """

    higher_is_better: bool
    values: list[float] = field(default_factory=list)
    best: float | None = None
    best_step: int = 0
    since_best: int = 0

    def add(self, value: float, step: int) -> bool:
        """Add an evaluation; return whether it is the best so far. A metric that is not a number never is."""
        gained = not math.isnan(value) and (self.best is None or self._better(value, self.best))
        if gained:
            self.best, self.best_step, self.since_best = value, step, 0
        else:
            self.since_best += 1
        self.values.append(value)
        return gained

    def should_stop(self, patience: int | None) -> bool:
        """Whether ``patience`` evaluations in a row brought no gain."""
        return patience is not None and self.since_best >= patience

    def should_average(self) -> bool:
        """The non-monotonic trigger: the newest metric is worse than the best of those older than the last five.

        Source: Merity, Keskar, Socher 2018, "Regularizing and Optimizing LSTM Language Models", algorithm 1.
        """
        older = self.values[: -NON_MONOTONIC_WINDOW - 1]
        if not older:
            return False
        return self._better(max(older) if self.higher_is_better else min(older), self.values[-1])

    def _better(self, value: float, than: float) -> bool:
        return value > than if self.higher_is_better else value < than
