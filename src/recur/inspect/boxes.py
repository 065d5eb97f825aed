"""The graph of a cell's equation as boxes, which the copies of an unrolled network fill with numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recur.equations import Equation
from recur.equations.graph import Graph, Node
from recur.equations.naming import highways, naming


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
    matrix : str
        The parameter of such a product; else empty.
    highway : bool
        Whether it is on the direct path of a state, which has only sums and products.
    new_state : str
        The state that it is the new value of; else empty.
    """

    id: int
    label: str
    op: str
    args: tuple[int, ...]
    path: str
    matrix: str
    highway: bool
    new_state: str


def boxes_of(equation: Equation, graph: Graph) -> tuple[tuple[Box, ...], dict[int, Node]]:
    """The boxes of a graph: parameters and constants become part of labels, nested sums become one sum."""
    names = naming(equation)
    straight = {id(node) for way in highways(equation).values() for node in way}
    users: dict[int, int] = {}
    for node in graph.order:
        for argument in node.args:
            users[id(argument)] = users.get(id(argument), 0) + 1
    ends = {id(node): state for state, node in graph.outputs.items()}
    numbers = {
        id(node): number
        for number, node in enumerate(n for n in graph.order if n.op in ("input", "state") or n.args)
        if len(node.shape) < 2
    }

    def in_sum(node: Node) -> bool:
        """Whether a node is drawn as part of the sum that it is a term of."""
        return (
            node.op == "add" and users.get(id(node)) == 1 and id(node) not in names.names
            and id(node) not in ends and any(node in user.args and user.op == "add" for user in graph.order)
        )  # fmt: skip

    boxes, nodes = [], {}
    for node in graph.order:
        if id(node) not in numbers or in_sum(node) or not _varies(node):
            continue
        terms, added = _terms(node, in_sum) if node.op == "add" else (list(node.args), [])
        label = names.names.get(id(node)) or _label(node, names.names, added)
        boxes.append(
            Box(
                numbers[id(node)], label, node.op,
                tuple(numbers[id(a)] for a in terms if id(a) in numbers and _varies(a)),
                _path(node), _matrix(node), id(node) in straight, ends.get(id(node), ""),
            )
        )  # fmt: skip
        nodes[numbers[id(node)]] = node
    return tuple(boxes), nodes


def _varies(node: Node) -> bool:
    """Whether a node's value depends on the step."""
    return node.op in ("input", "state") or any(_varies(a) for a in node.args)


def _terms(node: Node, in_sum: Callable[[Node], bool]) -> tuple[list[Node], list[str]]:
    """The terms of a sum, with nested sums expanded, and its biases by name."""
    terms, added = [], []
    for argument in node.args:
        if in_sum(argument):
            inner, more = _terms(argument, in_sum)
            terms += inner
            added += more
        elif argument.op == "parameter":
            added.append(str(argument.attribute))
        else:
            terms.append(argument)
    return terms, added


def _label(node: Node, names: dict[int, str], added: list[str]) -> str:
    """The label of an operation, in a few characters."""
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


def _matrix(node: Node) -> str:
    return str(node.args[0].attribute) if node.op == "matvec" and node.args[0].op == "parameter" else ""


def _reads_state(node: Node) -> bool:
    return node.op == "state" or any(_reads_state(a) for a in node.args)
