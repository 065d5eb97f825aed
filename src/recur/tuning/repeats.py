"""Training after the search: the first and the best settings with new seeds, and the best one whole, to be kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recur import config_file
from recur.config import Config
from recur.errors import RecurError
from recur.run import read_info
from recur.run.layout import CONFIG, INFO
from recur.run.opened import read_metrics
from recur.training import learn
from recur.tuning.claims import lock_if_free
from recur.tuning.plan import Plan
from recur.tuning.rows import best_of
from recur.tuning.space import configured
from recur.tuning.storage import Storage
from recur.tuning.trial import Position, without_test

__all__ = ["BEST", "Job", "jobs", "metric_of", "run_jobs"]

BEST = "best"


@dataclass(frozen=True)
class Job:
    """A training run after the search.

    Attributes
    ----------
    name : str
        What it is, for messages.
    group : str
        ``first``, ``again`` (the best settings with another seed) or ``best``.
    run : Path
        Its run folder.
    config : Config
    """

    name: str
    group: str
    run: Path
    config: Config


def jobs(storage: Storage, out: Path) -> list[Job]:
    """Return what is trained after the search, in order; nothing where no trial was trained to its end."""
    best, plan = best_of(storage), storage.plan
    if best is None:
        return []
    chosen = configured(plan.config, best.params)
    found = [Job(f"best settings (trial {best.number})", "best", out / BEST, chosen)]
    if best.params == plan.start or plan.repeats < 2:
        return found
    for number, seed in enumerate(_seeds(plan), 1):
        for group, config in (("first", plan.config), ("again", chosen)):
            name = f"{'first' if group == 'first' else 'best'} settings, seed {seed}"
            folder = out / "repeats" / f"{'first' if group == 'first' else f'trial-{best.number:04d}'}-{number}"
            found.append(Job(name, group, folder, without_test(config.replaced(seed=seed))))
    return found


def run_jobs(
    storage: Storage, out: Path, source: Any, say: Callable[[str], None], *, done: Callable[[Job], None]
) -> None:
    """Train what is not trained yet and not in the hands of another process."""
    for job in jobs(storage, out):
        with ExitStack() as held:
            lock = out / "locks" / f"{job.run.name}"
            if finished(job) or not lock_if_free(lock, held):
                continue
            again = _is_of_another(job)
            say(f"training the {job.name}")
            if again and job.config.data.test:
                say("the test file was evaluated for an earlier best, too: each look makes its metric more optimistic")
            learn(
                job.config, out=job.run, data=source, progress=Position(job.name, say), fresh=again,
                command=f"recur train --config {out / BEST}.toml --out {job.run}",
            )  # fmt: skip
            done(job)


def finished(job: Job) -> bool:
    """Whether a job is done, with these settings."""
    if not (job.run / INFO).is_file() or _is_of_another(job):
        return False
    return bool(read_info(job.run).get("status") == "finished")


def metric_of(job: Job, plan: Plan) -> float:
    """Return the held-out metric of a job; NaN where it has none."""
    try:
        return float(read_metrics(job.run, read_info(job.run))["held_out"].get(plan.metric, math.nan))
    except (RecurError, KeyError, TypeError):
        return math.nan


def _is_of_another(job: Job) -> bool:
    """Whether the run folder has other settings: an earlier best of a study that was continued."""
    if not (job.run / CONFIG).is_file():
        return False
    # the file of a user's cell is not executed: the name alone is compared here, the equation when the run resumes
    return bool(config_file.changes(config_file.read(job.run / CONFIG, note=None), job.config))


def _seeds(plan: Plan) -> Iterator[int]:
    """Seeds that the search did not use."""
    for number in range(1, plan.repeats + 1):
        yield (plan.seed + number) % 2**63
