"""RTNeural, compiled from the sources that ``RTNEURAL`` names; ``XSIMD`` names the ``include`` folder of xsimd."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.onnx_file import Arrays

Floats = NDArray[np.float32]

BUILDS = {
    "STL": ("-DRTNEURAL_DEFAULT_ALIGNMENT=64",),
    # its maps know no larger alignment, and its matrices are on the stack for a moment
    "Eigen": ("-DRTNEURAL_DEFAULT_ALIGNMENT=32", "-DEIGEN_STACK_ALLOCATION_LIMIT=0", "-IFOLDER/modules/Eigen"),
    "xsimd": ("-DRTNEURAL_DEFAULT_ALIGNMENT=64",),
}
FLAGS = ("-std=c++20", "-O3", "-march=native", "-ffast-math", "-w")
LAYER = Path(__file__).with_name("rtneural_layer.cpp")
STACK = 1 << 28  # bytes, for the matrices on the stack
TRIED = 0.02  # seconds of a build's calls when the fastest is chosen


def sources() -> Path | None:
    """The folder with the sources; None where none is named."""
    named = os.environ.get("RTNEURAL")
    return Path(named) if named else None


def compile_builds(source: Path, to: Path, stem: str, words: Sequence[str] = ()) -> dict[str, Path]:
    """Compile a program with each of RTNeural's builds; one that does not compile is left out with a line on stderr."""
    folder = sources()
    if folder is None:
        raise RuntimeError("RTNEURAL names no folder")
    made = {}
    for name, more in BUILDS.items():
        includes = [f"-I{folder}", *(word.replace("FOLDER", str(folder)) for word in more)]
        if name == "xsimd":
            if not os.environ.get("XSIMD"):
                continue
            includes.append(f"-I{os.environ['XSIMD']}")
        program = to / f"{stem}_{name}"
        if not program.exists():
            command = ["g++", *FLAGS, f"-DRTNEURAL_USE_{name.upper()}=1", *includes, *words, str(source), "-o"]
            done = subprocess.run([*command, str(program)], capture_output=True, text=True, check=False, timeout=900)
            if done.returncode:
                why = (done.stderr.strip().splitlines() or ["the compiler ended"])[-1]
                print(f"RTNeural with {name} does not compile: {why}", file=sys.stderr)
                continue
        made[name] = program
    return made


def keras(cell: str, W_x: Floats, W_h: Floats, *biases: Floats) -> list[Floats]:
    """Parameters in Keras' order of gates, matrices (columns, G H): an LSTM's biases are added, a GRU has two."""
    order = (0, 1, 2, 3) if cell == "LSTM" else (1, 0, 2)

    def gates(array: Floats) -> Floats:
        parts = np.split(array, len(order))
        return np.concatenate([parts[place] for place in order])

    given = [gates(W_x).T, gates(W_h).T]
    summed: list[Floats] = [np.add.reduce(biases)] if cell == "LSTM" else list(biases)
    return [np.ascontiguousarray(array, np.float32) for array in [*given, *map(gates, summed)]]


class Layer:
    """The fastest build of one layer with these parameters: steps of a single row, on one thread."""

    def __init__(self, cell: str, arrays: Arrays) -> None:
        if cell == "RNN":
            raise ValueError("RTNeural has no Elman network")
        X, H = arrays["x"].shape[2], arrays["weight_hh"].shape[1]
        self._folder = tempfile.TemporaryDirectory(prefix="rtneural-")
        words = ["-shared", "-fPIC", f"-DINPUTS={X}", f"-DHIDDEN={H}", f"-D{cell}=1"]
        built = compile_builds(LAYER, Path(self._folder.name), "layer", words)
        if not built:
            raise RuntimeError("no build of RTNeural compiles")
        names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        numbers = np.concatenate([one.ravel() for one in keras(cell, *(arrays[name] for name in names))])
        x, y = np.zeros((16, X), np.float32), np.zeros((16, H), np.float32)
        best = float("inf")
        for name, program in built.items():
            library = ctypes.CDLL(str(program))
            library.run.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long, ctypes.c_int]
            _with_stack(lambda library=library: library.load(numbers.ctypes.data_as(ctypes.c_void_p)))
            taken = _least(lambda library=library: library.run(x.ctypes.data, y.ctypes.data, len(x), 1))
            if taken < best:
                best, self._run, self.build = taken, library.run, name
        self._run(x.ctypes.data, y.ctypes.data, 0, 1)

    def run(self, x: Floats, y: Floats, first: bool) -> None:
        """Steps (T, X) into outputs (T, H), from states that are zero or where the last call left them."""
        self._run(x.ctypes.data, y.ctypes.data, len(x), int(first))


def _with_stack(work: Callable[[], object]) -> None:
    before = threading.stack_size(STACK)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)


def _least(call: Callable[[], object]) -> float:
    until, least = time.perf_counter() + TRIED, float("inf")
    while (began := time.perf_counter()) < until:
        call()
        least = min(least, time.perf_counter() - began)
    return least
