"""The unrolled network: the copies of one layer, what each computes and passes on.

A copy is the graph of the cell's equation with the numbers of its step. Forward, copy t hands its states to copy t+1;
backward, copy t+1 hands dE/dh_t and dE/dc_t to copy t, and each copy leaves its share of dE/dW on the three paths. The
structure is plain data: a page draws it as it likes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recur.equations import Equation
from recur.equations.graph import Graph, Node
from recur.equations.naming import highways, naming
from recur.inspect.answering import errors_at, read_out, readout_norms
from recur.inspect.bptt import LayerLedger, Ledger, Part, as_batch, follow
from recur.inspect.record import derivatives
from recur.modes import Mode
from recur.nn.places import Place

Array = np.ndarray[Any, np.dtype[Any]]

UNITS = 8  # numbers shown of a vector
STEPS = 24  # the last steps are shown


@dataclass(frozen=True)
class Box:
    """One operation of the cell, as it is drawn.

    Attributes
    ----------
    id : int
    label : str
        What the equation calls it, or what it computes: "f", "W_hh h′", "+".
    op : str
        "input", "state", or an operation of the graph.
    args : tuple of int
        The boxes that it is computed from.
    path : str
        For a product with a matrix: "input to hidden" or "hidden to hidden"; else empty.
    highway : bool
        Whether it lies where a state runs straight through: only added to and multiplied.
    new_state : str
        The state that it is the new value of; else empty.
    """

    id: int
    label: str
    op: str
    args: tuple[int, ...]
    path: str
    highway: bool
    new_state: str


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
        ||dE/dstate_t|| that copy t is told by copy t+1 and by the readout.
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
    place : Place
    cell, text : str
        Name and equation.
    boxes : tuple of Box
        In order of computation.
    copies : tuple of Copy
    highways : tuple of str
        States that run straight through: c of an LSTM, h of a GRU.
    units : dict of str to int
        Size of each state.
    skipped, left : int
        Steps before the first copy, and after the last one, that are not shown.
    reads : str
        What is read out of these copies, in words; empty where nothing is.
    """

    place: Place
    cell: str
    text: str
    boxes: tuple[Box, ...]
    copies: tuple[Copy, ...]
    highways: tuple[str, ...]
    units: dict[str, int]
    skipped: int
    left: int
    reads: str


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
    found, parts = follow(mode, as_batch(mode, example))
    return tuple(
        of_layer(mode, layer, [p for p in parts if p.one.place == layer.place], labels or (), found)
        for layer in found.layers
    )


def of_layer(
    mode: Mode, layer: LayerLedger, parts: Sequence[Part], labels: Sequence[str], found: Ledger, *,
    end: int | None = None,
) -> Unrolled:  # fmt: skip
    """The unrolled view of one place; the copy of step ``end``, from 0, is among those shown."""
    first = parts[0].steps
    equation, graph = first.call.equation, first.graph
    boxes, nodes = _boxes(equation, graph)
    values, gradients = _numbers(parts, nodes)
    steps = len(layer.states[equation.states[0]])
    order = list(range(steps))[::-1] if layer.place.direction else list(range(steps))
    stop = len(order) if end is None or end in order[-STEPS:] else order.index(end) + 1
    shown = order[max(0, stop - STEPS) : stop]
    errors, outputs = errors_at(mode, layer.place, found), readout_norms(mode, layer.place, found)
    lines = naming(equation).lines
    named = {id(n): i for i, n in nodes.items()}
    copies = []
    for t in shown:
        in_lines = []
        for line in lines:
            numbers = {
                name: _head(values[named[id(node)]][t])
                for name, node in zip(line.names, line.nodes, strict=True)
                if id(node) in named
            }
            in_lines.append((line.text, numbers))
        copies.append(
            Copy(
                t + 1,
                labels[t] if t < len(labels) else str(t + 1),
                {i: _head(v[t]) for i, v in values.items()},
                {i: _head(v[t]) for i, v in gradients.items()},
                {i: float(np.linalg.norm(v[t])) for i, v in values.items()},
                {i: float(np.linalg.norm(v[t])) for i, v in gradients.items()},
                {s: float(np.linalg.norm(v[t, 0])) for s, v in layer.states.items()},
                {s: float(np.linalg.norm(v[t, 0])) for s, v in layer.messages.items()},
                {
                    **{n: float(p.norm[t]) for n, p in layer.paths.items() if p.kind != "bias"},
                    **({"W_hy": outputs[t]} if t in outputs else {}),
                },
                in_lines,
                errors.get(t),
            )
        )
    return Unrolled(
        layer.place, equation.name, equation.text, boxes, tuple(copies), tuple(highways(equation)),
        {s: v.shape[-1] for s, v in layer.states.items()}, max(0, stop - STEPS), steps - stop,
        read_out(mode, layer.place, found),
    )  # fmt: skip


