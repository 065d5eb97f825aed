"""Our layers against torch.nn's, in one process and in turns: ``make bench``.

A case is a cell at a shape; two passes of it are timed: ``forward`` (under no_grad) and ``training`` (forward, and
backward with the gradients of the inputs, the initial states and every parameter). A new backend joins as one row of
``CONTESTANTS``, a cell as one row of ``CELLS``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import recur.nn
from benchmarks import machine
from benchmarks.by_hand import MinimalGatedUnit
from benchmarks.proof import NotProvedError, prove
from benchmarks.timing import interleave, quartiles, ratios
from recur import equations
from recur.errors import BackendError
from recur.nn import Recurrent
from recur.nn.binding import TORCH_NAMES

PASSES = ("forward", "training")
SEED = 0


@dataclass(frozen=True)
class Shape:
    """T steps, B rows, H units and as many inputs; ``ragged`` rows have 1 to T real steps."""

    T: int
    B: int
    H: int
    ragged: bool = False

    def __str__(self) -> str:
        return f"{self.T},{self.B},{self.H}" + (",ragged" if self.ragged else "")

    @classmethod
    def parse(cls, text: str) -> Shape:
        """Read ``T,B,H`` or ``T,B,H,ragged``."""
        *numbers, last = text.split(",")
        ragged = last == "ragged"
        sizes = [int(n) for n in (numbers if ragged else [*numbers, last])]
        if len(sizes) != 3 or min(sizes) < 1:
            raise ValueError(text)
        T, B, H = sizes
        return cls(T, B, H, ragged)


SHAPES = [
    Shape(100, 1, 128), Shape(100, 8, 128), Shape(100, 32, 64), Shape(100, 32, 128), Shape(100, 32, 256),
    Shape(50, 32, 512), Shape(100, 32, 128, ragged=True),
]  # fmt: skip
QUICK_SHAPES = [*SHAPES[:3], Shape(100, 8, 128, ragged=True)]
ROUNDS, QUICK_ROUNDS = 15, 5
# seconds of rounds a row, which only a machine busy with something else uses up
BUDGET, QUICK_BUDGET = 6.0, 0.3


@dataclass(frozen=True)
class Cell:
    """One recurrence and its rival.

    Attributes
    ----------
    name : str
        In the table and after ``--cells``; the class in recur.nn, where there is one.
    equation : str
        Its name in ``recur cells``.
    rival : callable
        ``rival(X, H)`` makes the module that everything is compared with.
    """

    name: str
    equation: str
    rival: Callable[[int, int], nn.Module]


CELLS = [
    Cell("RNN", "elman", nn.RNN),
    Cell("LSTM", "lstm", nn.LSTM),
    Cell("GRU", "gru", nn.GRU),
    Cell("MGU", "minimal_gated_unit", MinimalGatedUnit),
]


@dataclass(frozen=True)
class Contestant:
    """One of our ways to compute a cell.

    Attributes
    ----------
    name : str
        The heading of its column.
    build : callable
        ``build(cell, rival, engine)``: a layer with the rival's parameters, or None if it has no such cell.
    engine : str
        The backend asked for; a layer that reports another one is not timed.
    """

    name: str
    build: Callable[[Cell, nn.Module, str], Recurrent | None]
    engine: str


def named(cell: Cell, rival: nn.Module, engine: str) -> Recurrent | None:
    """Build the layer of recur.nn that is called as the one of torch.nn."""
    if not hasattr(recur.nn, cell.name):
        return None
    H = _hidden(rival)
    layer: Recurrent = getattr(recur.nn, cell.name)(H, H, engine=engine)
    layer.load_state_dict(rival.state_dict())
    return layer


def from_equation(cell: Cell, rival: nn.Module, engine: str) -> Recurrent:
    """Build ``Recurrent`` over the cell's equation."""
    H = _hidden(rival)
    layer = Recurrent(cell.equation, H, H, engine=engine)
    own = rival.state_dict()
    layer.load_state_dict({name: sum(own[part] for part in _parts(name, own)) for name in layer.state_dict()})
    return layer


CONTESTANTS = [
    Contestant("stock", named, "stock"),
    Contestant("eager", named, "eager"),
    Contestant("Recurrent", from_equation, "eager"),
]


@dataclass(frozen=True)
class Case:
    """Inputs of one cell at one shape, and dE/d(everything that it returns).

    Attributes
    ----------
    x : Tensor
        (T, B, X), a leaf.
    states : tuple of Tensor
        Initial states, each (1, B, H), leaves.
    lengths : Tensor or None
        (B,) in any order; the longest is T.
    seeds : tuple of Tensor
        dE/d(outputs), then dE/d(each final state).
    """

    x: Tensor
    states: tuple[Tensor, ...]
    lengths: Tensor | None
    seeds: tuple[Tensor, ...]

    @property
    def steps(self) -> int:
        """Real steps of all rows."""
        T, B = self.x.shape[:2]
        return T * B if self.lengths is None else int(self.lengths.sum())


