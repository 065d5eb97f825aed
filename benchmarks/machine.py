"""One line about the machine of the measurements."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True)
class Machine:
    """The facts about a machine that a time depends on.

    Attributes
    ----------
    cpu : str
        The model's name as the system gives it.
    cores : int
        Cores that this process may run on.
    threads : int
        Threads that torch computes with.
    instructions : str
        The widest instruction set that torch uses here.
    torch, python, system : str
        Versions.
    load : float or None
        Processes that wanted to run in the last minute, before the benchmark began; None where it is not known.
    """

    cpu: str
    cores: int
    threads: int
    instructions: str
    torch: str
    python: str
    system: str
    load: float | None

    def __str__(self) -> str:
        load = "unknown" if self.load is None else f"{self.load:.2f}"
        cores = f"{self.cores} core{'' if self.cores == 1 else 's'}"
        threads = f"{self.threads} thread{'' if self.threads == 1 else 's'}"
        return (
            f"{self.cpu}, {cores}, {threads}, {self.instructions}, torch {self.torch}, "
            f"Python {self.python}, {self.system}, load {load}"
        )


def describe() -> Machine:
    """Ask the system and torch about this machine."""
    # not every system can say on which cores a process may run, or how busy it is
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Machine(
        cpu=_cpu(),
        cores=cores,
        threads=torch.get_num_threads(),
        instructions=torch.backends.cpu.get_cpu_capability(),
        torch=torch.__version__,
        python=platform.python_version(),
        system=_system(),
        load=round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    )


def _cpu() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        for line in listed.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    kernel = f"{platform.system()} {platform.release()}"
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']} ({kernel})"
    except (OSError, KeyError):
        return kernel
