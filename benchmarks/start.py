"""Time of ``import recur`` and of the first call of a layer beyond the import of torch, in fresh processes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks import machine
from benchmarks.first_call import RIVAL, ask

ROUNDS = 7
PARTS = ("torch", "recur", "build", "forward", "training")


def measure(layers: Sequence[tuple[str, str]], rounds: int) -> list[dict[str, Any]]:
    """Start a process for each layer in turns; medians of the seconds of each part, or why a layer ``cannot``.

    Parameters
    ----------
    layers : sequence of (str, str)
        Name and backend.
    rounds : int
        Processes a layer.
    """
    answers: list[list[dict[str, Any]]] = [[] for _ in layers]
    for _ in range(rounds):
        for found, (name, engine) in zip(answers, layers, strict=True):
            found.append(ask(name, engine))
    return [
        next((one for one in found if "cannot" in one), None)
        or {part: median(one.get(part, 0.0) for one in found) for part in PARTS}
        for found in answers
    ]


def line(name: str, seconds: dict[str, Any]) -> str:
    """One row of the table, in milliseconds."""
    if "cannot" in seconds:
        return f"{name:<24}" + f"  {'-':>8}" * (len(PARTS) + 1)
    beyond = seconds["recur"] + seconds["build"] + seconds["forward"]
    return f"{name:<24}" + "".join(f"  {seconds[part] * 1e3:>8.1f}" for part in PARTS) + f"  {beyond * 1e3:>8.1f}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.start", description=__doc__)
    parser.add_argument("--engine", default="native", help="the backend of our layers (default native)")
    parser.add_argument("--repeats", type=int, default=ROUNDS, help=f"processes a layer (default {ROUNDS})")
    options = parser.parse_args(arguments)
    layers = [(RIVAL, ""), *((name, options.engine) for name in ("RNN", "GRU", "LSTM"))]
    print(f"machine  {machine.describe()}")
    print(f"table    medians of {options.repeats} fresh processes in ms: the imports, making a layer, its first calls;")
    print("         beyond = recur + build + forward, what a user waits for after torch's own import\n")
    top = f"{'layer':<24}" + "".join(f"  {part:>8}" for part in PARTS) + f"  {'beyond':>8}"
    print(f"{top}\n{'-' * len(top)}", flush=True)
    said = {}
    for (name, engine), seconds in zip(layers, measure(layers, options.repeats), strict=True):
        print(line(name if name == RIVAL else f"recur.nn.{name} {engine}", seconds))
        if "cannot" in seconds:
            said[f"note: {seconds['cannot']}"] = None
    for text in said:
        print(text, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
