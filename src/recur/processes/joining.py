"""Joining the other processes of a training run: transport, device and threads of this process."""

from __future__ import annotations

import itertools
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist

from recur.errors import ReportedElsewhere, TrainingError
from recur.processes.group import ALONE, Group, Processes
from recur.processes.launched import Place, place
from recur.processes.transport import start, stop

_LOOK = 1.0  # seconds between looks at the launcher


@contextmanager
def joined(device: str, threads: int | None, timeout: float) -> Iterator[Processes]:
    """Join the processes that the launcher started with this one, for the length of the block.

    Parameters
    ----------
    device : str
        Of the configuration: auto, cpu, cuda, ...
    threads : int, optional
        CPU threads of this process; by default its share of the cores.
    timeout : float
        Seconds that a message waits for the other processes.

    Raises
    ------
    TrainingError
        When they cannot be reached.
    """
    here = place()
    if here is None:
        yield ALONE
        return
    before = torch.get_num_threads()
    torch.set_num_threads(threads or threads_each(here))
    on_gpu = torch.cuda.is_available() and (device == "auto" or device.startswith("cuda"))
    own_gpu = on_gpu and torch.cuda.device_count() >= here.local_size
    if on_gpu:
        torch.cuda.set_device(here.local_rank % torch.cuda.device_count())
    store = _own_part(_store(here, timeout), here)
    messages = start(here.rank, here.size, store, timeout, nccl=own_gpu)
    reason: str | None = None
    group = Group(messages, rank=here.rank, size=here.size, local_rank=here.local_rank, threads=torch.get_num_threads())
    try:
        with _ending_with_launcher():
            yield group
    except ReportedElsewhere:
        raise
    except BaseException as error:
        reason = type(error).__name__
        raise
    finally:
        messages.leave(reason)
        stop()
        torch.set_num_threads(before)


@contextmanager
def _ending_with_launcher() -> Iterator[None]:
    """Ask this process to stop, as a scheduler does, when its launcher is killed: nobody else would end it."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        yield
        return
    launcher, over = os.getppid(), threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK):
            if os.getppid() != launcher:
                os.kill(os.getpid(), signal.SIGTERM)
                return

    threading.Thread(target=watch, name="launcher", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def threads_each(here: Place) -> int:
    """Return the CPU threads of a process: what the user set, or its share of the cores of this machine.

    torchrun sets ``OMP_NUM_THREADS`` to 1 where it is not set, which leaves cores without work.
    """
    given = os.environ.get("OMP_NUM_THREADS", "1")
    if given.isdigit() and int(given) > 1:
        return int(given)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // here.local_size)


_stores: dict[tuple[str, int, int], Any] = {}
_times: itertools.count[int] = itertools.count()


def _own_part(store: Any, here: Place) -> Any:
    """Return the part of a store for one training run: a script may train several networks one after another."""
    run = os.environ.get("TORCHELASTIC_RUN_ID", "")
    # torch states no types for its stores
    return dist.PrefixStore(f"recur/{run}/{here.restarts}/{next(_times)}", store)  # type: ignore[attr-defined]


def _store(here: Place, timeout: float) -> Any:
    """Return the store of the launcher; without one, that of the first process.

    Raises
    ------
    TrainingError
        When it cannot be reached.
    """

    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    agent = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    key = (address, port, here.restarts)
    if key in _stores:
        return _stores[key]
    try:
        # torch states no types for its stores
        _stores[key] = dist.TCPStore(  # type: ignore[attr-defined]
            address, port, None, here.rank == 0 and not agent,
            timeout=timedelta(seconds=timeout), wait_for_workers=False,
        )  # fmt: skip
    except RuntimeError as error:
        if "EADDRINUSE" in str(error):
            raise TrainingError(
                f"port {port} of this machine is in use (MASTER_PORT)",
                hint="set another MASTER_PORT, or start with torchrun or --processes, which take a free port",
            ) from error
        raise TrainingError(
            f"the first process cannot be reached at {address}:{port}: {' '.join(str(error).split())[:120]}",
            hint="check that the machines reach each other at that address, and that its port is open",
        ) from error
    return _stores[key]
