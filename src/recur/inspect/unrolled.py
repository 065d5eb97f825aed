"""The unrolled network: the copies of one layer, what each computes and passes to the next.

A copy is the graph of the cell's equation with the numbers of its step. Forward, copy t passes its states to copy t+1;
backward, copy t+1 passes dE/dh_t and dE/dc_t to copy t, and each copy adds its share to dE/dW on the three paths. The
structure is plain data, which a page draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recur.equations import Equation, diagram
from recur.equations.graph import Graph, Node
from recur.equations.naming import highways, naming
from recur.inspect.answer_steps import errors_at, readout_norms, readout_of
from recur.inspect.boxes import Box, boxes_of
from recur.inspect.bptt import follow
from recur.inspect.ledgers import LayerLedger, Ledger, Part
from recur.inspect.record import as_batch, derivatives
from recur.modes import Mode
from recur.nn.layer_positions import LayerPosition

UNITS = 8  # numbers shown of a vector
STEPS = 24  # the last steps are shown


@dataclass(frozen=True)
class Copy:
    """One step.

    Attributes
    ----------
    step : int
        From 1.
    label : str
        The item read.
    values, gradients : dict of int to list of float
        The first numbers of each box, and of dE/d of it.
    sizes, gradient_sizes : dict of int to float
        ||v|| and ||dE/dv|| of each box.
    hands_on : dict of str to float
        ||state_t|| for each state that copy t+1 reads.
    is_told : dict of str to float
        ||dE/dstate_t|| that copy t receives from copy t+1 and from the readout.
    shares : dict of str to float
        ||share_t|| of the gradient of each matrix; of W_hy in the copies whose states are read out.
    lines : list of (str, dict of str to list of float)
        The equation line by line, with the first numbers of what each line names.
    error : float or None
        e_t, where this copy answers: those of the last layer of the part that is read out.
    """

    step: int
    label: str
    values: dict[int, list[float]]
    gradients: dict[int, list[float]]
    sizes: dict[int, float]
    gradient_sizes: dict[int, float]
    hands_on: dict[str, float]
    is_told: dict[str, float]
    shares: dict[str, float]
    lines: list[tuple[str, dict[str, list[float]]]]
    error: float | None


@dataclass(frozen=True)
class Unrolled:
    """The copies of one direction of one layer, in the order in which they are computed.

    Attributes
    ----------
    place : LayerPosition
    cell, text : str
        Name and equation.
    boxes : tuple of Box
        In order of computation.
    copies : tuple of Copy
    highways : tuple of str
        States with a direct path from step to step: c of an LSTM, h of a GRU.
    units : dict of str to int
        Size of each state.
    skipped, left : int
        Steps before the first copy, and after the last one, that are not shown.
    reads : str
        What is read out of these copies, in words; empty where nothing is.
    drawing : dict of str to str
        The operations of one step as SVG, "svg" and the narrow "tall"; ``data-number`` of a part is the id of its box.
    """

    place: LayerPosition
    cell: str
    text: str
    boxes: tuple[Box, ...]
    copies: tuple[Copy, ...]
    highways: tuple[str, ...]
    units: dict[str, int]
    skipped: int
    left: int
    reads: str
    drawing: dict[str, str]


def unrolled(model: Any, example: Any, labels: Sequence[str] | None = None) -> tuple[Unrolled, ...]:
    """The unrolled network of an example, every layer and direction.

    Parameters
    ----------
    model : Model or Mode
    example : text, (input, target), or Batch of one row
    labels : sequence of str, optional
        What is read at each step; numbers where it is left out.

    Returns
    -------
    tuple of Unrolled
    """
    mode: Mode = model.mode
    ledger, parts = follow(mode, as_batch(mode, example))
    return tuple(
        of_layer(mode, layer, [p for p in parts if p.one.place == layer.place], labels or (), ledger)
        for layer in ledger.layers
    )


def of_layer(
    mode: Mode, layer: LayerLedger, parts: Sequence[Part], labels: Sequence[str], ledger: Ledger, *,
    end: int | None = None,
) -> Unrolled:  # fmt: skip
    """The unrolled view of one place; the copy of step ``end``, from 0, is among those shown."""
    equation = parts[0].steps.call.equation
    boxes, nodes = boxes_of(equation, parts[0].steps.graph)
    order = list(range(layer.steps))[::-1] if layer.place.direction else list(range(layer.steps))
    stop = len(order) if end is None or end in order[-STEPS:] else order.index(end) + 1
    numbers = _LayerNumbers(layer, equation, nodes, *_numbers(parts, nodes))
    errors, outputs = errors_at(mode, layer.place, ledger), readout_norms(mode, layer.place, ledger)
    copies = []
    for t in order[max(0, stop - STEPS) : stop]:
        label = labels[t] if t < len(labels) else str(t + 1)
        copies.append(numbers.copy(t, label, outputs.get(t), errors.get(t)))
    return Unrolled(
        layer.place, equation.name, equation.text, boxes, tuple(copies), tuple(highways(equation)),
        {s: v.shape[-1] for s, v in layer.states.items()}, max(0, stop - STEPS), layer.steps - stop,
        readout_of(mode, layer.place, ledger), _drawing(equation, parts[0].steps.graph, nodes),
    )  # fmt: skip


def _drawing(equation: Equation, graph: Graph, nodes: Mapping[int, Node]) -> dict[str, str]:
    numbers = {id(node): number for number, node in nodes.items()}
    names = naming(equation).names
    return {
        name: diagram.svg(graph, names, style=False, down=down, numbers=numbers)
        for name, down in (("svg", False), ("tall", True))
    }


@dataclass(frozen=True)
class _LayerNumbers:
    """The boxes of one layer with their values and gradients (T, n)."""

    layer: LayerLedger
    equation: Equation
    nodes: dict[int, Node]
    values: dict[int, np.ndarray]
    gradients: dict[int, np.ndarray]

    def copy(self, t: int, label: str, output: float | None, error: float | None) -> Copy:
        """The copy of step ``t``, from 0; ``output`` is its share in the gradient of W_hy."""
        layer = self.layer
        shares = {n: float(p.norm[t]) for n, p in layer.paths.items() if p.kind != "bias"}
        return Copy(
            t + 1, label,
            {i: _head(v[t]) for i, v in self.values.items()},
            {i: _head(v[t]) for i, v in self.gradients.items()},
            {i: _norm(v[t]) for i, v in self.values.items()},
            {i: _norm(v[t]) for i, v in self.gradients.items()},
            {s: _norm(v[t, 0]) for s, v in layer.states.items()},
            {s: _norm(v[t, 0]) for s, v in layer.messages.items()},
            shares if output is None else {**shares, "W_hy": output},
            self._lines(t),
            error,
        )  # fmt: skip

    def _lines(self, t: int) -> list[tuple[str, dict[str, list[float]]]]:
        """The equation line by line, with the first numbers of what each line names."""
        boxes = {id(node): number for number, node in self.nodes.items()}
        return [
            (
                line.text,
                {
                    name: _head(self.values[boxes[id(node)]][t])
                    for name, node in zip(line.names, line.nodes, strict=True)
                    if id(node) in boxes
                },
            )
            for line in naming(self.equation).lines
        ]


def _head(vector: np.ndarray) -> list[float]:
    return [float(one) for one in vector[:UNITS]]


def _numbers(parts: Sequence[Part], nodes: dict[int, Node]) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
    """Values and gradients (T, n) of the boxes' nodes."""
    values: dict[int, list[np.ndarray]] = {number: [] for number in nodes}
    gradients: dict[int, list[np.ndarray]] = {number: [] for number in nodes}
    for part in parts:
        derived = part.steps.derived
        with_gradient = {number: derived.nodes[id(node)] for number, node in nodes.items() if id(node) in derived.nodes}
        gradients_of_parts = derivatives(part.steps, part.messages, list(with_gradient.values()))
        by_number = dict(zip(with_gradient, gradients_of_parts, strict=True))
        for number, node in nodes.items():
            value = part.steps.of(node)[:, 0].cpu().numpy()
            values[number].append(value)
            gradients[number].append(
                by_number[number][:, 0].cpu().numpy() if number in by_number else np.zeros_like(value)
            )
    return (
        {n: np.concatenate(v) for n, v in values.items()},
        {n: np.concatenate(v) for n, v in gradients.items()},
    )


def _norm(vector: np.ndarray) -> float:
    """The norm of a vector of float32, whose squares float32 may not hold."""
    return float(np.linalg.norm(vector.astype(np.float64)))
