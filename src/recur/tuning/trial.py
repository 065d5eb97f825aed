"""One trial: a training run that reports its evaluations to the study and may be pruned."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recur.atomic import remove_file
from recur.config import Config
from recur.errors import ConfigError, DataError, NotEnoughMemoryError, TrainingError
from recur.figures import duration, figure
from recur.run import layout
from recur.training import learn
from recur.training.progress import Beginning, Evaluation, Silent, Step
from recur.tuning.claims import REASON, SEEN, Claim
from recur.tuning.space import configured
from recur.tuning.storage import Storage

__all__ = ["Position", "run_trial", "without_test"]

_BETWEEN_SIGNS = 60.0
_BETWEEN_LINES = 15.0
RUN = "run"


class _PrunedError(Exception):
    """The trial is worse than others were after as much training."""


class Position(Silent):
    """The progress of one of many runs: a line now and then.

    Parameters
    ----------
    name : str
        What runs.
    say : callable
        Receives each line.
    """

    def __init__(self, name: str, say: Callable[[str], None]) -> None:
        self._name, self._say, self._said = name, say, time.monotonic()
        self.began = False

    def begin(self, beginning: Beginning) -> None:
        self.began = True
        if beginning.step:
            self._say(f"{self._name}: resuming after update {beginning.step:,}")

    def step(self, step: Step) -> None:
        self._position(
            f"epoch {step.epoch + 1}/{step.epochs}, loss {step.loss:.4f}, {duration(step.seconds_left)} left"
        )

    def evaluated(self, evaluation: Evaluation) -> None:
        value = evaluation.figures.get(evaluation.name, math.nan)
        self._position(f"step {evaluation.step:,}, held-out {evaluation.name} {figure(evaluation.name, value)}")

    def _position(self, text: str) -> None:
        if time.monotonic() - self._said >= _BETWEEN_LINES:
            self._said = time.monotonic()
            self._say(f"{self._name}: {text}")


class _Reported(Position):
    """The progress of a trial: every evaluation is reported to the study, which may prune it."""

    def __init__(self, claim: Claim, storage: Storage, say: Callable[[str], None]) -> None:
        super().__init__(f"trial {claim.number}", say)
        self._trial, self._storage = claim.trial, storage
        self._seen = time.monotonic()
        id_of_trial = storage.trial_id(claim.number)
        self.reported = dict(storage.backend.get_trial(id_of_trial).intermediate_values)

    def step(self, step: Step) -> None:
        super().step(step)
        self._sign()

    def evaluated(self, evaluation: Evaluation) -> None:
        super().evaluated(evaluation)
        self._sign()
        plan = self._storage.plan
        value, place = evaluation.figures.get(plan.metric, math.nan), plan.round_of(evaluation.step, evaluation.epoch)
        if not math.isfinite(value):
            return
        if place not in self.reported:
            # an evaluation after a resumed checkpoint may have been reported before
            self._trial.report(value, place)
            self.reported[place] = value
        if place < plan.rounds and self._trial.should_prune():
            raise _PrunedError

    def _sign(self) -> None:
        if time.monotonic() - self._seen >= _BETWEEN_SIGNS:
            self._seen = time.monotonic()
            self._trial.set_user_attr(SEEN, time.time())


def run_trial(claim: Claim, storage: Storage, source: Any, say: Callable[[str], None]) -> None:
    """Train a trial to its end, or until it is pruned, and record the outcome.

    Parameters
    ----------
    claim : Claim
    storage : Storage
    source : object
        Rows given from Python; None reads the file of the configuration.
    say : callable
        Receives lines about what happens.

    Raises
    ------
    Paused, Interrupted
        On Ctrl-C: the trial is continued from its checkpoint by the next process.
    """
    states = storage.optuna.trial.TrialState
    run = claim.folder / RUN
    if claim.resumed:
        how = "continues from its checkpoint" if has_checkpoint(run) else "begins again"
        say(f"trial {claim.number} was interrupted: it {how}")
    display = _Reported(claim, storage, say)
    try:
        config = without_test(configured(storage.plan.config, claim.values))
        learned = learn(config, out=run, data=source, progress=display)
    except _PrunedError:
        storage.study.tell(claim.trial, state=states.PRUNED)
    except (ConfigError, DataError, NotEnoughMemoryError, TrainingError) as error:
        if isinstance(error, DataError) and not display.began:
            # the rows cannot be read any more: no fault of these settings
            raise
        claim.trial.set_user_attr(REASON, error.message)
        storage.study.tell(claim.trial, state=states.FAIL)
    else:
        value = learned.metrics["held_out"].get(storage.plan.metric, math.nan)
        if math.isfinite(value):
            storage.study.tell(claim.trial, value)
        else:
            claim.trial.set_user_attr(REASON, f"no {storage.plan.metric} could be computed")
            storage.study.tell(claim.trial, state=states.FAIL)
    remove_run(run)


def remove_run(run: Path) -> None:
    """Remove the run of a trial: many large networks would fill the disk, and the best one is trained again."""
    if not run.is_dir():
        return
    layout.remove(run)
    cache = run / layout.CACHE
    if cache.is_dir() and not cache.is_symlink():
        for path in cache.iterdir():
            remove_file(path)
        cache.rmdir()
    remove_file(run / layout.LOCK)
    run.rmdir()


def without_test(config: Config) -> Config:
    """Return a configuration without its test file: nothing is chosen on it."""
    return config.replaced(test=None)


def has_checkpoint(run: Path) -> bool:
    """Whether a run folder has a checkpoint to continue from."""
    return (run / layout.CHECKPOINT / layout.LATEST).is_file()
