"""The gradient over distance, for the comparison of runs.

    g(d) = ||de_k/d(states of step k-d)|| / ||de_k/d(states of step k)||

for the last error e_k of each row, averaged over rows (the geometric mean, because g spans orders of magnitude). An
Elman network and an LSTM on one axis show what the cell state is for. Sources: S. Hochreiter (1991);
Y. Bengio, P. Simard, P. Frasconi (1994), Learning long-term dependencies with gradient descent is difficult.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recur.errors import DataError
from recur.inspect.bptt import ledger
from recur.inspect.ledgers import distance_of_memory
from recur.inspect.plain import rounded
from recur.inspect.record import as_batch
from recur.modes import Mode
from recur.network.batch import Encoded, Raw

ROWS = 64
STEPS = 200


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
        (D,) rows that are at least this long.
    memory : float
        Distance at which g falls below 1 %; infinite if it does not.
    """

    place: str
    relative: np.ndarray
    counts: np.ndarray
    memory: float

    @property
    def sentence(self) -> str:
        """The curve in one sentence."""
        far = len(self.relative) - 1
        if far < 1:
            return "no row is longer than one step"
        share = 100 * float(self.relative[-1])
        percent = f"{share:.2g}" if share >= 0.01 else f"{share:.1e}"
        low = "stays above 1 %" if math.isinf(self.memory) else f"falls below 1 % after {_steps(self.memory)}"
        return f"a step {far} back receives {percent} % of the gradient of the last one; it {low}"


def _steps(count: float) -> str:
    return f"{count:.0f} step{'s' * (count != 1)}"


def flow(mode: Mode, examples: Sequence[Raw], *, rows: int = ROWS, steps: int = STEPS) -> tuple[Flow, ...]:
    """Return the gradient of the last error over distance, averaged over rows.

    Parameters
    ----------
    mode : Mode
    examples : sequence of Example
        Rows, of which the first are used.
    rows : int
        How many rows are used.
    steps : int
        Longer rows are cut to their last steps, where they have an error at every step.

    Returns
    -------
    tuple of Flow
        One per layer, of the direction that reads forwards.

    Raises
    ------
    DataError
        When no row has two steps.
    """
    if not mode.cell:
        raise DataError(
            f"a {mode.name} network reads one value and has no steps, so there is no gradient through time to compare",
            hint="compare runs that read or write sequences",
        )
    encoded_rows = [mode.encode(examples[index]) for index in range(min(rows, len(examples)))]
    encoded_rows = [row for row in encoded_rows if row.target.size and (row.input is None or row.input.size)]
    if mode.abilities.carries_state:
        encoded_rows = [row._replace(input=_last(row.input, steps), target=row.target[-steps:]) for row in encoded_rows]
    logs: dict[str, list[np.ndarray]] = {}
    for row in encoded_rows:
        for name, relative in _relative(mode, row):
            logs.setdefault(name, []).append(np.log(np.maximum(relative, 1e-300)))
    if not logs:
        raise DataError("no row has two steps to follow an error over", hint="give longer sequences")
    return tuple(_mean(name, rows_of) for name, rows_of in logs.items())


def _relative(mode: Mode, row: Encoded) -> Iterator[tuple[str, np.ndarray]]:
    """Yield each layer and its gradient (D,) by the distance from the last error, relative to that of its step."""
    # one row at a time: last errors are at different steps, and padded steps would be computed for nothing
    for layer in ledger(mode, as_batch(mode, mode.collate([row])), only="last").layers:
        back = layer.message_norm()[: int(layer.lengths[0]), 0][::-1]
        if not layer.place.direction and len(back) > 1 and back[0] > 0:
            yield str(layer.place), back / back[0]


def _mean(name: str, logs: Sequence[np.ndarray]) -> Flow:
    """The geometric mean over rows, at distances that at least a quarter of them reach: over fewer it is noise."""
    longest = max(map(len, logs))
    counts = np.array([sum(len(one) > distance for one in logs) for distance in range(longest)], float)
    total = np.sum([np.pad(one, (0, longest - len(one))) for one in logs], axis=0)
    enough = int((counts >= max(1.0, len(logs) / 4)).sum())
    relative = np.exp(total[:enough] / counts[:enough])
    return Flow(name, relative, counts[:enough], distance_of_memory(relative[::-1]))


def compared(
    runs: Sequence[tuple[str, Any, Sequence[Flow], Sequence[dict[str, Any]]]], *, source: str
) -> dict[str, Any]:
    """Return several runs as plain data, from which the pictures of a comparison are drawn.

    Parameters
    ----------
    runs : sequence of (str, Model, sequence of Flow, sequence of dict)
        Name, network, its flow, and the gradient reports of its journal.
    source : str
        Which rows the errors are from, in words.
    """
    curves: list[dict[str, Any]] = []
    for name, model, flows, journal in runs:
        cell = model.mode.cell
        for one in flows:
            about = [] if cell == name else [cell]
            about += [one.place] if len(flows) > 1 else []
            curves.append(
                {
                    "label": name + (f" ({', '.join(about)})" if about else ""),
                    "name": name, "cell": cell, "layer": one.place if len(flows) > 1 else "",
                    "relative": one.relative, "rows": int(one.counts[0]), "memory": one.memory,
                    "sentence": one.sentence, "recorded": list(journal) if one is flows[-1] else [],
                }
            )  # fmt: skip
    longest = max(len(run["relative"]) for run in curves)
    data = {
        "kind": "recur comparison",
        "format": 1,
        "title": "Gradient over distance",
        "sentence": "; ".join(f"{run['label']}: {run['sentence']}" for run in curves) + ".",
        "distances": list(range(longest)),
        "runs": curves,
        "how": (
            "‖∂e/∂(states d steps back)‖ relative to that of the last step, for the last error e of each row "
            f"({source}); geometric mean over rows; backpropagation through time written out. Logarithmic."
        ),
        "look": (
            "A line that stays high keeps gradients over many steps; one that falls straight loses a constant factor "
            "per step."
        ),
    }
    result: dict[str, Any] = rounded(data)
    return result


def _last(values: np.ndarray | None, steps: int) -> np.ndarray | None:
    return None if values is None else values[-steps:]
