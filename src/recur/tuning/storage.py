"""Where trials are recorded: a journal file of Optuna, or a database that several machines reach."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recur.atomic import explained, refuse_irregular
from recur.errors import ConfigError, RunError, require
from recur.tuning.plan import Plan

__all__ = ["JOURNAL", "Storage", "open_storage", "quiet", "shown_place"]

JOURNAL = "journal.log"
PLAN = "plan"


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the log of Optuna in the block: every trial is reported already."""
    optuna: Any = require("optuna", "tune")
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


class Storage:
    """The study of a plan in its storage.

    Parameters
    ----------
    backend : optuna.storages.BaseStorage
    plan : Plan

    Raises
    ------
    RunError
        When the storage has another study of this name.
    """

    def __init__(self, backend: Any, plan: Plan) -> None:
        self.optuna: Any = require("optuna", "tune")
        self.backend, self.plan = backend, plan
        self.study = self.optuna.create_study(
            storage=backend, study_name=plan.name, load_if_exists=True, pruner=_pruner(self.optuna, plan),
            direction="maximize" if plan.higher_is_better else "minimize",
        )  # fmt: skip
        self._id = backend.get_study_id_from_name(plan.name)
        recorded = self.study.user_attrs.get(PLAN)
        if recorded is None:
            self.study.set_user_attr(PLAN, plan.record())
            if plan.start is not None:
                self.study.enqueue_trial(plan.start, skip_if_exists=True)
        elif differences := plan.differences(recorded):
            raise RunError(
                f"the database holds a study {plan.name} with other settings: {'; '.join(differences)}",
                hint="leave the settings as they were to continue it, or give another --out for a new study",
            )

    def trials(self) -> list[Any]:
        """Return all trials, frozen, by number."""
        return list(self.study.get_trials(deepcopy=False))

    def trial_id(self, number: int) -> int:
        """Return the key of a trial in the storage."""
        return int(self.backend.get_trial_id_from_study_id_trial_number(self._id, number))

    def ask(self) -> Any:
        """Begin a trial; its sampler has a seed of its own, so that a study is the same however often it stops."""
        trial = self.study.ask()
        self.seed(trial.number)
        return trial

    def again(self, number: int) -> Any:
        """Return a trial that was interrupted, to continue it."""
        self.seed(number)
        return self.optuna.trial.Trial(self.study, self.trial_id(number))

    def seed(self, number: int) -> None:
        """Let the values of a trial be drawn with its own seed."""
        digest = hashlib.sha256(f"{self.plan.seed} {number}".encode()).digest()
        # running trials count as bad ones, so that processes do not try the same settings
        self.study.sampler = self.optuna.samplers.TPESampler(
            seed=int.from_bytes(digest[:4], "big"), constant_liar=True
        )  # fmt: skip


def open_storage(place: str) -> Any:
    """Open a storage.

    Parameters
    ----------
    place : str
        The path of a journal file, or the URL of a database: ``sqlite:///FILE``, ``postgresql://...``, ``redis://...``.

    Raises
    ------
    ConfigError
        When there is no such database, or its driver is missing.
    RunError
        When the file is not a journal of Optuna.
    """
    optuna: Any = require("optuna", "tune")
    if "://" not in place:
        path = Path(place)
        refuse_irregular(path)
        with explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            backend = optuna.storages.journal.JournalFileBackend(str(path))
        _repair(path, optuna)
        return optuna.storages.JournalStorage(backend)
    if place.startswith("redis"):
        require("redis", "tune")
        return optuna.storages.JournalStorage(optuna.storages.journal.JournalRedisBackend(place))
    try:
        return optuna.storages.RDBStorage(place)
    except Exception as error:  # drivers raise errors of their own, which have no common class
        reason = str(error).splitlines()[0].replace(place, shown_place(place))
        raise ConfigError(
            f"the database {shown_place(place)} cannot be opened: {type(error).__name__}: {reason}",
            hint="give a URL as SQLAlchemy has it, such as sqlite:///study.db or postgresql://HOST/NAME, "
            "and install its driver",
        ) from error


def shown_place(place: str) -> str:
    """Return a storage without its password.

    >>> shown_place("postgresql://me:secret@host/db")
    'postgresql://me:***@host/db'
    """
    scheme, marks, rest = place.partition("://")
    login, at, host = rest.rpartition("@")
    user, colon, _ = login.partition(":")
    return f"{scheme}{marks}{user}:***@{host}" if at and colon else place


def _repair(path: Path, optuna: Any) -> None:
    """Remove half a line that a killed process left at the end of a journal; refuse any other file.

    Raises
    ------
    RunError
    """
    content = path.read_bytes()
    if not content:
        return
    first = content.split(b"\n", 1)[0]
    try:
        known = "op_code" in json.loads(first)
    except (ValueError, TypeError):
        known = b"\n" not in content and first.startswith(b'{"')
    if not known:
        raise RunError(f"{path} is not a journal of Optuna: it begins with {first[:40]!r}", hint="give another file")
    if content.endswith(b"\n"):
        return
    lock = optuna.storages.journal.JournalFileSymlinkLock(str(path))
    lock.acquire()
    try:
        content = path.read_bytes()
        if not content.endswith(b"\n"):
            os.truncate(path, content.rfind(b"\n") + 1)
    finally:
        lock.release()


def _pruner(optuna: Any, plan: Plan) -> Any:
    if plan.pruner == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=plan.rounds, reduction_factor=3)
    if plan.pruner == "median":
        # the first quarter of a trial says little about its end
        return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1 + plan.rounds // 4)
    return optuna.pruners.NopPruner()
