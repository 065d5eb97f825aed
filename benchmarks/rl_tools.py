"""Training of our GRU beside that of torch.nn and of rl_tools, which is compiled with the sizes of each row.

    RL_TOOLS=/sources/of/rl-tools python -m benchmarks.rl_tools
    RL_TOOLS=... RL_TOOLS_BLAS="-DRL_TOOLS_BACKEND_ENABLE_OPENBLAS -lopenblas" python -m benchmarks.rl_tools

A pass is a forward pass from states of zero, and a backward pass from dE/d(output) at every step to the gradients of
the inputs and of every parameter. rl_tools overwrites dE/d(output) and adds to the gradients, so its pass copies the
one and sets the others to zero before. Everything is computed by one thread (``--threads``). Nothing is timed unless
outputs and gradients agree with those of torch. Without RL_TOOLS the table has the other two.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn

import recur.nn
from benchmarks import machine, peak
from benchmarks.frameworks import NAMES
from benchmarks.proof import NotProvedError, prove
from benchmarks.shapes import Shape, shape_option
from benchmarks.table import EXPLAIN_MARK, mark
from benchmarks.timing import interleave, ratios
from recur.errors import BackendError, RecurError

FLAGS = ("-std=c++17", "-O3", "-march=native", "-ffast-math", "-w", "-fPIC")
LAYER = Path(__file__).with_name("rl_tools_layer.cpp")
BUILDS = ("generic", "BLAS")
SHAPES = [
    Shape(20, 4, 16),
    Shape(50, 32, 16),
    Shape(100, 1, 128),
    Shape(100, 8, 128),
    Shape(100, 32, 64),
    Shape(100, 32, 128),
]
QUICK = [Shape(20, 4, 16)]
ROUNDS, BUDGET, QUICK_BUDGET = 15, 3.0, 0.3
PATIENCE = 900  # seconds of a compilation


class NotCompiledError(RecurError):
    """The sources cannot be compiled here."""


Results = tuple[dict[str, Tensor], dict[str, Tensor]]


def sources() -> Path | None:
    """The folder with the sources; None where none is named."""
    named = os.environ.get("RL_TOOLS")
    return Path(named) if named else None


def flags() -> dict[str, list[str]]:
    """The further flags of each build: with the products of rl_tools itself, and with those of RL_TOOLS_BLAS."""
    words = os.environ.get("RL_TOOLS_BLAS", "").split()
    return {"generic": [], **({"BLAS": words} if words else {})}


def compile_layer(shape: Shape, more: Sequence[str], to: Path) -> Path:
    """Compile a layer of these sizes as a shared library, unless the folder has it."""
    folder = sources()
    if folder is None:
        raise NotCompiledError("RL_TOOLS names no folder")
    sizes = {"T": shape.T, "B": shape.B, "X": shape.inputs, "H": shape.H}
    words = ["g++", *FLAGS, *(f"-DGRU_{name}={size}" for name, size in sizes.items()), f"-I{folder / 'include'}", *more]
    digest = hashlib.sha256("\0".join([*words, LAYER.read_text(encoding="utf-8")]).encode()).hexdigest()
    library = to / f"gru_{digest[:16]}.so"
    if not library.exists():
        part = library.with_suffix(".o")
        _compile([*words, "-c", str(LAYER), "-o", str(part)])
        # a library that is linked with -ffast-math changes the denormal numbers of the whole process
        _compile(["g++", "-shared", str(part), *more, "-o", str(library)])
    return library


def _compile(words: Sequence[str]) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotCompiledError(f"rl_tools does not compile: {error}") from error
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "error" in line]
        raise NotCompiledError(f"rl_tools does not compile: {(errors or ['the compiler ended'])[0]}")


class Layer:
    """A layer of rl_tools with the parameters of one of torch. A library holds one layer: the last that was made.

    Parameters
    ----------
    library : Path
        What ``compile_layer`` made for the sizes of these inputs and parameters.
    rival : nn.GRU
        Its parameters are copied.
    x : Tensor
        (T, B, X), copied.
    """

    def __init__(self, library: Path, rival: nn.GRU, x: Tensor) -> None:
        try:
            self._library = ctypes.CDLL(str(library))
        except OSError as error:
            raise NotCompiledError(f"rl_tools does not load: {error}") from error
        self._shape = (*x.shape[:2], rival.hidden_size)
        self._like = {"x": x, **{name: getattr(rival, f"{name}_l0") for name in NAMES}}
        kept = [one.detach().contiguous() for one in self._like.values()]
        self._library.load(*_pointers(kept))

    def training(self, seed: Tensor) -> None:
        """A forward and a backward pass from dE/d(output) (T, B, H)."""
        self._library.training(ctypes.c_void_p(seed.data_ptr()))

    def results(self) -> Results:
        """Outputs and gradients of the last pass."""
        made = {
            "output": torch.empty(self._shape),
            **{name: torch.empty(one.shape) for name, one in self._like.items()},
        }
        self._library.results(*_pointers(list(made.values())))
        return {"output": made.pop("output")}, made


def _pointers(tensors: Sequence[Tensor]) -> list[ctypes.c_void_p]:
    return [ctypes.c_void_p(one.data_ptr()) for one in tensors]


def training(layer: nn.Module, x: Tensor, seed: Tensor) -> Results:
    """The same pass of a layer of torch.nn or ours."""
    output, _ = layer(x)
    parameters = [getattr(layer, f"{name}_l0") for name in NAMES]
    gradients = torch.autograd.grad(output, (x, *parameters), seed)
    return {"output": output.detach()}, dict(zip(("x", *NAMES), gradients, strict=True))


def native(rival: nn.GRU, x: Tensor, seed: Tensor) -> tuple[Callable[[], object], Results]:
    """A pass of our layer with the parameters of a rival, and its results."""
    layer = recur.nn.GRU(rival.input_size, rival.hidden_size, engine="native")
    layer.load_state_dict(rival.state_dict())
    return partial(training, layer, x, seed), training(layer, x, seed)


def compiled(
    more: Sequence[str], to: Path, rival: nn.GRU, x: Tensor, seed: Tensor
) -> tuple[Callable[[], object], Results]:
    """A pass of a build of rl_tools, and its results."""
    shape = Shape(*x.shape[:2], rival.hidden_size, X=rival.input_size)
    layer = Layer(compile_layer(shape, more, to), rival, x)
    # the results are those of a second pass, which overwrites the first one's
    layer.training(seed)
    layer.training(seed)
    return partial(layer.training, seed), layer.results()


def compare(shape: Shape, folder: Path, rounds: int, budget: float) -> dict[str, Any]:
    """Prove and time one row."""
    torch.manual_seed(0)
    rival = nn.GRU(shape.inputs, shape.H)
    x, seed = torch.randn(shape.T, shape.B, shape.inputs, requires_grad=True), torch.randn(shape.T, shape.B, shape.H)
    expected = training(rival, x, seed)
    others = {"native": partial(native, rival, x, seed)}
    for name, more in flags().items() if sources() else ():
        others[name] = partial(compiled, more, folder, rival, x, seed)
    entries: dict[str, dict[str, Any]] = {"torch": {}}
    calls: dict[str, Callable[[], object]] = {"torch": partial(training, rival, x, seed)}
    for name, make in others.items():
        try:
            call, found = make()
            entries[name] = {"differences": differences(found, expected)}
            calls[name] = call
        except NotProvedError as error:
            entries[name] = {"wrong": error.message}
        except (BackendError, NotCompiledError) as error:
            entries[name] = {"cannot": error.message}
    times = interleave(calls, rounds, budget)
    for name, timing in times.items():
        entries[name] |= {"median_ms": timing.median * 1e3, "samples_ms": [one * 1e3 for one in timing.samples]}
        if "native" in times:
            entries[name]["ratio"] = median(ratios(timing, times["native"]))
    fastest = min((name for name in BUILDS if name in times), key=lambda name: times[name].median, default=None)
    return {"shape": str(shape), "contestants": entries, "fastest": fastest}


def differences(found: Results, expected: Results) -> dict[str, float]:
    """The largest differences of outputs and gradients; NotProvedError where they are too large."""
    pairs = zip(("outputs", "gradients"), found, expected, strict=True)
    return {kind: prove(kind, got, wanted, torch.float32) for kind, got, wanted in pairs}


HEADING = (
    f"{'T,B,H':<12}  {'torch.nn':>9}  {'native':>9}  "
    + "  ".join(f"{name:>9}" for name in BUILDS)
    + f"  {'torch/native':>12}  {'rl_tools/native':>15}"
)


def line(row: dict[str, Any]) -> str:
    """One row of the table."""
    entries = row["contestants"]
    text = f"{row['shape']:<12}"
    for name in ("torch", "native", *BUILDS):
        entry = entries.get(name, {})
        text += (
            f"  {entry['median_ms']:>9.3f}" if "median_ms" in entry else f"  {'wrong' if 'wrong' in entry else '-':>9}"
        )
    for name, width in (("torch", 12), (row["fastest"], 15)):
        entry = entries.get(name, {})
        text += f"  {entry['ratio']:>{width}.2f}" if "ratio" in entry else f"  {'-':>{width}}"
    return text + mark(row)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if anything computed something else than torch."""
    options = _options(arguments)
    before = torch.get_num_threads()
    os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)
    described = machine.describe()
    cores = described.cores
    print(f"machine  {described}")
    print(f"peak     {peak.settled(cores)}")
    print(f"threads  {options.threads} of torch, of ours and of OpenBLAS; the products of rl_tools itself run on one")
    print(f"table    GRU, float32, forward and backward, ms, medians of {options.repeats} rounds")
    print("         generic, BLAS: rl_tools with its own products, and with those of RL_TOOLS_BLAS;")
    print("         ratios are to native, above 1 ours is faster; the second is of the faster one of these two")
    print(f"         {EXPLAIN_MARK}")
    for name, cure in {"RL_TOOLS": "the folder of its sources", "RL_TOOLS_BLAS": "the flags of a BLAS"}.items():
        if not os.environ.get(name):
            print(f"absent   {'rl_tools' if name == 'RL_TOOLS' else 'rl_tools with a BLAS'}: set {name} to {cure}")
    print(f"\n{HEADING}\n{'-' * len(HEADING)}", flush=True)
    rows = []
    with tempfile.TemporaryDirectory(prefix="rl_tools-") as temporary:
        folder = options.builds or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        torch.set_num_threads(options.threads)
        try:
            for shape in options.shapes:
                measure = partial(compare, shape, folder, options.repeats, options.budget)
                rows.append(peak.steady(measure, 1 if options.quick else peak.TRIES, cores))
                print(line(rows[-1]), flush=True)
        finally:
            torch.set_num_threads(before)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return _complain(rows)


