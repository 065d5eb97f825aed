"""Joining the other processes of a training run: transport, device and threads of this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from recur.errors import ReportedElsewhere
from recur.processes.group import ALONE, Group, Processes
from recur.processes.launched import Place, place


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
    # only where there are others: importing it takes a while
    from recur.processes import transport

    before = torch.get_num_threads()
    torch.set_num_threads(threads or threads_each(here))
    on_gpu = torch.cuda.is_available() and (device == "auto" or device.startswith("cuda"))
    own_gpu = on_gpu and torch.cuda.device_count() >= here.local_size
    if on_gpu:
        torch.cuda.set_device(here.local_rank % torch.cuda.device_count())
    store = _store(here, timeout)
    messages = transport.start(here.rank, here.size, store, timeout, nccl=own_gpu)
    reason: str | None = None
    try:
        yield Group(
            messages, rank=here.rank, size=here.size, local_rank=here.local_rank, threads=torch.get_num_threads()
        )
    except ReportedElsewhere:
        raise
    except BaseException as error:
        reason = type(error).__name__
        raise
    finally:
        messages.leave(reason)
        transport.stop()
        torch.set_num_threads(before)


def threads_each(here: Place) -> int:
    """Return the CPU threads of a process: what the user set, or its share of the cores of this machine.

    torchrun sets ``OMP_NUM_THREADS`` to 1 where it is not set, which leaves cores without work.
    """
    given = os.environ.get("OMP_NUM_THREADS", "1")
    if given.isdigit() and int(given) > 1:
        return int(given)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // here.local_size)


def _store(here: Place, timeout: float) -> torch.distributed.Store:
    """Return the store of the launcher; without one, that of the first process."""
    import torch.distributed as dist

    from recur.errors import TrainingError
    from recur.processes.transport import store_timeout

    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    agent = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    try:
        store = dist.TCPStore(
            address, port, None, here.rank == 0 and not agent, timeout=store_timeout(timeout), wait_for_workers=False
        )
    except RuntimeError as error:
        raise TrainingError(
            f"the first process cannot be reached at {address}:{port}: {' '.join(str(error).split())[:120]}",
            hint="check that the machines reach each other at that address, and that its port is open",
        ) from error
    return dist.PrefixStore(f"recur/{os.environ.get('TORCHELASTIC_RUN_ID', '')}/{here.restarts}", store)
