"""Timing in turns, so that a disturbance of the machine affects all contestants equally."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# of one sample: a shorter call is repeated, until neither the clock's grain nor what the call before it left in the
# caches counts
LEAST_SECONDS = 0.01


@dataclass(frozen=True)
class Timing:
    """Times of one contestant.

    Attributes
    ----------
    samples : list of float
        Seconds a call, one sample a round, in the order in which they were taken.
    calls : int
        Calls that a sample is the mean of.
    """

    samples: list[float]
    calls: int

    @property
    def median(self) -> float:
        """The middle of the samples, in seconds."""
        return statistics.median(self.samples)

    @property
    def quartiles(self) -> tuple[float, float]:
        """A quarter of the samples is below the first number, and a quarter above the second; in seconds."""
        return quartiles(self.samples)


def interleave(contestants: Mapping[str, Callable[[], object]], rounds: int, budget: float) -> dict[str, Timing]:
    """Time the contestants in turns: in every round each is sampled once, and each round begins with another.

    Parameters
    ----------
    contestants : mapping of str to callable
        What to time, by name. Each is called twice beforehand: to warm up, and to see how often to call it a sample.
    rounds : int
        Samples a contestant.
    budget : float
        Seconds after which no further round begins; the first always does.

    Returns
    -------
    dict of str to Timing
        By name, in the order given.
    """
    names = list(contestants)
    calls = {}
    for name, call in contestants.items():
        call()
        calls[name] = calls_a_sample(call)
    samples: dict[str, list[float]] = {name: [] for name in names}
    collecting = gc.isenabled()
    gc.disable()
    began = time.perf_counter()
    try:
        for turn in range(rounds):
            if turn and time.perf_counter() - began > budget:
                break
            first = turn % max(1, len(names))
            for name in names[first:] + names[:first]:
                samples[name].append(seconds(contestants[name], calls[name]))
            # the garbage of one round is not collected during another
            gc.collect()
    finally:
        if collecting:
            gc.enable()
    return {name: Timing(samples[name], calls[name]) for name in names}


def ratios(of: Timing, to: Timing) -> list[float]:
    """How many times faster ``to`` was than ``of``, round by round.

    Both samples of a round were taken within a moment of each other, so a machine that slows down for some rounds
    moves both, and their ratio stays.
    """
    return [a / b for a, b in zip(of.samples, to.samples, strict=True)]


def quartiles(values: list[float]) -> tuple[float, float]:
    """Return the first and the third quartile; of a single value, that value twice."""
    if len(values) == 1:
        return values[0], values[0]
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def calls_a_sample(call: Callable[[], object]) -> int:
    """Number of calls in one sample, from one call after a warm-up."""
    return max(1, math.ceil(LEAST_SECONDS / max(seconds(call, 1), 1e-7)))


def seconds(call: Callable[[], object], times: int) -> float:
    """Time a number of calls; seconds each."""
    started = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - started) / times
