"""Peak rate of the processor in fused multiply-adds, and whether other programs used it meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch

SOURCE = Path(__file__).with_name("fma.cpp")
LEAST = 0.9  # of the ideal gain of several threads: two that reach less than 1.8 of one were disturbed
SECONDS = 0.2
PROBE = 0.05  # seconds of the measurements around a row
TRIES = 3  # for a row during which other programs ran
PAUSE = 1.0  # seconds until the next try of the peak


@dataclass(frozen=True)
class Peak:
    """Rates in GFLOP/s of float32.

    Attributes
    ----------
    one, all : float
        Of one thread, and of ``threads`` threads together.
    threads : int
        Threads that torch computes with.
    how : str
        What was run.
    """

    one: float
    all: float
    threads: int
    how: str

    @property
    def gain(self) -> float:
        """How many times one thread all of them reach."""
        return self.all / self.one

    @property
    def disturbed(self) -> bool:
        """Whether other programs used the cores."""
        return self.gain < LEAST * self.threads

    def __str__(self) -> str:
        if self.threads == 1:
            return f"{self.one:.0f} GFLOP/s float32 on 1 thread ({self.how})"
        text = f"{self.all:.0f} GFLOP/s float32 on {self.threads} threads, {self.one:.0f} on one ({self.how})"
        return f"{text}; DISTURBED: shares of it are too large" if self.disturbed else text


def measure(threads: int | None = None, seconds: float = SECONDS, repeats: int = 3) -> Peak:
    """Measure the rates now; the best of the repeats, since a disturbance can only make them lower.

    Parameters
    ----------
    threads : int, optional
        As many as torch computes with, if not given.
    seconds : float
        Of one measurement.
    repeats : int
        Measurements of each rate.
    """
    threads = threads or torch.get_num_threads()
    program = _program()
    counts = dict.fromkeys((1, threads), 0.0)
    for _ in range(repeats):
        for count in counts:
            rate = _multiply(count) if program is None else _run(program, count, seconds)
            counts[count] = max(counts[count], rate)
    return Peak(counts[1], counts[threads], threads, "torch.mm" if program is None else "multiply-adds in registers")


def settled(threads: int | None = None, tries: int = TRIES) -> Peak:
    """Measure the rates before a table: again after a pause while other programs use the cores."""
    best = measure(threads)
    for _ in range(tries - 1):
        if not best.disturbed:
            break
        time.sleep(PAUSE)
        best = max(best, measure(threads), key=lambda found: found.all)
    return best


def steady(row: Callable[[], dict[str, Any]], tries: int = TRIES, threads: int | None = None) -> dict[str, Any]:
    """Measure a row of a table between two probes, again while these show that other programs used the cores.

    Parameters
    ----------
    row : callable
        Measures it.
    tries : int
        The most that it is measured.
    threads : int, optional
        Of the probes; as many as torch computes with, if not given.

    Returns
    -------
    dict
        The row of the best try, with the ``gain`` of several threads over one and whether it was ``disturbed``.
    """
    best: dict[str, Any] = {}
    before = measure(threads, PROBE, 1)
    for _ in range(tries):
        found = row()
        after = measure(threads, PROBE, 1)
        worse = min(before, after, key=lambda probe: probe.gain)
        if not best or worse.gain > best["gain"]:
            best = found | {"gain": worse.gain, "disturbed": worse.disturbed}
        if not best["disturbed"]:
            break
        before = after
    return best


def _run(program: Path, threads: int, seconds: float) -> float:
    said = subprocess.run([program, str(threads), str(seconds)], check=True, capture_output=True, text=True)
    return float(said.stdout.split()[0])


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="peak-")


def _program() -> Path | None:
    return compiled(SOURCE)


@cache
def compiled(source: Path, *more: str) -> Path | None:
    """The program of a measurement in C++; None where there is no compiler, or none that can compile it."""
    compiler = next(filter(None, map(shutil.which, (os.environ.get("CXX", "c++"), "g++", "clang++"))), None)
    if compiler is None:
        return None
    program = Path(_folder().name) / source.stem
    words = [compiler, "-O3", "-march=native", "-ffp-contract=fast", "-pthread", *more, str(source)]
    words += ["-o", str(program)]
    return program if subprocess.run(words, capture_output=True).returncode == 0 else None


def _multiply(threads: int, size: int = 1024, repeats: int = 3) -> float:
    """The rate of one large product of two float32 matrices: lower than the peak, but always available."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    product = torch.empty(size, size)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        torch.mm(a, b, out=product)
        best = float("inf")
        for _ in range(repeats):
            started = time.perf_counter()
            torch.mm(a, b, out=product)
            best = min(best, time.perf_counter() - started)
    finally:
        torch.set_num_threads(before)
    return 2 * size**3 / best / 1e9
