"""States and gates of every layer over the items, with saturation, memory and trajectory.

saturated gate      a sigmoid below 0.1 (closed) or above 0.9 (open): almost no gradient reaches its input
memory              steps after which the gradient of the answer is below 1 % of the last step's
trajectory          the states h_t on their first two principal components
eigenvalues         of W_hh: outside the unit circle a linear network would explode, well inside it would vanish
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from recur.equations import Equation
from recur.equations.naming import gates, naming
from recur.inspect.record import PassValues, as_batch, forward_pass
from recur.modes import Mode
from recur.nn.layer_positions import LayerPosition

CLOSED, OPEN = 0.1, 0.9
SHOWN_UNITS = 64  # of each layer
SHOWN_STEPS = 200


@dataclass(frozen=True)
class GateValues:
    """One gate of one layer.

    Attributes
    ----------
    name : str
        Its name in the equation: i, f, o; r, z.
    kind : str
        "gate" (0..1), "tanh" (-1..1), "relu" or "softplus".
    values : ndarray
        (T, H).
    shut, open : ndarray
        (H,) share of steps at which each unit is saturated; of a tanh, below -0.9 and above 0.9.
    """

    name: str
    kind: str
    values: np.ndarray
    shut: np.ndarray
    open: np.ndarray


@dataclass(frozen=True)
class LayerStates:
    """The states and gates of one direction of one layer.

    Attributes
    ----------
    place : LayerPosition
    cell : str
    states : dict of str to ndarray
        (T, S) each state after each step.
    gates : tuple of GateValues
    trajectory : ndarray
        (T, 2) of the output state.
    explained : tuple of float
        Share of the variance on the two axes.
    eigenvalues : dict of str to ndarray
        Complex (S,), of each square block of each recurrent matrix.
    """

    place: LayerPosition
    cell: str
    states: dict[str, np.ndarray]
    gates: tuple[GateValues, ...]
    trajectory: np.ndarray
    explained: tuple[float, float]
    eigenvalues: dict[str, np.ndarray]

    @property
    def steps(self) -> int:
        """T."""
        return len(self.trajectory)


def states(model: Any, example: Any) -> tuple[LayerStates, ...]:
    """The states and gates of every layer and direction over one example.

    Parameters
    ----------
    model : Model or Mode
        A trained network.
    example : text, (input, target), or Batch of one row
        A text for a model of the next item; else the input and its target, which the states do not depend on unless a
        decoder reads it.

    Returns
    -------
    tuple of LayerStates
        One for each layer and direction: states (T, S), gates (T, H) between 0 and 1 (tanh between -1 and 1), the
        states on two principal components, and the eigenvalues of the recurrent matrices.

    Raises
    ------
    RecurError
        When the example cannot be read by the network's codecs.

    Examples
    --------
    >>> import recur
    >>> rows = [{"text": "a fine film", "label": "good"}, {"text": "a dull film", "label": "bad"}] * 8
    >>> model = recur.fit(rows, epochs=1, hidden_size=8, bidirectional=False, progress=False)
    >>> [layer] = states(model, ("a fine film", "good"))
    >>> layer.states["c"].shape, sorted(gate.name for gate in layer.gates if gate.kind == "gate")
    ((3, 8), ['f', 'i', 'o'])
    """
    mode: Mode = model.mode
    return of_parts(forward_pass(mode, as_batch(mode, example))[0])


def of_parts(parts: Sequence[PassValues]) -> tuple[LayerStates, ...]:
    """States and gates of passes."""
    layers = []
    for place in dict.fromkeys(part.one.place for part in parts):
        mine = [part for part in parts if part.one.place == place]
        call = mine[0].one.call
        equation = call.equation
        values = {
            name: np.concatenate([part.steps.states[name][:, 0].cpu().numpy() for part in mine])
            for name in equation.states
        }
        trajectory, explained = principal(values[equation.states[0]])
        parameters = {name: value.cpu().numpy() for name, value in call.parameters.items()}
        layers.append(
            LayerStates(
                place, equation.name, values, _gates(equation, mine), trajectory, explained,
                eigenvalues(equation, parameters, dict(call.sizes)),
            )
        )  # fmt: skip
    return tuple(layers)


def principal(points: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """The first two principal components (T, 2) of points (T, S), and their shares of the variance."""
    centred = points - points.mean(0) if len(points) else points
    flat = np.zeros((len(points), 2))
    if len(points) < 2:
        return flat, (0.0, 0.0)
    u, s, _ = np.linalg.svd(centred.astype(np.float64), full_matrices=False)
    # an axis has no sign of its own: its largest excursion is made positive
    for axis in range(min(2, len(s))):
        along = u[:, axis] * s[axis]
        flat[:, axis] = along if along[np.abs(along).argmax()] >= 0 else -along
    whole = float(np.square(s).sum()) or 1.0
    shares = [float(one) ** 2 / whole for one in s[:2]] + [0.0, 0.0]
    return flat, (shares[0], shares[1])


def eigenvalues(equation: Equation, parameters: dict[str, np.ndarray], sizes: dict[str, int]) -> dict[str, np.ndarray]:
    """Eigenvalues of every square block of the matrices that multiply the output state.

    A matrix of several blocks, such as an LSTM's W_hh, is split as the equation splits its product, and blocks are
    named by its parts.
    """
    graph, names = equation.graph, naming(equation)
    output = graph.states[equation.states[0]]
    width = output.size.value(sizes)
    cuts = {
        node.attribute[0].value(sizes): names.names[id(node)]
        for node in graph.order
        if node.op == "slice" and id(node) in names.names
    }
    results: dict[str, np.ndarray] = {}
    for node in graph.order:
        if node.op != "matvec" or not _reads_state(node.args[1], output):
            continue
        name = str(node.args[0].attribute)
        matrix = parameters[name].astype(np.float64)
        if matrix.shape[1] != width or matrix.shape[0] % width:
            continue
        blocks = matrix.shape[0] // width
        for number in range(blocks):
            label = name if blocks == 1 else f"{name} of {cuts.get(number * width, number + 1)}"
            results[label] = _eigenvalues(matrix[number * width : (number + 1) * width].tobytes(), width)
    return results


@lru_cache(maxsize=32)
def _eigenvalues(matrix: bytes, width: int) -> np.ndarray:
    """Eigenvalues of a square float64 matrix, cached for a page that requests the same network again."""
    values: np.ndarray = np.linalg.eigvals(np.frombuffer(matrix).reshape(width, width))
    return values


def _reads_state(vector: Any, state: Any) -> bool:
    """Whether a vector is the state, or the state times a gate."""
    return vector is state or (vector.op == "mul" and any(a is state for a in vector.args))


def _gates(equation: Equation, parts: Sequence[PassValues]) -> tuple[GateValues, ...]:
    results = []
    for gate in gates(equation):
        arrays = []
        for part in parts:
            if id(gate.node) not in part.steps.values:
                break  # with zoneout the step's nodes are copies under other names
            arrays.append(part.steps.of(gate.node)[:, 0].cpu().numpy())
        if len(arrays) != len(parts):
            continue
        values = np.concatenate(arrays)
        low, high = (CLOSED, OPEN) if gate.kind == "gate" else (-OPEN, OPEN)
        results.append(GateValues(gate.name, gate.kind, values, (values < low).mean(0), (values > high).mean(0)))
    return tuple(results)


def plain_states(layer: LayerStates, labels: Sequence[str]) -> dict[str, Any]:
    """Plain data of the last steps, and of the units that vary most; ``labels`` (T,) name what is read."""
    start = max(0, layer.steps - SHOWN_STEPS)
    units_of_size: dict[
        int, np.ndarray
    ] = {}  # of states and gates of one size the same units, so that they can be compared

    def units(values: np.ndarray) -> np.ndarray:
        size = values.shape[1]
        if size not in units_of_size:
            units_of_size[size] = np.sort(np.argsort(-values.std(0), kind="stable")[:SHOWN_UNITS])
        return units_of_size[size]

    def window(values: np.ndarray) -> np.ndarray:
        return values[start:, units(values)]

    return {
        "name": str(layer.place), "part": layer.place.part, "cell": layer.cell,
        "labels": list(labels[start:]),
        "states": {n: window(v) for n, v in layer.states.items()},
        "shown": {n: units(v) for n, v in [*layer.states.items(), *((g.name, g.values) for g in layer.gates)]},
        "gates": [
            {
                "name": g.name, "kind": g.kind, "values": window(g.values), "mean": g.values[start:].mean(1),
                "shut": float(g.shut.mean()), "open": float(g.open.mean()),
                "units": np.stack([g.shut, g.open], axis=1),
            }
            for g in layer.gates
        ],
        "trajectory": {"points": layer.trajectory[start:], "explained": list(layer.explained)},
        "eigenvalues": {n: np.stack([v.real, v.imag], axis=1) for n, v in layer.eigenvalues.items()},
    }  # fmt: skip
