"""One step at a time, from NumPy to NumPy: the call of a small layer, the weights of a large one, the slowest steps.

A stream's ``step`` and its ``run`` of 64 steps take turns with torch's cell. Every step is also timed by itself, for
the percentiles: what a program that has to answer in time waits for. A step of the same layer whose products have
factors of 8 bits takes turns with them. Beside a large layer stands its limit, the time in
which one thread reads its weights at the rate of the second-level cache, measured in the same run.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from benchmarks import machine, peak
from benchmarks.frameworks import STEPS, Step
from benchmarks.onnx_file import Arrays
from benchmarks.peers import write_case
from benchmarks.shapes import Shape
from benchmarks.table import EXPLAIN_MARK, mark
from benchmarks.timing import interleave, ratios

SIZES = (("LSTM", 1, 40), ("GRU", 3, 16), *((cell, H, H) for cell in ("RNN", "GRU", "LSTM") for H in (128, 256, 512)))
QUICK_SIZES = (("GRU", 3, 16), ("RNN", 16, 16), ("LSTM", 128, 128))
BLOCK = 64  # steps of a block, as of audio
PROVED, CLOSE = 5, 1e-4  # steps compared with torch's, and how near they must be
CLOSE_INT8 = 2e-2  # and those in int8 with the reference's: a factor may be another whole number
LIMITED = 128  # units from which the weights are what a step waits for
CACHED = 512 * 1024  # bytes that fit a second-level cache and no first
READ = Path(__file__).with_name("read.cpp")
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
ROUNDS, QUICK_ROUNDS = 15, 3
SINGLE, QUICK_SINGLE = 20_000, 500  # steps that are timed by themselves
BUDGET, QUICK_BUDGET = 10.0, 0.5  # seconds of rounds a row
READING = 0.1  # seconds of a measurement of the cache


def reading(size: int) -> float | None:
    """The GB/s at which one thread reads so many bytes over and over; None where nothing can be compiled."""
    program = peak.compiled(READ)
    if program is None:
        return None
    words = [program, str(size), str(READING)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()[0])


def case(cell: str, X: int, H: int) -> Arrays:
    """Inputs, parameters, and torch's outputs."""
    with tempfile.TemporaryDirectory() as folder:
        write_case(Path(folder) / "case.npz", cell, Shape(PROVED, 1, H, X=X))
        with np.load(Path(folder) / "case.npz") as file:
            return dict(file)


def contestants(cell: str, arrays: Arrays, threads: int) -> dict[str, Step]:
    """What takes turns, by name: one step, and for ``block`` 64 of them; each proved against torch's layer.

    That in int8 is proved against the reference of its own products.
    """
    import recur.nn

    made = {"torch": STEPS["torch"](cell, arrays, threads), "step": STEPS["native"](cell, arrays, threads)}
    x, expected = arrays["x"], arrays["expected"]
    for name, step in made.items():
        _prove(f"{cell} of {name}", np.stack([np.array(step(row)) for row in x]), expected)
    layer = getattr(recur.nn, cell)(x.shape[2], expected.shape[2], engine="native")
    layer.load_state_dict(
        {f"{name}_l0": torch.from_numpy(value) for name, value in arrays.items() if name not in {"x", "expected"}}
    )
    stream = layer.stream()
    _prove(f"{cell} of block", stream.run(x), expected)
    layer.precision = "int8"
    rounded = layer.stream()
    if rounded.backend != "native":
        raise ValueError(f"wrong: a step in int8 is computed by the {rounded.backend} backend")
    layer.engine = "eager"
    with torch.no_grad():
        reference = layer(torch.from_numpy(x))[0].numpy()
    _prove(f"{cell} in int8", np.stack([rounded.step(row) for row in x]), reference, CLOSE_INT8)
    out = np.empty((BLOCK, 1, expected.shape[2]), np.float32)
    return made | {"block": partial(stream.run, out=out), "int8": rounded.step}


def _prove(what: str, found: np.ndarray[Any, Any], expected: np.ndarray[Any, Any], close: float | None = None) -> None:
    off = float(np.abs(found - expected).max())
    if not off < (CLOSE if close is None else close):
        raise ValueError(f"wrong: {what} differs by {off:.1e} from torch" + ("" if close is None else " in int8"))


def percentiles(step: Callable[[], object], count: int) -> dict[str, float]:
    """Seconds of single steps, each timed by itself, by the share of steps that were not slower."""
    times = [0.0] * count
    collecting = gc.isenabled()
    gc.disable()
    try:
        for n in range(count):
            began = time.perf_counter()
            step()
            times[n] = time.perf_counter() - began
    finally:
        if collecting:
            gc.enable()
    times.sort()
    return {name: times[min(count - 1, int(share * count))] for name, share in SHARES.items()}


