"""What noticing changed weights takes of a call of a frozen layer: the hash of its matrices, in most calls.

    python -m benchmarks.hashing

One row, one thread, without gradients: a single step, which multiplies the matrices themselves and hashes nothing, and
sequences. The hash alternates with reading as many other bytes, as in a call, whose packed matrices are read after it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import cast

import torch

from benchmarks import machine, peak
from benchmarks.shapes import Shape
from benchmarks.timing import calls_a_sample, seconds
from benchmarks.waking import frozen_layer, layer_call
from recur.nn.freezing import Freezing

SOURCE = Path(__file__).with_name("hashing.cpp")
HEADERS = Path(__file__).parents[1] / "src/recur/native"
SIZES, QUICK_SIZES = (16, 64, 128, 256, 512, 1024), (16,)
STEPS = (1, 10, 100)
SECONDS, QUICK_SECONDS = 0.2, 0.01
SAMPLES, QUICK_SAMPLES = 9, 2


def hashing(size: int, duration: float) -> float | None:
    """Seconds of the hash of so many bytes; None where nothing can be compiled."""
    program = peak.compiled(SOURCE, "-std=c++17", "-fopenmp", "-mprefer-vector-width=512", f"-I{HEADERS}")
    if program is None:
        return None
    said = subprocess.run([program, str(size), str(duration)], check=True, capture_output=True, text=True).stdout
    return float(said.split()[0]) / 1e6


def hashes(layer: torch.nn.Module) -> bool:
    """Whether the calls of a frozen layer so far have hashed its matrices, to compute with packed ones."""
    kept = cast(Freezing, layer).frozen_weights(0)
    return kept is not None and kept.packed is not None and kept.packed.uses > 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hashing", description=str(__doc__).split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="one size and few samples")
    parser.add_argument("--cell", choices=("RNN", "GRU", "LSTM"), default="LSTM", help="default LSTM")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    print(f"machine  {machine.describe()}\nus       one row, one thread; share = hash / call\n")
    top = f"{'cell':<4}  {'units':>5}  {'KB':>6}  {'hash':>8}" + "".join(f"  {f'{T} steps':>10}  share" for T in STEPS)
    print(f"{top}\n{'-' * len(top)}")
    gates = {"RNN": 1, "GRU": 3, "LSTM": 4}[options.cell]
    for H in QUICK_SIZES if options.quick else SIZES:
        size = 4 * gates * H * 2 * H
        taken = hashing(size, QUICK_SECONDS if options.quick else SECONDS)
        text = f"{options.cell:<4}  {H:>5}  {size / 1024:>6.0f}  " + (
            "       -" if taken is None else f"{1e6 * taken:>8.2f}"
        )
        for T in STEPS:
            layer = frozen_layer(options.cell, Shape(T, 1, H))
            call = layer_call(layer, Shape(T, 1, H))
            call()
            hashed = hashes(layer)
            count = calls_a_sample(call)
            whole = median(seconds(call, count) for _ in range(QUICK_SAMPLES if options.quick else SAMPLES))
            share = f"{taken / whole:.0%}" if taken is not None and hashed else "-" if hashed else "none"
            text += f"  {1e6 * whole:>10.1f}  {share:>5}"
        print(text, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
