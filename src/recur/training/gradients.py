"""Gradient norms at every distance from the end, recorded during training.

The native core sums the squares within its backward pass, so that recording costs almost nothing. The log gets a
short record: for each layer and state the root mean square over the updates since the last report, by
distance to the end of the sequence in octaves (0, 1, 2-3, 4-7, 8-15, ...).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from recur.modes import Mode
from recur.nn.layer_positions import LayerPosition, parameter_positions
from recur.processes.group import ALONE, Processes


class GradientNorms:
    """Collects the norms that the core adds up (`recur.engine.observers.gradients_observed_by`).

    Parameters
    ----------
    mode : Mode
        The network, on its device.
    """

    def __init__(self, mode: Mode) -> None:
        self._places = {parameter.data_ptr(): place for parameter, place in parameter_positions(mode)}
        self._squares: dict[tuple[LayerPosition, str], np.ndarray[Any, np.dtype[Any]]] = {}
        self._steps: dict[tuple[LayerPosition, str], np.ndarray[Any, np.dtype[Any]]] = {}
        self._behind: dict[LayerPosition, int] = defaultdict(int)
        self.updates = 0

    def begin(self) -> None:
        """Begin an update."""
        self._behind.clear()
        self.updates += 1

    def backward_pass(self, pointers: Sequence[int], states: Sequence[str], reverse: bool, squares: Tensor) -> None:
        """Add the squares (states, T) of one backward pass; passes come latest steps first."""
        place = next((self._places[one] for one in pointers if one in self._places), None)
        if place is None:
            return
        steps = squares.shape[1]
        distance = np.arange(steps) if reverse else np.arange(steps)[::-1]
        octave = octaves(distance + self._behind[place])
        self._behind[place] += steps
        for name, row in zip(states, squares.numpy(), strict=True):
            for table, values in ((self._squares, row), (self._steps, np.ones(steps))):
                added = np.bincount(octave, values)
                before = table.get((place, name), np.zeros(0))
                longest = max(len(added), len(before))
                table[place, name] = np.pad(before, (0, longest - len(before))) + np.pad(
                    added, (0, longest - len(added))
                )

    def record(self, among: Processes = ALONE) -> dict[str, Any]:
        """Return and reset the record since the last call: distances, and norms of every layer and state.

        Several processes add the squares of their rows.
        """
        self._squares = _added(among.gather(self._squares))
        longest = max((len(one) for one in self._squares.values()), default=0)
        layers: dict[LayerPosition, dict[str, list[float]]] = {}
        for (place, name), squares in self._squares.items():
            norms = np.sqrt(squares / np.maximum(self._steps[place, name], 1))
            layers.setdefault(place, {})[name] = [float(f"{norm:.4g}") for norm in norms]
        self._squares, self._steps = {}, {}
        order = sorted(layers, key=lambda place: (place.part, place.layer, place.direction))
        return {
            "distance": [0, *(2**n for n in range(longest - 1))][:longest],
            "layers": [{"name": str(place), "norms": layers[place]} for place in order],
        }


def _added(tables: Sequence[dict[Any, np.ndarray[Any, np.dtype[Any]]]]) -> dict[Any, np.ndarray[Any, np.dtype[Any]]]:
    """Add tables of arrays; all processes see the same steps, so that arrays of one name are equally long."""
    first, *others = tables
    return {name: sum((other[name] for other in others), start=values) for name, values in first.items()}


def octaves(distance: np.ndarray[Any, np.dtype[Any]]) -> np.ndarray[Any, np.dtype[Any]]:
    """The octave of each distance: 0 for 0, 1 for 1, 2 for 2 and 3, 3 for 4 to 7.

    >>> octaves(np.array([0, 1, 2, 3, 4, 7, 8])).tolist()
    [0, 1, 2, 2, 3, 3, 4]
    """
    return np.where(distance == 0, 0, np.floor(np.log2(np.maximum(distance, 1))) + 1).astype(np.int64)
