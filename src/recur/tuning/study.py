"""Tuning: a search over settings, its best run, and what it says about them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from recur import config_file, data
from recur._version import __version__
from recur.atomic import make_folder, write_text
from recur.config import Config
from recur.errors import ConfigError, RecurError, RunError, TrainingError, require
from recur.figures import figure
from recur.processes.launched import place, refuse_fewer_than_one
from recur.run import read_info
from recur.run.opened import read_metrics
from recur.training import schedules
from recur.training.setup import Task, choose_device, prepare
from recur.tuning.plan import FILE, Plan, Pruner, read_plan
from recur.tuning.processes import run_processes
from recur.tuning.repeats import BEST, finished, jobs, metric_of
from recur.tuning.rows import Compared, best_of, counts, importance, trial_row
from recur.tuning.space import Wanted, configured, search_space
from recur.tuning.storage import JOURNAL, Storage, open_storage, quiet, shown_place
from recur.tuning.trial import without_test
from recur.tuning.worker import Phase, work
from recur.views.study import importance_picture, in_words

__all__ = ["Search", "Tuned", "search"]

PICTURE, CONFIG = "importance.png", "best.toml"


@dataclass(frozen=True)
class Search:
    """What was asked of a search.

    Attributes
    ----------
    trials : int
        How many settings are tried.
    processes : int
        Processes of this machine that work on them.
    wanted : mapping, optional
        The options to search; default: the usual ones.
    fixed, given : collection of str
        Options that keep their value, and those that the user gave.
    database : str, optional
        A journal file or the URL of a database; default: a journal in the folder of the study.
    pruner : str
        median, hyperband or none.
    repeats : int
        Seeds with which the first and the best settings are compared at the end.
    """

    trials: int = 20
    processes: int = 1
    wanted: Wanted | None = None
    fixed: Collection[str] = ()
    given: Collection[str] = ()
    database: str | None = None
    pruner: Pruner = "median"
    repeats: int = 3


@dataclass(frozen=True)
class Tuned:
    """The result of a search.

    Attributes
    ----------
    folder : Path
        The folder of the study.
    run : Path or None
        The run folder of the best settings; None where other machines still work on trials.
    config : Config or None
        The best settings.
    facts : dict
        ``metric``, ``higher_is_better``, ``options``, counts of trials by state.
    trials : list of dict
        Each with ``number``, ``state``, ``value``, ``values``.
    importance : dict
        Of each option, the share of the variance of the metric that it explains.
    comparison : dict
        ``outcome`` (better, unclear, same, unknown), ``sentence``, the metrics ``first`` and ``best`` of the repeats.
    metrics : dict
        Of the best run: ``held_out``, and ``test`` where a test file was given.
    """

    folder: Path
    run: Path | None
    config: Config | None
    facts: dict[str, Any]
    trials: list[dict[str, Any]]
    importance: dict[str, float]
    comparison: dict[str, Any]
    metrics: dict[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """JSON values for ``--json``."""
        return {
            "study": self.folder, "run": self.run, **self.facts, "importance": self.importance,
            "comparison": self.comparison, "held_out": self.metrics.get("held_out"), "test": self.metrics.get("test"),
            "table": self.trials,
        }  # fmt: skip


def search(
    config: Config, asked: Search, out: Path, *, source: Any = None, say: Callable[[str], None], command: str | None
) -> Tuned:
    """Search for settings; the same call on the same folder continues.

    Parameters
    ----------
    config : Config
        The settings that are not searched, and the first values of those that are.
    asked : Search
    out : Path
        The folder of the study.
    source : object
        Rows given from Python, in place of ``config.data.source``.
    say : callable
        Receives lines about what happens.
    command : str, optional
        What was typed.

    Raises
    ------
    Paused, Interrupted
        On Ctrl-C; everything that was learned is kept.
    RunError
        When the folder, or the storage, has another study.
    ConfigError
        When there is nothing to search, or an option of the search is wrong.
    """
    _check(asked, source)
    require("optuna", "tune")
    _check_folder(out)
    with ExitStack() as stack:
        stack.enter_context(quiet())
        plan = _plan(config, asked, out, source)
        make_folder(out)
        where = asked.database or str(out / JOURNAL)
        storage = Storage(open_storage(where), plan)
        plan.write(out)
        _introduce(plan, storage, where, say)
        _work(storage, out, "trials", asked, where, source, say)
        running = counts(storage)["running"]
        if running:
            say(
                f"{running} trial{'s' * (running > 1)} still running on other machines; when they are done, the same "
                "command trains the best settings"
            )
            return _tuned(storage, out, None)
        if best_of(storage) is None:
            rows = [trial_row(one, plan) for one in storage.trials()]
            reason = next((row["reason"] for row in rows[::-1] if row["reason"]), "all of them were pruned")
            raise TrainingError(
                f"no trial of {len(rows)} was trained to its end; the last one: {reason}",
                hint="--pruner none, or more --trials",
            )
        _work(storage, out, "repeats", asked, where, source, say)
        return _finish(storage, out, say, command)


def _check(asked: Search, source: Any) -> None:
    if place() is not None:
        raise ConfigError(
            "a search starts its own processes, and torchrun started this one", hint="recur tune --processes 2"
        )
    refuse_fewer_than_one(asked.processes)
    for name, value, least in (("--trials", asked.trials, 1), ("--repeats", asked.repeats, 0)):
        if value < least:
            raise ConfigError(f"{name} {value}, expected at least {least}", hint=f"{name} {max(least, 3)}")
    if source is not None and asked.processes > 1:
        raise ConfigError(
            f"{asked.processes} processes cannot read rows that are in the memory of this one",
            hint="write the rows to a file and give its path, or processes=1",
        )


def _check_folder(out: Path) -> None:
    """Refuse a folder with anything else in it.

    Raises
    ------
    RunError
    """
    if out.is_file():
        raise RunError(f"{out} is a file, expected a folder to write the study into", hint="give another --out")
    if out.is_dir() and not (out / FILE).is_file():
        foreign = sorted(path.name for path in out.iterdir() if path.name not in (JOURNAL, "trials", "cell.json"))
        if foreign:
            raise RunError(
                f"{out} has files but is not a study (it has {foreign[0]} and no {FILE}); nothing was written there",
                hint="give an empty or a new folder as --out",
            )


def _plan(config: Config, asked: Search, out: Path, source: Any) -> Plan:
    """Read the rows once: what can be searched, and which metric decides, depend on them."""
    base = without_test(config)
    dataset = data.load(base, source)
    space = search_space(base, data.situation(base, dataset), asked.wanted, asked.fixed, asked.given)
    task = prepare(base, source, choose_device("cpu"), None, None)
    plan = Plan(
        out.resolve().name, config, tuple(space), asked.trials, asked.pruner, asked.repeats, task.mode.metric,
        task.mode.higher_is_better, _rounds(base, task), task.marks,
    )  # fmt: skip
    recorded = read_plan(out)
    if recorded is not None and (differences := plan.differences(recorded.record())):
        raise RunError(
            f"{out} holds a study with other settings: {'; '.join(differences)}",
            hint="leave the settings as they were to continue it, or give another --out for a new study",
        )
    return plan


def _rounds(config: Config, task: Task) -> int:
    training = config.training
    per_epoch = len(task.train)
    total = schedules.planned_steps(training, per_epoch)
    return max(1, math.ceil(total / (training.evaluate_every or per_epoch)))


def _introduce(plan: Plan, storage: Storage, where: str, say: Callable[[str], None]) -> None:
    done = counts(storage)
    say(f"{plan.trials} trials of at most {plan.rounds} evaluations; the held-out {plan.metric} decides")
    for one in plan.space:
        say(f"  {one}")
    say(f"weights and batches: seed {plan.seed} in every trial; settings of trial n: drawn with seed ({plan.seed}, n)")
    finished_before = done["complete"] + done["pruned"] + done["failed"]
    if finished_before or done["running"]:
        say(f"continuing: {finished_before} trials are done, {done['running']} began, in {shown_place(where)}")


def _work(
    storage: Storage, out: Path, phase: Phase, asked: Search, where: str, source: Any, say: Callable[[str], None]
) -> None:
    shared = asked.database is not None
    if asked.processes == 1 or _nothing_left(storage, out, phase):
        work(storage, out, phase, source=source, shared=shared, say=say)
    else:
        threads = storage.plan.config.training.threads
        run_processes(out, where, phase, asked.processes, shared=shared, threads=threads)


def _nothing_left(storage: Storage, out: Path, phase: Phase) -> bool:
    if phase == "repeats":
        return all(finished(job) for job in jobs(storage, out))
    done = counts(storage)
    return done["running"] == 0 and sum(done.values()) >= storage.plan.trials


def _finish(storage: Storage, out: Path, say: Callable[[str], None], command: str | None) -> Tuned:
    """Compare, draw, and write the best configuration."""
    plan, every, best = storage.plan, jobs(storage, out), best_of(storage)
    missing = [job.name for job in every if not finished(job)]
    if missing:
        say(f"another process still trains the {missing[0]}; the same command shows the result when it is done")
        return _tuned(storage, out, None)
    values = {group: [metric_of(job, plan) for job in every if job.group == group] for group in ("first", "again")}
    compared = Compared(plan, values["first"], values["again"], same=best.params == plan.start)
    tuned = _tuned(storage, out, compared)
    heading = _heading(storage, best, compared, command)
    write_text(out / CONFIG, config_file.to_toml(configured(plan.config, best.params), heading=heading))
    if tuned.importance:
        try:
            importance_picture(tuned.importance, tuned.facts, out / PICTURE)
        except RecurError as error:
            say(f"no {PICTURE}: {error.message} ({error.hint})")
    return tuned


def _heading(storage: Storage, best: Any, compared: Compared, command: str | None) -> str:
    """What was tried, for the top of the configuration of the best settings."""
    plan, done = storage.plan, counts(storage)
    states = ", ".join(f"{count} {state}" for state, count in done.items() if count)
    return "\n".join([
        f"The best of {sum(done.values())} trials ({states}) of recur tune, recur {__version__}.",
        f"Trial {best.number}: held-out {plan.metric} {figure(plan.metric, best.value)}; {in_words(best.params)}",
        *(f"searched {one}" for one in plan.space),
        f"Verdict: {compared.sentence}.",
        *([f"Found with: {command}"] if command else []),
        "Train again with: recur train --config THIS_FILE --out FOLDER",
    ])  # fmt: skip


def _tuned(storage: Storage, out: Path, compared: Compared | None) -> Tuned:
    plan, best = storage.plan, best_of(storage)
    rows = [trial_row(one, plan) for one in storage.trials()]
    shares = importance(storage)
    facts = {**plan.facts, **counts(storage)}
    if compared is None:
        return Tuned(out, None, None, facts, rows, shares, {"outcome": "unknown", "sentence": "the search is not over"})
    run = out / BEST
    return Tuned(
        out, run, configured(plan.config, best.params), facts, rows, shares, compared.record(),
        read_metrics(run, read_info(run)),
    )  # fmt: skip
