"""Starting the processes of a training run on this machine: torch's launcher, as torchrun starts it."""

from __future__ import annotations

import logging
import os
import signal
import sys
import uuid
from collections.abc import Sequence
from typing import Any

from recur.errors import TrainingError

_INTERRUPTED = 130  # after Ctrl-C, as the processes themselves
_THREADS = {"OMP_NUM_THREADS"}


def launch(words: Sequence[str], processes: int, threads: int | None = None) -> int:
    """Run a command line of recur in several processes of this machine, and wait for them.

    They are started by ``torch.distributed.run``; Ctrl-C and SIGTERM are passed on to them.

    Parameters
    ----------
    words : sequence of str
        What follows ``recur``.
    processes : int
        How many.
    threads : int, optional
        CPU threads of each; by default its share of the cores.

    Returns
    -------
    int
        The exit code of the first process that failed; 0 where none did.

    Raises
    ------
    TrainingError
        When the system ended a process.
    """
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    # its warnings repeat what the processes say themselves
    logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
    before = {name: os.environ[name] for name in _THREADS & set(os.environ)}
    if threads is not None or "OMP_NUM_THREADS" not in os.environ:
        os.environ["OMP_NUM_THREADS"] = str(threads or max(1, _cores() // processes))
    run = uuid.uuid4().hex
    config = LaunchConfig(
        min_nodes=1, max_nodes=1, nproc_per_node=processes, run_id=run, max_restarts=0, rdzv_backend="c10d",
        rdzv_endpoint="localhost:0", local_addr="localhost", monitor_interval=0.1,
    )  # fmt: skip
    try:
        elastic_launch(config, sys.executable)("-m", "recur", *words)
    except ChildFailedError as failure:
        return _code(failure)
    except SignalException:
        return _INTERRUPTED
    finally:
        os.environ.update(before)
        for name in _THREADS - set(before):
            os.environ.pop(name, None)
    return 0


def _code(failure: Any) -> int:
    """The exit code of the process that failed first, which has said why, unless the system ended it.

    Raises
    ------
    TrainingError
    """
    rank, first = failure.get_first_failure()
    if first.exitcode >= 0:
        return int(first.exitcode)
    name = signal.Signals(-first.exitcode).name
    more = "; the system may have run out of memory" if name == "SIGKILL" else ""
    raise TrainingError(
        f"the process of rank {rank} (system id {first.pid}) was ended by {name}{more}",
        hint="the last checkpoint is whole: the same command continues from it",
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
