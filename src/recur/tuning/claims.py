"""Which trial a process works on next: one that was interrupted, or a new one."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recur.errors import RunError
from recur.training.lock import folder_lock
from recur.tuning.space import Parameter
from recur.tuning.storage import Storage

__all__ = ["SEEN", "Claim", "claim", "is_counted", "lock_if_free"]

HOST, FOLDER, SEEN, LOST, REASON = "host", "folder", "seen", "lost", "reason"
SILENCE = 1800.0
"""Seconds after which a trial of another machine without a sign of life is made again."""
_LONGEST_WAIT = 60.0
_PAUSE = 0.05


@dataclass(frozen=True)
class Claim:
    """A trial that this process works on.

    Attributes
    ----------
    trial : optuna.trial.Trial
    number : int
    values : dict
        What was drawn for each option.
    folder : Path
        Holds its lock and, while it runs, its run folder.
    resumed : bool
        Whether another process began it.
    """

    trial: Any
    number: int
    values: dict[str, Any]
    folder: Path
    resumed: bool


def claim(storage: Storage, out: Path, *, shared: bool, held: ExitStack) -> Claim | None:
    """Take the next trial for this process.

    Parameters
    ----------
    storage : Storage
    out : Path
        The folder of the study on this machine.
    shared : bool
        Whether other folders may use the storage.
    held : ExitStack
        Gets the lock of the trial, which tells other processes of this machine that it is alive.

    Returns
    -------
    Claim or None
        None where every trial is done or in the hands of another process.
    """
    with waiting_lock(out / "trials"):
        for one in storage.trials():
            if one.state.name != "RUNNING":
                continue
            if _is_own(one, out, shared) and lock_if_free(folder := folder_of(out, one.number), held):
                return _claimed(storage, storage.again(one.number), out, folder, resumed=True)
            _give_up_if_silent(storage, one, out, shared)
        if sum(is_counted(one) for one in storage.trials()) >= storage.plan.trials:
            return None
        trial = storage.ask()
        folder = folder_of(out, trial.number)
        if not lock_if_free(folder, held):
            raise RunError(f"{folder} is in use by another study", hint="give another --out")
        return _claimed(storage, trial, out, folder, resumed=False)


def is_counted(trial: Any) -> bool:
    """Whether a trial counts among those that were asked for: one that waits, or that a lost machine had, does not."""
    return trial.state.name != "WAITING" and not trial.user_attrs.get(LOST)


def folder_of(out: Path, number: int) -> Path:
    """Return the folder of a trial."""
    return out / "trials" / f"{number:04d}"


def lock_if_free(folder: Path, held: ExitStack) -> bool:
    """Lock a folder until the stack is closed; False where another process holds it."""
    try:
        held.enter_context(folder_lock(folder))
    except RunError:
        return False
    return True


@contextmanager
def waiting_lock(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, after waiting for it.

    Raises
    ------
    RunError
        When another process holds it for a minute.
    """
    end = time.monotonic() + _LONGEST_WAIT
    with ExitStack() as held:
        while not lock_if_free(folder, held):
            if time.monotonic() > end:
                held.enter_context(folder_lock(folder))
            time.sleep(_PAUSE)
        yield


def _claimed(storage: Storage, trial: Any, out: Path, folder: Path, *, resumed: bool) -> Claim:
    for name, value in ((HOST, socket.gethostname()), (FOLDER, str(out.resolve())), (SEEN, time.time())):
        trial.set_user_attr(name, value)
    values = {one.name: _drawn(trial, one) for one in storage.plan.space}
    return Claim(trial, trial.number, values, folder, resumed)


def _drawn(trial: Any, one: Parameter) -> Any:
    search = one.search
    if search.choices:
        return trial.suggest_categorical(one.name, list(search.choices))
    draw = trial.suggest_int if search.whole else trial.suggest_float
    return draw(one.name, search.low, search.high, log=search.log)


def _is_own(trial: Any, out: Path, shared: bool) -> bool:
    """Whether a running trial belongs to this folder of this machine; a process killed early wrote no place."""
    attributes = trial.user_attrs
    if HOST not in attributes or FOLDER not in attributes:
        return not shared
    return bool(attributes[HOST] == socket.gethostname() and attributes[FOLDER] == str(out.resolve()))


def _give_up_if_silent(storage: Storage, one: Any, out: Path, shared: bool) -> None:
    """Mark a trial of another machine that has shown no sign of life as lost; another is made in its place."""
    began = one.datetime_start.timestamp() if one.datetime_start else 0.0
    seen = one.user_attrs.get(SEEN, began)
    if _is_own(one, out, shared) or time.time() - seen < SILENCE:
        return
    trial = storage.again(one.number)
    trial.set_user_attr(LOST, True)
    trial.set_user_attr(REASON, f"no sign of life from {one.user_attrs.get(HOST, 'its machine')}")
    storage.study.tell(trial, state=storage.optuna.trial.TrialState.FAIL)
