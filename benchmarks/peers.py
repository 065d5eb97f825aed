"""Our forward pass compared with the fastest of six other libraries, each in a process of its own.

torch, JAX, ONNX Runtime and OpenVINO; ncnn and RTNeural, which take one row and so are in the rows with B = 1 only.
Thread pools of several frameworks in one process disturb each other, so every peer has a child process that sleeps at a
pipe until it is its turn; turns are taken in rounds, as in the other tables. Peers that are not installed are named.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from benchmarks import ROOT, machine, peak, rtneural
from benchmarks.figures import summary
from benchmarks.frameworks import NAMES, SEQUENCES, STEPS
from benchmarks.shapes import QUICK, SHAPES, Shape, shape_option
from benchmarks.table import EXPLAIN_MARK, mark

CELLS = ("RNN", "GRU", "LSTM")
STEP_SIZES = (256, 512)
STEPS_PROVED = 5
NEEDS = {
    "native": ("recur",), "torch": ("torch",), "jax": ("jax",), "onnxruntime": ("onnx", "onnxruntime"),
    "openvino": ("onnx", "openvino"), "ncnn": ("ncnn",), "rtneural": (),
}  # fmt: skip
ONE_ROW = ("ncnn", "rtneural")  # they take no batch
WARM = 0.1  # seconds of calls before a peer is timed
REST = 0.005  # before a turn, all peers together have computed nothing for so long
IDLE = 0.05  # as a share of the rest
PATIENCE = 1.0  # seconds of waiting for threads that look for more work: some do so for a fifth of a second
ROUNDS, QUICK_ROUNDS = 15, 3
BUDGET, QUICK_BUDGET = 10.0, 0.5  # seconds of rounds a row


class Peer:
    """A child process and the pipe to it.

    Parameters
    ----------
    name : str
        A row of ``frameworks.SEQUENCES``.
    threads : int
        That it may compute with.
    """

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        limits = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.peer", name, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, **limits}, cwd=ROOT,
        )  # fmt: skip

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send a command and wait for the answer."""
        process = self._process
        if process.stdin is None or process.stdout is None or process.poll() is not None:
            return {"cannot": f"its process ended with {process.poll()}"}
        try:
            process.stdin.write(json.dumps(command) + "\n")
            process.stdin.flush()
            said = process.stdout.readline()
        except BrokenPipeError:
            said = ""
        answer: dict[str, Any] = json.loads(said) if said else {"cannot": f"its process ended with {process.wait()}"}
        return answer

    def computed(self) -> float:
        """The seconds that all its threads have run so far; 0 where the system does not tell."""
        total = 0
        for thread in Path(f"/proc/{self._process.pid}/task").glob("*/schedstat"):
            try:
                total += int(thread.read_text(encoding="ascii").split()[0])
            except (OSError, IndexError):  # it has ended
                continue
        return total / 1e9

    def close(self) -> None:
        """End the process: it stops when there are no more commands."""
        self._process.communicate()


def missing(name: str) -> str | None:
    """What a peer lacks, as what to do about it; None if nothing."""
    if name == "rtneural" and rtneural.sources() is None:
        return "set RTNEURAL to the folder of its sources"
    packages = [package for package in NEEDS[name] if find_spec(package) is None]
    return f"pip install {' '.join(packages)}" if packages else None


def write_case(path: Path, cell: str, shape: Shape) -> None:
    """Draw inputs and parameters, compute torch's outputs, and write them all to a file."""
    torch.manual_seed(0)
    layer = getattr(torch.nn, cell)(shape.inputs, shape.H)
    x = torch.randn(shape.T, shape.B, shape.inputs)
    with torch.no_grad():
        expected = layer(x)[0]
    parameters = {name: getattr(layer, f"{name}_l0").detach().numpy() for name in NAMES}
    np.savez(path, x=x.numpy(), expected=expected.numpy(), **parameters)


def settle(peers: Iterable[Peer]) -> None:
    """Wait until the threads of all peers sleep: one that still looks for work takes the core of the next turn."""
    peers = list(peers)
    until = time.perf_counter() + PATIENCE
    while time.perf_counter() < until:
        before = sum(peer.computed() for peer in peers)
        time.sleep(REST)
        if sum(peer.computed() for peer in peers) - before <= IDLE * REST:
            return


def compare(peers: Sequence[Peer], path: Path, cell: str, mode: str, rounds: int, budget: float) -> dict[str, Any]:
    """Check and time one case: the time of each peer, and ours as a ratio to the fastest of the others."""
    entries: dict[str, dict[str, Any]] = {}
    ready = []
    for peer in peers:
        entries[peer.name] = peer.ask(do="load", mode=mode, cell=cell, file=str(path), warm=WARM)
        if "cannot" not in entries[peer.name]:
            ready.append(peer)
    samples: dict[str, list[float]] = {peer.name: [] for peer in ready}
    began = time.perf_counter()
    for turn in range(rounds):
        if turn and time.perf_counter() - began > budget:
            break
        first = turn % max(1, len(ready))
        for peer in ready[first:] + ready[:first]:
            settle(peers)
            answer = peer.ask(do="time")
            if "cannot" in answer:
                entries[peer.name] = answer
                del samples[peer.name]
            else:
                samples[peer.name].append(answer["seconds"])
        ready = [peer for peer in ready if peer.name in samples]
    for name, taken in samples.items():
        entries[name] |= {"median_s": median(taken), "samples_s": taken}
    others = [name for name in samples if name != "native"]
    fastest = min(others, key=lambda name: entries[name]["median_s"]) if others else None
    if fastest and "native" in samples:
        pairs = zip(samples[fastest], samples["native"], strict=True)
        entries["native"]["ratio"] = median(theirs / own for theirs, own in pairs)
    return {"cell": cell, "fastest": fastest, "contestants": entries}


