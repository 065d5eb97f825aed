"""A study as plain data: the table of its trials, the importance of its options, what was repeated and what follows."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any

from recur.figures import figure
from recur.tuning.claims import LOST, REASON, is_counted
from recur.tuning.plan import Plan
from recur.tuning.storage import Storage

__all__ = ["Compared", "best_of", "counts", "importance", "trial_row"]

STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "waiting"}
_FEWEST = 4


def trial_row(trial: Any, plan: Plan) -> dict[str, Any]:
    """Return a trial as plain data.

    Parameters
    ----------
    trial : optuna.trial.FrozenTrial
    plan : Plan

    Returns
    -------
    dict
        ``number``, ``state``, the metric (None where it was not trained to its end), ``evaluations``, ``seconds`` from
        its first to its last moment, ``values`` of the options, ``reason`` of a failure.
    """
    took = trial.duration
    return {
        "number": trial.number,
        "state": "lost" if trial.user_attrs.get(LOST) else STATES[trial.state.name],
        "value": trial.value if trial.state.name == "COMPLETE" else None,
        "evaluations": max(trial.intermediate_values, default=0),
        "last": trial.intermediate_values[max(trial.intermediate_values)] if trial.intermediate_values else None,
        "seconds": None if took is None else took.total_seconds(),
        "values": {one.name: trial.params[one.name] for one in plan.space if one.name in trial.params},
        "reason": trial.user_attrs.get(REASON),
    }


def counts(storage: Storage) -> dict[str, int]:
    """Return the number of trials by state, and of those that count."""
    found = dict.fromkeys(STATES.values(), 0)
    for one in storage.trials():
        if is_counted(one):
            found[STATES[one.state.name]] += 1
    return found


def best_of(storage: Storage) -> Any:
    """Return the best trial that was trained to its end; None where there is none. The earlier of two equal ones."""
    plan, best = storage.plan, None
    for one in storage.trials():
        if one.state.name == "COMPLETE" and (best is None or plan.is_better(one.value, best.value)):
            best = one
    return best


def importance(storage: Storage) -> dict[str, float]:
    """Return the share of the variance of the metric that each option explains, by Optuna's fANOVA.

    Empty where fewer than four trials were trained to their end, or all have one metric.

    Source: Hutter, Hoos and Leyton-Brown 2014, "An efficient approach for assessing hyperparameter importance".
    """
    done = [one for one in storage.trials() if one.state.name == "COMPLETE"]
    if len(done) < _FEWEST or len({one.value for one in done}) < 2:
        return {}
    optuna = storage.optuna
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=storage.plan.seed % 2**32)
    found = optuna.importance.get_param_importances(storage.study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items() if math.isfinite(share)}


class Compared:
    """The first and the best settings, each trained again with seeds that the search did not use.

    Parameters
    ----------
    plan : Plan
    first, best : sequence of float
        The metrics; fewer than two where nothing was repeated.
    same : bool
        Whether the best settings are the first ones.
    """

    def __init__(self, plan: Plan, first: Sequence[float], best: Sequence[float], *, same: bool) -> None:
        self.plan, self.first, self.best, self.same = plan, list(first), list(best), same

    @property
    def outcome(self) -> str:
        """Whether the best settings are better: ``better``, ``unclear``, ``same`` or ``unknown``.

        They are where every repeat of theirs beats every repeat of the first ones. By chance that happens once in
        twenty times with three seeds each.
        """
        if self.same:
            return "same"
        if len(self.first) < 2 or len(self.best) < 2:
            return "unknown"
        worst, most = (min, max) if self.plan.higher_is_better else (max, min)
        return "better" if self.plan.is_better(worst(self.best), most(self.first)) else "unclear"

    @property
    def sentence(self) -> str:
        """The comparison in words, with the metrics."""
        if self.same:
            return "the best settings are those that the search started with"
        if self.outcome == "unknown":
            return "nothing was repeated, so the spread between seeds is unknown; --repeats 3 measures it"
        seeds = f"over {len(self.best)} seeds that the search did not use"
        figures = f"{self._shown(self.best)} against {self._shown(self.first)}"
        if self.outcome == "better":
            return f"better than the first settings {seeds}: {figures}"
        return (
            f"not clearly better than the first settings {seeds}: {figures}; the difference is within the spread "
            "between seeds"
        )

    def record(self) -> dict[str, Any]:
        """JSON values."""
        return {"outcome": self.outcome, "sentence": self.sentence, "first": self.first, "best": self.best}

    def _shown(self, values: Sequence[float]) -> str:
        low, high = (figure(self.plan.metric, each) for each in (min(values), max(values)))
        mean = figure(self.plan.metric, statistics.fmean(values))
        return f"{self.plan.metric} {mean} ({low} to {high})"
