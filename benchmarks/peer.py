"""One peer in a process of its own: it waits at a pipe, computes on request, and reports the time.

    python -m benchmarks.peer NAME THREADS

A line of JSON comes in, a line goes out: ``load`` builds a layer, proves its outputs and warms up; ``time`` times it
once. Whatever a framework prints goes to stderr.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from typing import Any, TextIO

import numpy as np

from benchmarks.frameworks import SEQUENCES, STEPS, Call
from benchmarks.timing import calls_a_sample, seconds

TOLERANCE = 1e-4  # of an output; outputs of these cells are between -1 and 1


def load(name: str, threads: int, command: dict[str, Any]) -> Call:
    """Build the layer of a command, check its outputs, and return a call of it."""
    with np.load(command["file"]) as file:
        arrays = {key: np.ascontiguousarray(file[key]) for key in file.files}
    x, expected = arrays["x"], arrays.pop("expected")
    if command["mode"] == "steps":
        step = STEPS[name](command["cell"], arrays, threads)
        given = np.stack([np.asarray(step(x_t)).copy() for x_t in x])
        first = x[0]
        call: Call = lambda: step(first)  # noqa: E731
    else:
        call = SEQUENCES[name](command["cell"], arrays, threads)
        given = np.asarray(call()).copy()
    if given.shape != expected.shape:
        raise ValueError(f"wrong: outputs of shape {given.shape}, expected {expected.shape}")
    difference = float(np.abs(given - expected).max())
    # written so that a NaN is refused
    if not difference <= TOLERANCE:
        raise ValueError(f"wrong: a difference of {difference:.1e}, expected at most {TOLERANCE:.0e}")
    return call


def serve(name: str, threads: int, commands: TextIO, answers: TextIO) -> None:
    """Answer commands until there are no more."""
    call: Call = lambda: None  # noqa: E731
    calls = 1
    for text in commands:
        command = json.loads(text)
        try:
            if command["do"] == "load":
                call = load(name, threads, command)
                until = time.perf_counter() + command["warm"]
                while time.perf_counter() < until:
                    call()
                calls = calls_a_sample(call)
                answer: dict[str, Any] = {"calls": calls}
            else:
                answer = {"seconds": seconds(call, calls)}
        # an exception of a framework is its answer
        except Exception as error:
            answer = {"cannot": (str(error).splitlines() or [type(error).__name__])[0]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def main(name: str, threads: str) -> int:
    """Serve on stdin and stdout."""
    # a framework that crashes would keep writing its memory to disk while the next ones are timed
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = os.fdopen(os.dup(1), "w")
    # the output of a framework must not get between the answers
    os.dup2(2, 1)
    if hasattr(os, "sched_setaffinity"):
        # some pools are as large as the set of cores and have no other switch
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(threads)])
    serve(name, int(threads), sys.stdin, answers)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