def _head(vector: Array) -> list[float]:
    return [float(one) for one in vector[:UNITS]]


def _boxes(equation: Equation, graph: Graph) -> tuple[tuple[Box, ...], dict[int, Node]]:
    """What is drawn of the graph: parameters and constants are part of the labels, sums of sums are one sum."""
    names = naming(equation)
    straight = {id(node) for way in highways(equation).values() for node in way}
    users: dict[int, int] = {}
    for node in graph.order:
        for argument in node.args:
            users[id(argument)] = users.get(id(argument), 0) + 1
    ends = {id(node): state for state, node in graph.outputs.items()}
    drawn = {
        id(node): number
        for number, node in enumerate(n for n in graph.order if n.op in ("input", "state") or n.args)
        if len(node.shape) < 2
    }

    def merged(node: Node) -> bool:
        """Whether a node is drawn as part of the sum that it goes into."""
        return (
            node.op == "add" and users.get(id(node)) == 1 and id(node) not in names.names
            and id(node) not in ends and any(node in user.args and user.op == "add" for user in graph.order)
        )  # fmt: skip

    boxes, nodes = [], {}
    for node in graph.order:
        if id(node) not in drawn or merged(node) or not _varies(node):
            continue
        terms, added = _terms(node, merged) if node.op == "add" else (list(node.args), [])
        label = names.names.get(id(node)) or _label(node, names.names, added)
        boxes.append(
            Box(
                drawn[id(node)], label, node.op, tuple(drawn[id(a)] for a in terms if id(a) in drawn and _varies(a)),
                _path(node), id(node) in straight, ends.get(id(node), ""),
            )
        )  # fmt: skip
        nodes[drawn[id(node)]] = node
    return tuple(boxes), nodes


def _varies(node: Node) -> bool:
    """Whether a node's value depends on the step."""
    return node.op in ("input", "state") or any(_varies(a) for a in node.args)


def _terms(node: Node, merged: Any) -> tuple[list[Node], list[str]]:
    """The terms of a sum, sums within it opened; biases by name."""
    terms, added = [], []
    for argument in node.args:
        if merged(argument):
            inner, more = _terms(argument, merged)
            terms += inner
            added += more
        elif argument.op == "parameter":
            added.append(str(argument.attribute))
        else:
            terms.append(argument)
    return terms, added


def _label(node: Node, names: dict[int, str], added: list[str]) -> str:
    """An operation in a few signs."""
    signs = {"mul": "×", "sub": "−", "div": "÷", "neg": "−", "sum": "Σ", "expand": "…", "concat": "[ , ]"}
    if node.op == "add":
        return "+" + "".join(f" {name}" for name in added)
    if node.op == "matvec":
        return f"{names.get(id(node.args[0]), 'W')} {names.get(id(node.args[1]), '·')}"
    if node.op == "slice":
        return "part"
    if node.op in ("sub", "mul", "div") and node.args[0].op == "constant":
        return f"{node.args[0].attribute:g} {signs[node.op]}"
    return {"sigmoid": "σ", **signs}.get(node.op, node.op)


def _path(node: Node) -> str:
    if node.op != "matvec":
        return ""
    return "hidden to hidden" if _reads_state(node.args[1]) else "input to hidden"


def _reads_state(node: Node) -> bool:
    return node.op == "state" or any(_reads_state(a) for a in node.args)


def _numbers(parts: Sequence[Part], nodes: dict[int, Node]) -> tuple[dict[int, Array], dict[int, Array]]:
    """Values and gradients (T, n) of the boxes' nodes."""
    values: dict[int, list[Array]] = {number: [] for number in nodes}
    gradients: dict[int, list[Array]] = {number: [] for number in nodes}
    for part in parts:
        derived = part.steps.derived
        known = {number: derived.nodes[id(node)] for number, node in nodes.items() if id(node) in derived.nodes}
        found = derivatives(part.steps, part.messages, list(known.values()))
        by_number = dict(zip(known, found, strict=True))
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
