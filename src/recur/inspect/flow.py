"""The gradient over distance, by which runs are compared.

    g(d) = ||de_k/d(states of step k-d)|| / ||de_k/d(states of step k)||

for the last error e_k of each row, averaged over rows (the geometric mean, because g spans orders of magnitude). An
Elman network and an LSTM on one axis are the argument for the cell state. Source of the argument: S. Hochreiter (1991);
Y. Bengio, P. Simard, P. Frasconi (1994), Learning long-term dependencies with gradient descent is difficult.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from recur.bounded import MIB, open_regular, parse_json
from recur.errors import DataError, RunError
from recur.inspect.bptt import as_batch, distance_of_memory, ledger
from recur.inspect.explanation import plain
from recur.modes import Mode
from recur.network import Batch
from recur.network.batch import Raw

Array = np.ndarray[Any, np.dtype[Any]]

ROWS = 64
STEPS = 200
LARGEST_JOURNAL = 4096 * MIB
LONGEST_LINE = MIB
"""Bytes; a report has some thousand."""


@dataclass(frozen=True)
class Flow:
    """The gradient over distance of one layer.

    Attributes
    ----------
    place : str
        The layer.
    relative : ndarray
        (D,) g(d), from d = 0.
    counts : ndarray
        (D,) rows that are so long.
    memory : float
        Distance at which g falls below 1 %; infinite if it does not.
    """

    place: str
    relative: Array
    counts: Array
    memory: float

    @property
    def sentence(self) -> str:
        """The curve in one sentence."""
        far = len(self.relative) - 1
        if far < 1:
            return "no row is longer than one step"
        share = 100 * float(self.relative[-1])
        said = f"{share:.2g}" if share >= 0.01 else f"{share:.1e}"
        low = "stays above 1 %" if math.isinf(self.memory) else f"falls below 1 % after {_steps(self.memory)}"
        return f"a step {far} back receives {said} % of the gradient of the last one; it {low}"


def _steps(count: float) -> str:
    return f"{count:.0f} step{'s' * (count != 1)}"


def flow(mode: Mode, examples: Sequence[Raw], *, rows: int = ROWS, steps: int = STEPS) -> tuple[Flow, ...]:
    """Follow the last error of many rows back.

    Parameters
    ----------
    mode : Mode
    examples : sequence of Example
        Rows; the first are taken.
    rows : int
        How many.
    steps : int
        Longer rows are cut to their last steps, where they have an error at every step.

    Returns
    -------
    tuple of Flow
        One a layer, of the direction that reads forwards.

    Raises
    ------
    DataError
        When there is nothing with steps among the rows.
    """
    if not mode.cell:
        raise DataError(
            f"a {mode.name} network reads one value and has no steps, so there is no gradient through time to compare",
            hint="compare runs that read or write sequences",
        )
    chosen = [mode.encode(examples[index]) for index in range(min(rows, len(examples)))]
    chosen = [row for row in chosen if row.target.size and (row.input is None or row.input.size)]
    if mode.carries_state:
        chosen = [row._replace(input=_last(row.input, steps), target=row.target[-steps:]) for row in chosen]
    sums: dict[str, Array] = {}
    counts: dict[str, Array] = {}
    for row in chosen:
        # rows one by one: their last errors are at different steps, and padding would only be computed
        batch: Batch = as_batch(mode, mode.collate([row]))
        for layer in ledger(mode, batch, only="last").layers:
            if layer.place.direction:
                continue
            back = layer.message_norm()[: int(layer.lengths[0]), 0][::-1]
            if len(back) < 2 or back[0] <= 0:
                continue
            name = str(layer.place)
            add = np.log(np.maximum(back / back[0], 1e-300))
            for table, values in ((sums, add), (counts, np.ones(len(add)))):
                before = table.get(name, np.zeros(0))
                longest = max(len(before), len(values))
                table[name] = np.pad(before, (0, longest - len(before))) + np.pad(values, (0, longest - len(values)))
    if not sums:
        raise DataError("no row has two steps to follow an error over", hint="give longer sequences")
    found = []
    for name, total in sums.items():
        # a mean over few rows jumps about: a distance counts while a quarter of the rows have it
        enough = int((counts[name] >= max(1.0, counts[name][0] / 4)).sum())
        relative = np.exp(total[:enough] / counts[name][:enough])
        found.append(Flow(name, relative, counts[name][:enough], distance_of_memory(relative[::-1])))
    return tuple(found)


def compared(
    runs: Sequence[tuple[str, Any, Sequence[Flow], Sequence[dict[str, Any]]]], *, source: str
) -> dict[str, Any]:
    """Several runs as plain data: what the pictures of a comparison are drawn from.

    Parameters
    ----------
    runs : sequence of (str, Model, sequence of Flow, sequence of dict)
        Name, network, its flow, and what its journal recorded.
    source : str
        What rows the errors are of, in words.
    """
    found: list[dict[str, Any]] = []
    for name, model, flows, recorded in runs:
        cell = model.mode.cell
        for one in flows:
            about = [] if cell == name else [cell]
            about += [one.place] if len(flows) > 1 else []
            found.append(
                {
                    "label": name + (f" ({', '.join(about)})" if about else ""),
                    "name": name, "cell": cell, "layer": one.place if len(flows) > 1 else "",
                    "relative": one.relative, "rows": int(one.counts[0]), "memory": one.memory,
                    "sentence": one.sentence, "recorded": list(recorded) if one is flows[-1] else [],
                }
            )  # fmt: skip
    longest = max(len(run["relative"]) for run in found)
    data = {
        "kind": "recur comparison",
        "format": 1,
        "title": "Gradient over distance",
        "sentence": "; ".join(f"{run['label']}: {run['sentence']}" for run in found) + ".",
        "distances": list(range(longest)),
        "runs": found,
        "how": (
            "‖∂e/∂(states d steps back)‖ relative to that of the last step, for the last error e of each row "
            f"({source}); geometric mean over rows; backpropagation through time written out. Logarithmic."
        ),
        "look": "The line that stays up remembers; the one that falls straight down forgets by a factor per step.",
    }
    result: dict[str, Any] = plain(data)
    return result


def recorded(folder: Path | str) -> list[dict[str, Any]]:
    """What ``record_gradients`` wrote into a run's journal: at most six reports, spread over training.

    Parameters
    ----------
    folder : path
        The run folder.

    Returns
    -------
    list of dict
        ``step``, and of the layer nearest to the input ``distance`` (to the end of the sequence) and ``norm`` of the
        output state.

    Raises
    ------
    RunError
        When the journal is no regular file, is too large, or a line of it is damaged.
    """
    path = Path(folder) / "log.jsonl"
    if not path.exists():
        return []
    found = []
    with open_regular(path, LARGEST_JOURNAL, error=RunError) as file:
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b""), 1):
            # a process that was killed leaves half a line at the end; one that is longer is none of ours
            if not line.endswith(b"\n") and len(line) < LONGEST_LINE:
                break
            if b'"gradients"' in line or len(line) == LONGEST_LINE:
                found += _report(line, f"{path}:{number}")
    places = {round(place) for place in np.linspace(0, len(found) - 1, min(6, len(found)))} if found else set()
    return [found[place] for place in sorted(places)]


def _report(line: bytes, place: str) -> list[dict[str, Any]]:
    """What one line of a journal reports of gradients: nothing, or one report."""
    record = parse_json(line, place, error=RunError)
    if not isinstance(record, dict) or record.get("event") != "gradients" or record.get("layers") == []:
        return []
    try:
        step, distance = int(record["step"]), [int(one) for one in record["distance"]]
        norms = next(iter(record["layers"][0]["norms"].values()))
        # what was not a number in training is null; other layers may reach further
        norm = [None if one is None else float(one) for one in norms]
        if len(norm) <= len(distance):
            return [{"step": step, "distance": distance, "norm": norm}]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, StopIteration, OverflowError):
        pass
    raise RunError(f"{place} is damaged: it is no report of gradients", hint="remove the line, or train again")


def _last(values: Array | None, steps: int) -> Array | None:
    return None if values is None else values[-steps:]
