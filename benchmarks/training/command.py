"""Whole training per epoch: ``recur train`` beside a plain script of torch.nn, and where our time goes.

Both sides have the same network with the same initial weights, the same batches and AdamW; the script packs ragged rows
with torch's own functions. An epoch is all batches, the evaluation of the held-out rows and saving; ours also answers
samples and logs. The losses of the first epoch must agree.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any

import torch

from benchmarks import machine
from benchmarks.training import shares
from benchmarks.training.ours import Ours
from benchmarks.training.plain import Plain
from benchmarks.training.rows import ROWS, Row
from recur.nn import Recurrent

ROUNDS = 5
TOLERANCE = 2e-3  # of the losses of the first epoch, as a share: rounding grows from update to update


def timed(epoch: Callable[[], object]) -> float:
    """Seconds of an epoch."""
    began = time.perf_counter()
    epoch()
    return time.perf_counter() - began


def compare(row: Row, data_folder: Path, rounds: int, cell: str | None) -> dict[str, Any]:
    """Train both sides in turns; every figure of a row."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        row.write(data_folder, folder)
        ours = Ours(row.config(folder, cell), folder / "run")
        plain = Plain(ours.task, folder)
        losses = {"plain": plain.epoch(), "ours": ours.epoch()}
        off = max(abs(a - b) / abs(a) for a, b in zip(losses["plain"], losses["ours"], strict=True))
        result: dict[str, Any] = {"row": row.title, "losses": losses, "off": off, "updates": len(ours.task.train)}
        reports = {str(layer.backend_report()) for layer in ours.task.mode.modules() if isinstance(layer, Recurrent)}
        result["not_native"] = sorted(report for report in reports if not report.startswith("backend: native"))
        samples: dict[str, list[float]] = {"plain": [], "ours": []}
        sides = {"plain": plain.epoch, "ours": ours.epoch}
        for turn in range(rounds):
            for side in ("plain", "ours") if turn % 2 else ("ours", "plain"):
                samples[side].append(timed(sides[side]))
        result["samples"] = samples
        result["ratio"] = median(a / b for a, b in zip(samples["plain"], samples["ours"], strict=True))
        result["shares"] = shares.measure(ours.training, ours.epoch)
        ours.close()
    return result


def line(result: dict[str, Any]) -> str:
    """One row of the table of times."""
    (train, dev), (our_train, our_dev) = result["losses"]["plain"], result["losses"]["ours"]
    seconds = {side: median(values) for side, values in result["samples"].items()}
    return (
        f"{result['row']:<24}{result['updates']:>8}{seconds['plain']:>9.3f}{seconds['ours']:>9.3f}{result['ratio']:>7.2f}"
        f"   {train:.4f} {our_train:.4f}   {dev:.4f} {our_dev:.4f}" + ("" if result["off"] <= TOLERANCE else "  wrong")
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both tables; 1 if losses differ, 2 if there is no data."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("--rows", nargs="+", metavar="WORD", help="only rows whose title contains one of these")
    parser.add_argument("--cell", help="this cell instead of the default, lstm: gru or elman")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"epochs that are timed (default {ROUNDS})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure here")
    options = parser.parse_args(arguments)
    data_folder = Path(os.environ.get("RECUR_DATA", ""))
    chosen = [row for row in ROWS if not options.rows or any(word in row.title for word in options.rows)]
    missing = [row.source for row in chosen if not (data_folder / row.source).is_dir()]
    if missing or not chosen:
        print(
            f"error: RECUR_DATA has no folder {', '.join(missing)}" if missing else "error: no such row",
            file=sys.stderr,
        )
        return 2
    torch.set_num_threads(1)
    print(f"machine  {machine.describe()}")
    print(
        f"table    seconds per epoch, one thread, medians of {options.rounds} epochs in turns; above 1 recur is faster;"
    )
    print("         losses of the first epoch in training and on held-out rows, torch.nn and recur\n")
    top = f"{'task':<24}{'updates':>8}{'torch.nn':>9}{'recur':>9}{'ratio':>7}   {'training loss':<13}   held-out loss"
    print(f"{top}\n{'-' * len(top)}", flush=True)
    results = []
    for row in chosen:
        results.append(compare(row, data_folder, options.rounds, options.cell))
        print(line(results[-1]), flush=True)
        for report in results[-1]["not_native"]:
            print(f"note: {row.title}: {report}", file=sys.stderr)
    print(f"{'geometric mean':<41}{'':>9}{geometric_mean([result['ratio'] for result in results]):>7.2f}\n")
    print(f"{'share of our epoch':<24}" + "".join(f"{part:>11}" for part in shares.PARTS))
    for result in results:
        print(f"{result['row']:<24}" + "".join(f"{result['shares'][part]:>11.1%}" for part in shares.PARTS))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return int(any(result["off"] > TOLERANCE for result in results))