def make_case(cell: Cell, shape: Shape) -> Case:
    """Draw the inputs of a case."""
    T, B, H = shape.T, shape.B, shape.H
    count = len(equations.get(cell.equation).states)
    lengths = torch.randint(1, T + 1, (B,)) if shape.ragged else None
    if lengths is not None:
        lengths[B // 2] = T
    return Case(
        x=torch.randn(T, B, H, requires_grad=True),
        states=tuple(torch.randn(1, B, H, requires_grad=True) for _ in range(count)),
        lengths=lengths,
        seeds=(torch.randn(T, B, H), *(torch.randn(1, B, H) for _ in range(count))),
    )


def run(layer: nn.Module, case: Case) -> tuple[Tensor, ...]:
    """Run a layer forward: its outputs (T, B, H) and its final states."""
    hx = case.states if len(case.states) > 1 else case.states[0]
    if case.lengths is None:
        output, final = layer(case.x, hx)
    elif isinstance(layer, nn.RNNBase):
        packed = pack_padded_sequence(case.x, case.lengths, enforce_sorted=False)
        output, final = layer(packed, hx)
        output, _ = pad_packed_sequence(output, total_length=len(case.x))
    else:
        output, final = layer(case.x, hx, lengths=case.lengths)
    return (output, *final) if len(case.states) > 1 else (output, final)


def forward(layer: nn.Module, case: Case) -> tuple[Tensor, ...]:
    """The pass without gradients."""
    with torch.no_grad():
        return run(layer, case)


def training(layer: nn.Module, case: Case) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """The pass with the gradients of the inputs, the initial states and every parameter."""
    results = run(layer, case)
    return results, torch.autograd.grad(results, (case.x, *case.states, *layer.parameters()), case.seeds)


def compute(layer: nn.Module, case: Case, which: str) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Run a pass once and name what it gives: outputs with final states, and gradients."""
    results, gradients = training(layer, case) if which == "training" else (forward(layer, case), ())
    states = [f"state {n}" for n in range(len(case.states))]
    names = ["x", *states, *(name for name, _ in layer.named_parameters())] if gradients else []
    return (
        {name: value.detach() for name, value in zip(["output", *states], results, strict=True)},
        dict(zip(names, gradients, strict=True)),
    )


def check(contestant: Contestant, layer: Recurrent, rival: nn.Module, case: Case, which: str) -> dict[str, float]:
    """Prove that a contestant computes what its rival does, on the backend that it stands for.

    Returns
    -------
    dict of str to float
        The largest differences of outputs and of gradients, each as a share of the largest magnitude.

    Raises
    ------
    NotProvedError
        If it does not.
    BackendError
        If the backend cannot run this case.
    """
    outputs, gradients = compute(layer, case, which)
    expected_outputs, expected_gradients = compute(rival, case, which)
    ran = layer.backend_report().ran
    if ran != contestant.engine:
        raise NotProvedError(f"the {ran} backend ran, expected {contestant.engine}")
    # a parameter that is the sum of two of the rival's has the gradient of each
    expected = {
        name: expected_gradients[name if name in expected_gradients else _parts(name, expected_gradients)[0]]
        for name in gradients
    }
    return {
        "outputs": prove("outputs", outputs, expected_outputs, case.x.dtype),
        "gradients": prove("gradients", gradients, expected, case.x.dtype),
    }


def compare(cell: Cell, shape: Shape, which: str, peak: float, rounds: int, budget: float) -> dict[str, Any]:
    """Prove and time one pass of one case: a row of the table, with what JSON has beyond it."""
    torch.manual_seed(SEED)
    # the case before the weights: its lengths are the same for every cell
    case = make_case(cell, shape)
    rival = cell.rival(shape.H, shape.H)
    layers: dict[str, nn.Module] = {"rival": rival}
    entries: dict[str, dict[str, Any]] = {"rival": {}}
    for contestant in CONTESTANTS:
        try:
            layer = contestant.build(cell, rival, contestant.engine)
            if layer is None:
                continue
            differences = check(contestant, layer, rival, case, which)
            entries[contestant.name] = {"ran": layer.backend_report().ran, "differences": differences}
            layers[contestant.name] = layer
        except (BackendError, NotProvedError) as error:
            wrong = isinstance(error, NotProvedError)
            entries[contestant.name] = {"wrong" if wrong else "cannot": error.message}
    call = training if which == "training" else forward
    if len(layers) == 1:
        # nobody has proved the rival right, so it is not timed either
        layers = {}
    times = interleave({name: _bind(call, layer, case) for name, layer in layers.items()}, rounds, budget)
    flops = 2 * sum(p.numel() for p in rival.parameters() if p.dim() == 2) * case.steps
    flops *= 3 if which == "training" else 1
    for name, timing in times.items():
        ratio = ratios(times["rival"], timing)
        entries[name] |= {
            "median_ms": timing.median * 1e3,
            "quartiles_ms": [q * 1e3 for q in timing.quartiles],
            "ratio": median(ratio),
            "ratio_quartiles": list(quartiles(ratio)),
            "share_of_peak": flops / timing.median / 1e9 / peak,
            "calls": timing.calls,
            "samples_ms": [s * 1e3 for s in timing.samples],
        }
    return {
        "cell": cell.name, "equation": cell.equation, **asdict(shape), "real_steps": case.steps, "pass": which,
        "flops": flops, "rival": f"{type(rival).__module__}.{type(rival).__name__}", "contestants": entries,
    }  # fmt: skip


def rows(
    cells: Sequence[Cell], shapes: Sequence[Shape], peak: float, rounds: int, budget: float
) -> Iterator[dict[str, Any]]:
    """Yield the rows of the table as they are measured."""
    for cell in cells:
        for shape in shapes:
            for which in PASSES:
                yield compare(cell, shape, which, peak, rounds, budget)


def heading() -> str:
    """The two lines above the table."""
    columns = "".join(f"  {contestant.name:>9}  ratio" for contestant in CONTESTANTS)
    top = f"{'cell':<4}  {'T,B,H':<17}  {'pass':<8}  {'rival':>8}  of mm{columns}"
    return f"{top}\n{'-' * len(top)}"


def line(row: dict[str, Any]) -> str:
    """One row of the table."""
    shape = Shape(row["T"], row["B"], row["H"], row["ragged"])
    rival = row["contestants"]["rival"]
    text = f"{row['cell']:<4}  {shape!s:<17}  {row['pass']:<8}"
    if "median_ms" in rival:
        text += f"  {rival['median_ms']:>8.3f}  {rival['share_of_peak']:>5.0%}"
    else:
        text += f"  {'-':>8}  {'':>5}"
    for contestant in CONTESTANTS:
        entry = row["contestants"].get(contestant.name, {})
        if "median_ms" in entry:
            text += f"  {entry['median_ms']:>9.3f}  {entry['ratio']:>5.2f}"
        else:
            text += f"  {'wrong' if 'wrong' in entry else '-':>9}  {'':>5}"
    return text.rstrip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if a contestant computed something else than its rival."""
    options = _options(arguments)
    shapes = options.shapes or (QUICK_SHAPES if options.quick else SHAPES)
    cells = [cell for cell in CELLS if not options.cells or cell.name in options.cells]
    rounds = options.repeats or (QUICK_ROUNDS if options.quick else ROUNDS)
    described = machine.describe()
    before = machine.peak()
    print(f"machine  {described}")
    print(f"peak     {before:.0f} GFLOP/s float32 (torch.mm of 2048 x 2048)")
    print(f"table    medians of {rounds} rounds in ms; ratio = rival / ours, above 1 ours is faster\n")
    print(heading(), flush=True)
    measured = []
    for row in rows(cells, shapes, before, rounds, QUICK_BUDGET if options.quick else BUDGET):
        measured.append(row)
        print(line(row), flush=True)
    after = machine.peak()
    print(f"\npeak     {after:.0f} GFLOP/s at the end")
    if min(before, after) < 0.9 * max(before, after):
        print("warning: the peak moved by more than a tenth, so something else was running", file=sys.stderr)
    if options.json:
        peaks = {"before": before, "after": after}
        result = {"machine": asdict(described), "peak_gflops": peaks, "rounds": rounds, "seed": SEED, "rows": measured}
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return _complain(measured)


def _complain(measured: list[dict[str, Any]]) -> int:
    """Say once what was not timed and why; 1 if anything was wrong."""
    said = {
        f"{'error' if 'wrong' in entry else 'note'}: {row['cell']} on {name}, {row['pass']}: "
        f"{entry.get('wrong') or entry.get('cannot')}": None
        for row in measured
        for name, entry in row["contestants"].items()
        if "wrong" in entry or "cannot" in entry
    }
    for text in said:
        print(text, file=sys.stderr)
    return int(any(text.startswith("error") for text in said))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.layers", description=str(__doc__).split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="small shapes and few repeats, under half a minute")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure and sample here")
    parser.add_argument("--cells", nargs="+", choices=[cell.name for cell in CELLS], help="only these cells")
    parser.add_argument("--shapes", nargs="+", type=_shape, metavar="T,B,H", help="these; T,B,H,ragged has lengths")
    parser.add_argument("--repeats", type=_positive, metavar="N", help=f"rounds ({ROUNDS}, --quick {QUICK_ROUNDS})")
    return parser.parse_args(arguments)


def _shape(text: str) -> Shape:
    try:
        return Shape.parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no shape, expected T,B,H as in 100,32,128") from None


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of rounds, expected 1 or more")
    return int(text)


def _bind(call: Callable[[nn.Module, Case], object], layer: nn.Module, case: Case) -> Callable[[], object]:
    return lambda: call(layer, case)


def _hidden(rival: nn.Module) -> int:
    """H of a rival: all of its cells have one matrix (.., H) of the state."""
    return next(p for name, p in rival.named_parameters() if name.startswith(("W_xh", "weight_ih"))).shape[1]


def _parts(name: str, own: Any) -> list[str]:
    """The rival's names for one parameter of the equation, ``W_xh_l0``: itself, or those of torch.nn."""
    if name in own:
        return [name]
    return [f"{part}_l0" for part in TORCH_NAMES[name.removesuffix("_l0")]]


if __name__ == "__main__":
    sys.exit(main())
