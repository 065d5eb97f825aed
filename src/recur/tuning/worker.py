"""A process of a study: it makes one trial after another, or trains what is left at the end."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

from recur.errors import RecurError, RunError, TrainingError
from recur.figures import figure
from recur.printable import TEXT, printable
from recur.training.pause import Interrupted, Paused
from recur.tuning.claims import claim
from recur.tuning.plan import read_plan
from recur.tuning.repeats import Job, metric_of, run_jobs
from recur.tuning.rows import trial_row
from recur.tuning.storage import Storage, open_storage, quiet
from recur.tuning.trial import run_trial
from recur.views.study import trial_line

__all__ = ["Phase", "main", "work"]

Phase = Literal["trials", "repeats"]
PAUSED, FAILED = 130, 2
_MOST_FAILURES = 5


def work(storage: Storage, out: Path, phase: Phase, *, source: Any, shared: bool, say: Callable[[str], None]) -> None:
    """Work on a study until nothing is left for this process.

    Parameters
    ----------
    storage : Storage
    out : Path
        The folder of the study.
    phase : str
        ``trials``, or ``repeats``: what is trained after the search.
    source : object
        Rows given from Python.
    shared : bool
        Whether other folders may use the storage.
    say : callable
        Receives lines about what happens.

    Raises
    ------
    Paused, Interrupted
        On Ctrl-C; the same work continues later.
    TrainingError
        When the first five trials all failed.
    """
    if phase == "repeats":

        def done(job: Job) -> None:
            say(f"{job.name}: {storage.plan.metric} {figure(storage.plan.metric, metric_of(job, storage.plan))}")

        run_jobs(storage, out, source, say, done=done)
        return
    while True:
        with ExitStack() as held:
            taken = claim(storage, out, shared=shared, held=held)
            if taken is None:
                return
            run_trial(taken, storage, source, say)
        rows = [trial_row(one, storage.plan) for one in storage.trials()]
        say(trial_line(rows[taken.number], rows, storage.plan.facts))
        _stop_if_all_fail(rows)


def _stop_if_all_fail(rows: list[dict[str, Any]]) -> None:
    failed = [row for row in rows if row["state"] == "failed"]
    if len(failed) >= _MOST_FAILURES and not any(row["state"] in ("complete", "pruned") for row in rows):
        raise TrainingError(
            f"the first {len(failed)} trials all failed; the last one: {failed[-1]['reason']}",
            hint="try one of them with recur train; search smaller ranges, or name other options in --search",
        )


def main() -> int:
    """Run a process of a study that `recur.tuning.processes` started; its orders are the first line of stdin."""
    orders = json.loads(sys.stdin.readline())
    out = Path(orders["out"])
    threading.Thread(target=_stop_with_the_first_process, daemon=True).start()

    def say(text: str) -> None:
        print(printable(text, TEXT), file=sys.stderr, flush=True)

    try:
        plan = read_plan(out)
        if plan is None:
            raise RunError(f"{out} has no study", hint="start with recur tune")
        with quiet():
            storage = Storage(open_storage(orders["storage"]), plan)
            work(storage, out, orders["phase"], source=None, shared=orders["shared"], say=say)
    except (Paused, Interrupted, KeyboardInterrupt):
        return PAUSED
    except RecurError as error:
        say(f"error: {error.message}" + (f"\nhint: {error.hint}" if error.hint else ""))
        return FAILED
    return 0


def _stop_with_the_first_process() -> None:
    """Pause when the process that started this one is gone: its end of the pipe closes, however it ended."""
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)