def _complain(rows: Sequence[dict[str, Any]]) -> int:
    """Say once what was not timed and why; 1 if anything was wrong."""
    said = {}
    for row in rows:
        for name, entry in row["contestants"].items():
            for word, kind in (("wrong", "error"), ("cannot", "note")):
                if word in entry:
                    said[f"{kind}: {name}, {row['shape']}: {entry[word]}"] = None
    for text in said:
        print(text, file=sys.stderr)
    return int(any(text.startswith("error") for text in said))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    about = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rl_tools", description=about)
    parser.add_argument("--quick", action="store_true", help="one small shape, few rounds")
    parser.add_argument("--shapes", nargs="+", type=shape_option, metavar="T,B,H", help="only these; also T,B,X,H")
    parser.add_argument("--repeats", type=int, default=ROUNDS, help=f"rounds (default {ROUNDS})")
    parser.add_argument("--threads", type=int, default=1, help="of torch, of ours and of OpenBLAS (default 1)")
    parser.add_argument(
        "--builds", type=Path, metavar="FOLDER", help="keep the compiled layers here, and use them again"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure and sample here")
    options = parser.parse_args(arguments)
    options.shapes = options.shapes or (QUICK if options.quick else SHAPES)
    if any(shape.ragged for shape in options.shapes):
        parser.error("the layer of rl_tools takes rows of one length")
    options.budget = QUICK_BUDGET if options.quick else BUDGET
    return options


if __name__ == "__main__":
    sys.exit(main())