def sequences(peers: Sequence[Peer], cells: Sequence[str], options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield a row for each cell and shape."""
    for cell in cells:
        for shape in options.shapes or (QUICK if options.quick else SHAPES):
            yield _row(peers, cell, shape, "sequences", options)


def steps(peers: Sequence[Peer], options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield a row for each size of an LSTM that is run one step at a time, a single row wide."""
    for H in STEP_SIZES:
        yield _row(peers, "LSTM", Shape(STEPS_PROVED, 1, H), "steps", options) | {"shape": f"1,1,{H}"}


def _row(peers: Sequence[Peer], cell: str, shape: Shape, mode: str, options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.npz"
        write_case(path, cell, shape)
        measure = partial(compare, peers, path, cell, mode, options.repeats, options.budget)
        row = peak.steady(measure, 1 if options.quick else peak.TRIES, options.threads)
    return row | {"shape": str(shape), "pass": "forward" if mode == "sequences" else "step"}


def line(row: dict[str, Any], names: Sequence[str], scale: float) -> str:
    """One row of a table, in units of which a second has ``scale``."""
    text = f"{row['cell']:<4}  {row['shape']:<11}"
    for name in names:
        entry = row["contestants"].get(name, {})
        wrong = str(entry.get("cannot", "")).startswith("wrong")
        shown = f"{entry['median_s'] * scale:.3f}" if "median_s" in entry else "wrong" if wrong else "-"
        text += f"  {shown:>11}"
    ratio = row["contestants"].get("native", {}).get("ratio")
    return text + f"  {row['fastest'] or '-':>11}  " + ("    -" if ratio is None else f"{ratio:>5.2f}") + mark(row)


def show(rows: Iterable[dict[str, Any]], names: Sequence[str], unit: str, scale: float) -> list[dict[str, Any]]:
    """Print a table as its rows are measured, and a note on it."""
    columns = "".join(f"  {name:>11}" for name in names)
    top = f"{'cell':<4}  {'T,B,H':<11}{columns}  {'fastest':>11}  ratio"
    print(f"\n{unit}; ratio = fastest of the others / native, above 1 native is faster")
    print(f"{EXPLAIN_MARK}\n\n{top}\n{'-' * len(top)}", flush=True)
    measured = []
    for row in rows:
        measured.append(row)
        print(line(row, names, scale), flush=True)
    lines = summary(measured, ["native"])
    if lines:
        print("\n" + "\n".join(lines))
    return measured


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both tables; 1 if a peer computed other results than torch."""
    options = _options(arguments)
    absent = {name: missing(name) for name in options.peers}
    names = [name for name in options.peers if not absent[name]]
    print(f"machine  {machine.describe()}")
    print(f"peak     {peak.settled(options.threads)}")
    print(f"peers    {', '.join(names)}; {options.threads} threads each")
    single = [name for name in names if name in ONE_ROW]
    if single:
        print(f"one row  {', '.join(single)}: their layers take no batch, so they are in rows with B = 1 only")
    print(f"tables   forward, float32, medians of {options.repeats} rounds")
    for name, cure in absent.items():
        if cure:
            print(f"absent   {name} is not installed: {cure}")
    if not names:
        print("error: none of the peers is installed", file=sys.stderr)
        return 2
    peers = [Peer(name, options.threads) for name in names]
    try:
        result = {}
        if options.only != "steps":
            rows = sequences(peers, options.cells, options)
            result["sequences"] = show(rows, names, "milliseconds a pass", 1e3)
        if options.only != "sequences":
            stepping = [peer for peer in peers if peer.name in STEPS]
            rows = steps(stepping, options)
            unit = "microseconds a step, NumPy in and NumPy out"
            result["steps"] = show(rows, [peer.name for peer in stepping], unit, 1e6)
    finally:
        for peer in peers:
            peer.close()
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return _complain([row for rows in result.values() for row in rows])


def _complain(rows: Iterable[dict[str, Any]]) -> int:
    """Say once what was not timed and why; 1 if anything was wrong."""
    said = dict.fromkeys(
        f"{'error' if entry['cannot'].startswith('wrong') else 'note'}: {row['cell']} on {name}: {entry['cannot']}"
        for row in rows
        for name, entry in row["contestants"].items()
        if "cannot" in entry
    )
    for text in said:
        print(text, file=sys.stderr)
    return int(any(text.startswith("error") for text in said))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=str(__doc__).split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="small shapes and few rounds")
    parser.add_argument("--peers", nargs="+", choices=list(SEQUENCES), default=list(SEQUENCES), help="only these")
    parser.add_argument("--cells", nargs="+", choices=CELLS, default=CELLS, help="only these cells")
    parser.add_argument("--shapes", nargs="+", type=shape_option, metavar="T,B,H", help="only these shapes")
    parser.add_argument("--only", choices=("sequences", "steps"), help="one of the two tables")
    parser.add_argument("--threads", type=int, default=2, help="of each peer (default 2)")
    parser.add_argument("--repeats", type=int, help=f"rounds ({ROUNDS}, --quick {QUICK_ROUNDS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure and sample here")
    options = parser.parse_args(arguments)
    options.repeats = options.repeats or (QUICK_ROUNDS if options.quick else ROUNDS)
    options.budget = QUICK_BUDGET if options.quick else BUDGET
    return options


if __name__ == "__main__":
    sys.exit(main())
