"""What waking a second thread costs, and our forward pass on one and on two threads after a pause.

    python -m benchmarks.waking

First how long a team of two threads needs to be at work, after pauses of several lengths. Then frozen layers, without
gradients, on one and on two threads in turns: in a tight loop, and one call after each pause. `faults` are page faults
per call. A shape that is slower on two threads than on one is marked.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks import machine, peak
from benchmarks.shapes import Shape, shape_option
from benchmarks.timing import calls_a_sample, seconds

SOURCE = Path(__file__).with_name("waking.cpp")
PAUSES = (0.0, 1.0, 5.0, 20.0)  # milliseconds
RESTS = (0.0, 5.0, 25.0)  # before a call of a layer
COUNT = 50  # regions
CELLS = ("RNN", "GRU", "LSTM")
SHAPES = (
    [Shape(1, 1, H) for H in (128, 256, 512)]
    + [Shape(100, B, H) for B in (1, 8) for H in (16, 32, 64, 128, 256)]
    + [Shape(100, 32, 8), Shape(100, 32, 64)]
)
QUICK = [Shape(20, 1, 64)]
SLOWER, SLOWER_COLD = 1.1, 1.4  # from which two threads are called slower: samples of one case differ by as much
BUDGET, QUICK_BUDGET = 0.25, 0.02  # seconds of a case
LEAST = 3  # samples


def regions(pause: float, count: int) -> list[float] | None:
    """Microseconds until two threads are at work: median, 90th percentile and largest; None without a compiler."""
    program = peak.compiled(SOURCE, "-fopenmp")
    if program is None:
        return None
    words = [program, "2", str(pause), str(count)]
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    said = subprocess.run(words, check=True, capture_output=True, text=True, env=environment).stdout
    return [float(word) for word in said.split()]


def faults() -> int:
    """Page faults of this process so far that needed no disk."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def measure(call: Callable[[], object], rest: float, budget: float) -> dict[int, dict[str, float]]:
    """Median seconds and page faults of a call on one and on two threads, which take turns."""
    taken: dict[int, list[float]] = {1: [], 2: []}
    faulted = dict.fromkeys(taken, 0)
    before = torch.get_num_threads()
    try:
        for threads in taken:
            torch.set_num_threads(threads)
            call()
        count = 1 if rest else calls_a_sample(call)
        until = time.perf_counter() + budget
        while time.perf_counter() < until or len(taken[2]) < LEAST:
            for threads, samples in taken.items():
                torch.set_num_threads(threads)
                if rest:
                    time.sleep(rest / 1e3)
                else:
                    call()
                start = faults()
                samples.append(seconds(call, count))
                faulted[threads] += faults() - start
    finally:
        torch.set_num_threads(before)
    return {
        threads: {"seconds": median(samples), "faults": faulted[threads] / len(samples) / count}
        for threads, samples in taken.items()
    }


def frozen_layer(cell: str, shape: Shape) -> torch.nn.Module:
    """A frozen layer."""
    import recur.nn

    torch.manual_seed(0)
    layer: torch.nn.Module = getattr(recur.nn, cell)(shape.inputs, shape.H, engine="native").eval().freeze()
    return layer


def layer_call(layer: torch.nn.Module, shape: Shape) -> Callable[[], object]:
    """Its forward pass."""
    x = torch.randn(shape.T, shape.B, shape.inputs)

    def call() -> object:
        with torch.no_grad():
            return layer(x)

    return call


def line(row: dict[str, Any]) -> str:
    """A row of the table, in milliseconds."""
    text, slower = f"{row['cell']:<4}  {row['shape']:<11}", False
    for rest, found in row["rests"].items():
        one, two = found[1]["seconds"], found[2]["seconds"]
        text += f"  {1e3 * one:>8.3f} {1e3 * two:>8.3f} {one / two:>5.2f}"
        slower = slower or two > (SLOWER_COLD if rest else SLOWER) * one
    text += f"  {max(found[2]['faults'] for found in row['rests'].values()):>6.1f}"
    return text + ("  slower" if slower else "")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both tables."""
    options = _options(arguments)
    print(f"machine  {machine.describe()}\n\npause ms   wake-up us: median     90 %   largest")
    waking = {}
    for pause in PAUSES[: 2 if options.quick else None]:
        found = regions(pause, 3 if options.quick else COUNT)
        if found is None:
            print("not measured: no compiler")
            break
        waking[pause] = found
        print(f"{pause:>8g}   {found[0]:>18.1f} {found[1]:>8.1f} {found[2]:>9.1f}", flush=True)
    columns = "".join(f"  {f'rest {rest:g} ms: one':>12} {'two':>4}  ratio" for rest in options.rests)
    top = f"{'cell':<4}  {'T,B,H':<11}{columns}  faults"
    print(f"\nmilliseconds on one and on two threads, medians; ratio = one / two\n\n{top}\n{'-' * len(top)}")
    rows = []
    for cell in options.cells:
        for shape in options.shapes or (QUICK if options.quick else SHAPES):
            call = layer_call(frozen_layer(cell, shape), shape)
            rests = {rest: measure(call, rest, QUICK_BUDGET if options.quick else BUDGET) for rest in options.rests}
            rows.append({"cell": cell, "shape": str(shape), "rests": rests})
            print(line(rows[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps({"waking_us": waking, "rows": rows}, indent=1) + "\n", encoding="utf-8")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.waking", description=str(__doc__).split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="one shape and few samples")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=CELLS, help="only these cells")
    parser.add_argument("--shapes", nargs="+", type=shape_option, metavar="T,B,H", help="only these shapes")
    parser.add_argument(
        "--rests", nargs="+", type=float, default=RESTS, metavar="MS", help="milliseconds before a call"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure here")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
