"""Cells that are affine in their state: what a scan gains over our GRU, over its products alone, and over one thread.

    python -m benchmarks.affine
    python -m benchmarks.affine --quick --json figures.json

Three tables. Training of an affine cell beside `recur.nn.GRU` of the same sizes; the product with the inputs alone,
torch.mm on the same rows and columns, as a share of the forward pass; and one long row, B = 1, on all threads beside
one. Before a cell is timed, outputs and gradients of both backends are compared, and the report must say that it was
scanned.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn

from benchmarks import machine, peak
from benchmarks.contest import NATIVE, Cell, bind, check, make_case
from benchmarks.proof import NotProvedError
from benchmarks.shapes import Shape
from benchmarks.table import EXPLAIN_MARK, mark
from benchmarks.timing import interleave, ratios
from recur.nn import GRU, Recurrent

# states that all are read: of a state that is only returned, an initial value has no gradient to compare
CELLS = ("min_gru", "min_lstm", "gated_linear_recurrence")
WIDE, QUICK_WIDE = Shape(1000, 32, 256), Shape(100, 32, 64)
LONG = [Shape(100_000, 1, H) for H in (16, 64, 256)]
QUICK_LONG = [Shape(5_000, 1, 64)]
PROVED = Shape(50, 3, 37)  # on which the backends are compared: the eager loop over the long rows takes minutes
ROUNDS, BUDGET, QUICK_BUDGET = 15, 20.0, 1.0


def scanned(name: str, shape: Shape) -> Recurrent:
    """A layer of a cell whose results are proved on a small case, and whose report says that it is scanned."""
    cell = Cell(name, name, lambda X, H: Recurrent(name, X, H, engine="eager"))
    small = make_case(cell, PROVED)
    rival = cell.rival(PROVED.inputs, PROVED.H)
    for which in ("forward", "training"):
        check(NATIVE.engine, NATIVE.build(cell, rival, NATIVE.engine), rival, small, which)
    layer = Recurrent(name, shape.inputs, shape.H, engine=NATIVE.engine)
    layer(torch.zeros(1, 1, shape.inputs))
    if "scanned" not in str(layer.backend_report()):
        raise NotProvedError(f"{name}: {layer.backend_report()}")
    return layer


def bound(layer: nn.Module, name: str, shape: Shape, which: str) -> Callable[[], object]:
    """One pass of a layer, as a call without arguments."""
    return bind(which, layer, make_case(Cell(name, name, partial(type(layer), name)), shape))


def beside(name: str, shape: Shape, budget: float) -> dict[str, Any]:
    """Training of a cell beside our GRU, and its forward pass beside its products alone."""
    layer = scanned(name, shape)
    weight = next(p for p in layer.parameters() if p.dim() == 2).detach()
    rows = torch.randn(shape.T * shape.B, shape.inputs)
    product = torch.empty(len(rows), len(weight))
    calls = {
        "training": bound(layer, name, shape, "training"),
        "gru": bound(GRU(shape.inputs, shape.H, engine=NATIVE.engine), "gru", shape, "training"),
        "forward": bound(layer, name, shape, "forward"),
        "product": lambda: torch.mm(rows, weight.t(), out=product),
    }
    times = interleave(calls, ROUNDS, budget)
    return {
        "cell": name, "shape": str(shape), "ms": {key: times[key].median * 1e3 for key in calls},
        "to_gru": median(ratios(times["gru"], times["training"])),
        "share": median(ratios(times["product"], times["forward"])),
    }  # fmt: skip


@contextmanager
def threads(count: int) -> Iterator[None]:
    """So many threads in here."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def long_row(name: str, shape: Shape, which: str, budget: float) -> dict[str, Any]:
    """One pass of one long row on one thread and on all."""
    call = bound(scanned(name, shape), name, shape, which)

    def alone() -> None:
        with threads(1):
            call()

    times = interleave({"one": alone, "all": call}, ROUNDS, budget)
    return {
        "cell": name, "shape": str(shape), "pass": which, "ms": {key: times[key].median * 1e3 for key in times},
        "gained": median(ratios(times["one"], times["all"])),
    }  # fmt: skip


def main() -> int:
    """Print the tables; 1 if a cell computed something else than the eager loop or was not scanned."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.affine", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small shapes, one try a row")
    parser.add_argument("--json", type=Path, metavar="FILE", help="every figure")
    options = parser.parse_args()
    tries, budget = (1, QUICK_BUDGET) if options.quick else (peak.TRIES, BUDGET)
    count = torch.get_num_threads()
    print(f"machine  {machine.describe()}")
    print(f"peak     {peak.settled()}")
    print("table    medians in ms; GRU = recur.nn.GRU in training; to GRU = its time / the cell's;")
    print(f"         share = torch.mm of the products with x / the forward pass; {count} threads")
    print(f"         {EXPLAIN_MARK}\n")
    wide, long = [], []
    top = f"{'cell':<24}  {'T,B,H':<12}  {'training':>9}  {'GRU':>9}  {'to GRU':>6}  {'forward':>9}  {'mm':>9}  share"
    try:
        print(f"{top}\n{'-' * len(top)}", flush=True)
        for name in CELLS[:1] if options.quick else CELLS:
            shape = QUICK_WIDE if options.quick else WIDE
            row = peak.steady(lambda name=name, shape=shape: beside(name, shape, budget), tries)
            wide.append(row)
            ms = row["ms"]
            text = f"{name:<24}  {row['shape']:<12}  {ms['training']:>9.2f}  {ms['gru']:>9.2f}  {row['to_gru']:>6.2f}"
            text += f"  {ms['forward']:>9.2f}  {ms['product']:>9.2f}  {row['share']:>5.0%}{mark(row)}"
            print(text, flush=True)
        top = f"{'cell':<24}  {'T,B,H':<12}  {'pass':<8}  {'1 thread':>9}  {count:>3} threads  gained"
        print(f"\n{top}\n{'-' * len(top)}", flush=True)
        if count == 1:
            print("not measured: there is one thread")
        for shape in () if count == 1 else QUICK_LONG if options.quick else LONG:
            for which in ("forward", "training"):
                row = peak.steady(lambda shape=shape, which=which: long_row("min_gru", shape, which, budget), tries)
                long.append(row)
                print(f"{'min_gru':<24}  {row['shape']:<12}  {which:<8}  {row['ms']['one']:>9.2f}  "
                      f"{row['ms']['all']:>11.2f}  {row['gained']:>6.2f}{mark(row)}", flush=True)  # fmt: skip
    except NotProvedError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return 1
    if options.json:
        options.json.write_text(json.dumps({"wide": wide, "long": long}, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
