"""Several processes of this machine that work on one study."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from recur.errors import ReportedElsewhere, TrainingError
from recur.training.pause import Interrupted
from recur.tuning.worker import FAILED, PAUSED, Phase

__all__ = ["run_processes"]

_BETWEEN_LOOKS = 0.1  # seconds
_PROGRAM = "import sys; from recur.tuning.worker import main; sys.exit(main())"


def run_processes(out: Path, place: str, phase: Phase, count: int, *, shared: bool, threads: int | None) -> None:
    """Start processes, and wait until nothing is left for them.

    Parameters
    ----------
    out : Path
        The folder of the study, with its plan.
    place : str
        The storage. It reaches the processes by their stdin: a URL may have a password, and arguments are visible.
    phase : str
    count : int
        How many.
    shared : bool
        Whether other folders may use the storage.
    threads : int, optional
        CPU threads of each; by default its share of the cores.

    Raises
    ------
    Interrupted
        When they were paused by Ctrl-C or SIGTERM.
    TrainingError
        When the system ended one of them; the others have finished.
    ReportedElsewhere
        When one of them reported an error.
    """
    orders = json.dumps({"out": str(out), "storage": place, "phase": phase, "shared": shared})
    started = [_start(index, count, threads) for index in range(count)]
    with _passing_on(started) as stopped:
        for process in started:
            if process.stdin is not None:
                # its end is kept open for as long as this process lives
                with suppress(BrokenPipeError):
                    process.stdin.write(orders.encode() + b"\n")
                    process.stdin.flush()
        while any(process.poll() is None for process in started):
            time.sleep(_BETWEEN_LOOKS)
    for process in started:
        if process.stdin is not None:
            with suppress(OSError):
                process.stdin.close()
    _judge(started, stopped=bool(stopped))


def _start(index: int, count: int, threads: int | None) -> subprocess.Popen[bytes]:
    environment = dict(os.environ)
    if threads is not None or "OMP_NUM_THREADS" not in environment:
        environment["OMP_NUM_THREADS"] = str(threads or max(1, _cores() // count))
    gpus = _gpus()
    if gpus > 1 and "CUDA_VISIBLE_DEVICES" not in environment:
        environment["CUDA_VISIBLE_DEVICES"] = str(index % gpus)
    # in a session of its own: Ctrl-C reaches it once, from this process
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM], stdin=subprocess.PIPE, env=environment, start_new_session=True
    )


def _judge(started: list[subprocess.Popen[bytes]], *, stopped: bool) -> None:
    codes = [process.returncode for process in started]
    if stopped or PAUSED in codes:
        raise Interrupted
    for process in started:
        if process.returncode < 0:
            name = signal.Signals(-process.returncode).name
            more = "; the system may have run out of memory" if name == "SIGKILL" else ""
            raise TrainingError(
                f"process {process.pid} of the study was ended by {name}{more}",
                hint="the same command continues its trial",
            )
    if any(codes):
        raise ReportedElsewhere(FAILED)


@contextmanager
def _passing_on(started: list[subprocess.Popen[bytes]]) -> Iterator[list[int]]:
    """Pass SIGINT and SIGTERM on to the processes in the block; yields the signals that came."""
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        came.append(number)
        for process in started:
            if process.poll() is None:
                process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpus() -> int:
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0