def measure(cell: str, X: int, H: int, options: argparse.Namespace) -> dict[str, Any]:
    """One row: medians of everything, percentiles of our step, and what reading the weights takes."""
    arrays = case(cell, X, H)
    made = contestants(cell, arrays, options.threads)
    one = np.ascontiguousarray(arrays["x"][0])
    block = np.ascontiguousarray(np.broadcast_to(one, (BLOCK, *one.shape)))
    calls = {name: partial(step, block if name == "block" else one) for name, step in made.items()}
    timings = interleave(calls, options.repeats, options.budget)
    row: dict[str, Any] = {
        "cell": cell, "X": X, "H": H, "bytes": arrays["weight_ih"].nbytes + arrays["weight_hh"].nbytes,
        "torch_s": timings["torch"].median, "step_s": timings["step"].median,
        "block_s": timings["block"].median / BLOCK, "ratio": median(ratios(timings["torch"], timings["step"])),
        "int8_s": timings["int8"].median, "int8_ratio": median(ratios(timings["step"], timings["int8"])),
        "percentiles_s": percentiles(calls["step"], options.single),
    }  # fmt: skip
    if H >= LIMITED:
        cached, same = reading(CACHED), reading(row["bytes"])
        if cached is not None and same is not None:
            row |= {"limit_s": row["bytes"] / cached / 1e9, "same_s": row["bytes"] / same / 1e9}
    return row


HEADING = (
    f"{'cell':<4}  {'X,H':<7}  {'torch':>8}  {'step':>8}  {'block':>8}  ratio  {'int8':>8}  to f32"
    + "".join(f"  {name:>8}" for name in SHARES)
    + f"  {'KB':>6}  {'limit':>7}  {'same':>7}  p50/limit"
)


def line(row: dict[str, Any]) -> str:
    """One row of the table, in microseconds."""
    times = [row["torch_s"], row["step_s"], row["block_s"]]
    text = f"{row['cell']:<4}  {row['X']},{row['H']}".ljust(13) + "".join(f"  {1e6 * one:>8.2f}" for one in times)
    text += f"  {row['ratio']:>5.2f}  {1e6 * row['int8_s']:>8.2f}  {row['int8_ratio']:>6.2f}" + "".join(
        f"  {1e6 * row['percentiles_s'][name]:>8.2f}" for name in SHARES
    )
    text += f"  {row['bytes'] / 1024:>6.0f}"
    if "limit_s" in row:
        limit = row["limit_s"]
        text += f"  {1e6 * limit:>7.2f}  {1e6 * row['same_s']:>7.2f}  {row['percentiles_s']['p50'] / limit:>9.2f}"
    return text + mark(row)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the table; 1 if something computed something else than torch."""
    options = _options(arguments)
    torch.set_num_threads(options.threads)
    cached = reading(CACHED)
    print(f"machine  {machine.describe()}")
    print(f"cache    {'not measured: no compiler' if cached is None else f'{cached:.0f} GB/s on one thread'}")
    print("steps    microseconds, NumPy in and NumPy out, one row, float32; ratio = torch / step, to f32 = step / int8")
    print(
        f"block    of a step, in blocks of {BLOCK}; limit and same: the weights at the rate of the second-level cache,"
    )
    print("         and of as many bytes wherever they fit; p50 to max of single steps, the clock included")
    print(f"{EXPLAIN_MARK}\n\n{HEADING}\n{'-' * len(HEADING)}", flush=True)
    rows = []
    for cell, X, H in QUICK_SIZES if options.quick else SIZES:
        try:
            rows.append(peak.steady(partial(measure, cell, X, H, options), 1 if options.quick else peak.TRIES, 2))
        except ValueError as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        print(line(rows[-1]), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=str(__doc__).split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="three layers and few rounds")
    parser.add_argument("--threads", type=int, default=1, help="of each (default 1)")
    parser.add_argument("--repeats", type=int, help=f"rounds ({ROUNDS}, --quick {QUICK_ROUNDS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure here")
    options = parser.parse_args(arguments)
    options.repeats = options.repeats or (QUICK_ROUNDS if options.quick else ROUNDS)
    options.budget = QUICK_BUDGET if options.quick else BUDGET
    options.single = QUICK_SINGLE if options.quick else SINGLE
    return options


if __name__ == "__main__":
    sys.exit(main())
