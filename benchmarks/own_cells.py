"""Cells that a user wrote, compared with the eager loop and with the LSTM of the library.

A cell of one's own should cost what its operations cost: its time for each operation of its matrix products is given as
a share of the LSTM's at the same shape, and the time that its compilation takes is given once.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn

from benchmarks import cells, machine, peak
from benchmarks.contest import NATIVE, PASSES, Cell, bind, check, make_case, rounding
from benchmarks.figures import flops, summary
from benchmarks.first_call import ask
from benchmarks.proof import NotProvedError
from benchmarks.shapes import Shape
from benchmarks.table import EXPLAIN_MARK, mark
from benchmarks.timing import interleave, ratios
from recur.equations import Equation
from recur.errors import BackendError, ConfigError
from recur.nn import LSTM, Recurrent

ABOUT = "cells that a user wrote against the eager loop, and what their compilation takes"
SHAPES = [Shape(100, 1, 128), Shape(100, 32, 128), Shape(100, 32, 256), Shape(50, 32, 512)]
BUDGET, QUICK_BUDGET = 10.0, 0.3
# where compiled cells are kept: an empty folder shows the compilation itself
CACHES = ("XDG_CACHE_HOME", "RECUR_CACHE")


def compare(equation: Equation, shape: Shape, which: str, rounds: int, budget: float) -> dict[str, Any]:
    """Check and time one pass of one cell: eager, native, and the library's LSTM, in turns."""

    def eager(X: int, H: int) -> nn.Module:
        return Recurrent(equation, X, H, engine="eager")

    cell = Cell(equation.name, equation, eager)
    torch.manual_seed(0)
    rival = cell.rival(shape.H, shape.H)
    case = make_case(cell, shape)
    entries: dict[str, dict[str, Any]] = {"rival": {}, NATIVE.name: {}}
    row = {"cell": equation.name, "shape": str(shape), **asdict(shape), "pass": which, "contestants": entries}
    calls = {"rival": bind(which, rival, case)}
    try:
        layer = NATIVE.build(cell, rival, NATIVE.engine)
        entries[NATIVE.name]["rounding"] = spared = rounding(rival, case, which)
        entries[NATIVE.name]["differences"] = check(NATIVE.engine, layer, rival, case, which, spared=spared)
        calls[NATIVE.name] = bind(which, layer, case)
        lstm = LSTM(shape.H, shape.H, engine=NATIVE.engine)
        calls["LSTM"] = bind(which, lstm, make_case(Cell("LSTM", "lstm", nn.LSTM), shape))
    except (BackendError, ConfigError) as error:
        entries[NATIVE.name] = {"cannot": error.message}
    except NotProvedError as error:
        entries[NATIVE.name] |= {"wrong": f"{equation.name} {shape} {which}: {error.message}"}
        return row
    times = interleave(calls, rounds, budget)
    for name in entries:
        if name in times:
            ratio = ratios(times["rival"], times[name])
            entries[name] |= {"median_ms": times[name].median * 1e3, "ratio": median(ratio)}
    if "LSTM" in times:
        own = times[NATIVE.name].median / flops(rival, case.steps, which)
        row["to_lstm"] = own / (times["LSTM"].median / flops(lstm, case.steps, which))
        row["lstm_ms"] = times["LSTM"].median * 1e3
    return row


def compilation(name: str) -> dict[str, Any]:
    """Seconds that the first calls of a cell take beyond later ones: with nothing kept, and in the process after it."""
    with tempfile.TemporaryDirectory() as folder:
        variables = dict.fromkeys(CACHES, folder)
        first, second = (ask(name, NATIVE.engine, variables) for _ in range(2))
    if "cannot" in first:
        return first
    return {"fresh": extra(first), "kept": extra(second)}


def extra(seconds: dict[str, Any]) -> float:
    """What first calls took beyond later ones."""
    return sum(seconds[which] - seconds[f"{which}_later"] for which in PASSES) + seconds["build"]


def line(row: dict[str, Any]) -> str:
    """One row of the table."""
    text = f"{row['cell']:<22}  {row['shape']:<11}  {row['pass']:<8}"
    for name in ("rival", NATIVE.name):
        entry = row["contestants"][name]
        text += (
            f"  {entry['median_ms']:>9.3f}" if "median_ms" in entry else f"  {'wrong' if 'wrong' in entry else '-':>9}"
        )
    native = row["contestants"][NATIVE.name]
    text += f"  {native['ratio']:>6.2f}" if "ratio" in native else f"  {'-':>6}"
    return text + (f"  {row['to_lstm']:>7.2f}" if "to_lstm" in row else f"  {'-':>7}") + mark(row)


def main(rounds: int, quick: bool, written: Path | None = None, equations: Sequence[Equation] = cells.CELLS) -> int:
    """Print both tables; 1 if the engine computed other results than the eager loop."""
    print(f"machine  {machine.describe()}")
    print(f"peak     {peak.settled()}")
    print(f"set      cells: {ABOUT}")
    print(f"table    medians of {rounds} rounds in ms; ratio = eager / native, above 1 native is faster;")
    print("         to LSTM = time for each operation, as a share of what recur.nn.LSTM takes for one")
    print(f"         {EXPLAIN_MARK}\n")
    top = f"{'cell':<22}  {'T,B,H':<11}  {'pass':<8}  {'eager':>9}  {'native':>9}  {'ratio':>6}  {'to LSTM':>7}"
    print(f"{top}\n{'-' * len(top)}", flush=True)
    measured = []
    for equation in equations:
        for shape in SHAPES[:2] if quick else SHAPES:
            for which in PASSES:
                measure = partial(compare, equation, shape, which, rounds, QUICK_BUDGET if quick else BUDGET)
                row = peak.steady(measure, 1 if quick else peak.TRIES)
                measured.append(row)
                print(line(row), flush=True)
    lines = summary(measured, [NATIVE.name])
    print("\n" + "\n".join(lines) if lines else "")
    print("\ncompilation: seconds of the first calls beyond later ones, and with what the process before kept")
    compiled = {equation.name: compilation(equation.name) for equation in equations}
    for name, taken in compiled.items():
        print(f"{name:<22}  " + (f"{taken['fresh']:.2f}  {taken['kept']:.2f}" if "fresh" in taken else "-"))
    natives = [row["contestants"][NATIVE.name] for row in measured]
    wrong = [entry["wrong"] for entry in natives if "wrong" in entry]
    for text in dict.fromkeys(
        [f"error: {one}" for one in wrong] + [f"note: {e['cannot']}" for e in natives if "cannot" in e]
    ):
        print(text, file=sys.stderr)
    if written:
        written.write_text(json.dumps({"rows": measured, "compilation": compiled}, indent=1) + "\n", encoding="utf-8")
    return int(bool(wrong))
