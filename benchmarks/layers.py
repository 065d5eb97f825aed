"""Our layers compared with torch.nn, in one process and in turns: ``make bench``.

A case is a cell at a shape; two passes of it are timed: ``forward`` (under no_grad) and ``training`` (forward, and
backward with the gradients of the inputs, the initial states and every parameter). What is measured is a row of
``sets.SETS``, what computes it a row of ``contest.CONTESTANTS``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn

from benchmarks import machine, own_cells, peak, raised
from benchmarks.contest import CONTESTANTS, PASSES, Cell, Contestant, bind, check, make_case, places
from benchmarks.figures import flops, summary
from benchmarks.peak import Peak
from benchmarks.proof import NotProvedError
from benchmarks.sets import SETS, Set
from benchmarks.shapes import QUICK, Shape, shape_option
from benchmarks.table import EXPLAIN_MARK, heading, line
from benchmarks.timing import Timing, interleave, quartiles, ratios
from recur.errors import BackendError, ConfigError

SEED = 0
ROUNDS, QUICK_ROUNDS = 15, 5
# seconds of rounds per row: only the largest shapes, or a busy machine, need all of them
BUDGET, QUICK_BUDGET = 10.0, 0.3


def compare(
    chosen: Set, cell: Cell, shape: Shape, which: str, contestants: Sequence[Contestant], rounds: int, budget: float
) -> dict[str, Any]:
    """Check and time one pass of one case: a row of the table, with what JSON has beyond it, but for the peak."""
    entries: dict[str, dict[str, Any]] = {"rival": {}}
    row = {
        "cell": cell.name, "shape": str(shape), **asdict(shape), "X": shape.inputs, "pass": which,
        "contestants": entries,
    }  # fmt: skip
    torch.manual_seed(SEED)
    try:
        rival = cell.rival(shape.inputs, shape.H)
        # seeded again: the lengths are the same for every cell
        torch.manual_seed(SEED)
        case = make_case(cell, shape, *places(rival))
        # a rival may be a layer of ours, on a backend that is not there
        bind(which, rival, case)()
    except (BackendError, ConfigError) as error:
        entries["rival"] = {"cannot": error.message}
        return row
    layers: dict[str, nn.Module] = {"rival": rival}
    for contestant in contestants:
        try:
            layer = contestant.build(cell, rival, contestant.engine)
            differences = check(contestant.engine, layer, rival, case, which, chosen.dtype)
            entries[contestant.name] = {"ran": layer.backend_report().ran, "differences": differences}
            layers[contestant.name] = layer
        except (BackendError, ConfigError, NotProvedError) as error:
            wrong = isinstance(error, NotProvedError)
            entries[contestant.name] = {"wrong" if wrong else "cannot": error.message}
    if len(layers) == 1 and any("wrong" in entry for entry in entries.values()):
        # the results of the rival are wrong, so it is not timed
        return row
    times = interleave({name: bind(which, layer, case) for name, layer in layers.items()}, rounds, budget)
    work = flops(rival, case.steps, which)
    for name, timing in times.items():
        entries[name] |= _figures(times["rival"], timing, work)
    return row | {"real_steps": case.steps, "flops": work, "rival": f"{type(rival).__module__}.{type(rival).__name__}"}


def _figures(rival: Timing, timing: Timing, work: int) -> dict[str, Any]:
    ratio = ratios(rival, timing)
    return {
        "median_ms": timing.median * 1e3,
        "quartiles_ms": [q * 1e3 for q in timing.quartiles],
        "ratio": median(ratio),
        "ratio_quartiles": list(quartiles(ratio)),
        "gflops": work / timing.median / 1e9,
        "calls": timing.calls,
        "samples_ms": [s * 1e3 for s in timing.samples],
    }


def rows(options: argparse.Namespace, best: Peak) -> Iterator[dict[str, Any]]:
    """Yield the rows of the table as they are measured."""
    for cell in options.cells:
        for shape in options.shapes:
            for which in options.passes:
                measure = partial(
                    compare, options.chosen, cell, shape, which, options.contestants, options.repeats, options.budget
                )
                row = peak.steady(measure, 1 if options.quick else peak.TRIES)
                for entry in row["contestants"].values():
                    if "gflops" in entry:
                        entry["share_of_peak"] = entry["gflops"] / best.all
                yield row


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 if a contestant computed other results than its rival."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    options = _options(words)
    if options.set == "cells":
        return own_cells.main(options.repeats, options.quick, options.json)
    described = machine.describe()
    before = peak.settled()
    names = [contestant.name for contestant in options.contestants]
    print(f"machine  {described}")
    print(f"peak     {before}")
    print(f"set      {options.set}: {options.chosen.about}")
    print(f"table    medians of {options.repeats} rounds in ms, and their share of the peak;")
    print("         ratio = rival / ours, above 1 ours is faster")
    print(f"         {EXPLAIN_MARK}\n")
    print(heading(options.chosen.rival, names), flush=True)
    measured = []
    for row in rows(options, before):
        measured.append(row)
        print(line(row, names), flush=True)
    lines = summary(measured, names)
    print("\n" + "\n".join(lines) + "\n" if lines else "")
    after = peak.measure()
    print(f"peak     {after.all:.0f} GFLOP/s at the end")
    if min(before.all, after.all) < 0.9 * max(before.all, after.all):
        print("warning: the peak moved by more than a tenth, so something else was running", file=sys.stderr)
    result = {
        "machine": asdict(described), "peak_gflops": {"before": asdict(before), "after": asdict(after)},
        "set": options.set, "rounds": options.repeats, "seed": SEED, "rows": measured, "summary": lines,
    }  # fmt: skip
    code = _complain(measured)
    if options.raised_malloc:
        # of two options of one name the last one holds
        kept = [word for word in words if word != "--raised-malloc"]
        again, result["raised_malloc"] = raised.again([*kept, "--cells", *options.lstms])
        code = max(code, again)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return code


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


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.layers",
        allow_abbrev=False,
        description=str(__doc__).split("\n\n")[0],
        epilog="sets: "
        + "; ".join(f"{name}: {one.about}" for name, one in SETS.items())
        + f"; cells: {own_cells.ABOUT}",
    )
    cells = [cell.name for one in SETS.values() for cell in [*one.cells, *one.more]]
    others = [contestant.name for contestant in CONTESTANTS[1:]]
    parser.add_argument("--set", choices=[*SETS, "cells"], default="main", help="what to measure (default main)")
    parser.add_argument("--quick", action="store_true", help="small shapes and few repeats, under half a minute")
    parser.add_argument("--also", nargs="+", choices=others, default=[], help="more of our backends")
    parser.add_argument("--raised-malloc", action="store_true", help=f"then the LSTM rows again: {raised.TITLE}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure and sample here")
    parser.add_argument("--cells", nargs="+", choices=list(dict.fromkeys(cells)), help="only these cells")
    parser.add_argument("--passes", nargs="+", choices=PASSES, default=PASSES, help="only these passes")
    parser.add_argument(
        "--shapes", nargs="+", type=shape_option, metavar="T,B,H", help="these; also T,B,X,H; ,ragged behind"
    )
    parser.add_argument("--repeats", type=_positive, metavar="N", help=f"rounds ({ROUNDS}, --quick {QUICK_ROUNDS})")
    options = parser.parse_args(arguments)
    options.repeats = options.repeats or (QUICK_ROUNDS if options.quick else ROUNDS)
    options.budget = QUICK_BUDGET if options.quick else BUDGET
    if options.set == "cells":
        return options
    options.chosen = chosen = SETS[options.set]
    known = [*chosen.cells, *chosen.more]
    options.cells = [cell for cell in known if cell.name in options.cells] if options.cells else chosen.cells
    if not options.cells:
        parser.error(f"none of these cells is in the set {options.set}: {', '.join(cell.name for cell in known)}")
    options.passes = [which for which in options.passes if which in chosen.passes]
    if not options.passes:
        parser.error(f"the set {options.set} has only these passes: {', '.join(chosen.passes)}")
    options.lstms = [cell.name for cell in known if cell.equation == "lstm"]
    quick = QUICK if options.set == "main" else chosen.shapes[:2]
    options.shapes = options.shapes or (quick if options.quick else chosen.shapes)
    options.contestants = chosen.contestants + [one for one in chosen.others if one.name in options.also]
    return options


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of rounds, expected 1 or more")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
