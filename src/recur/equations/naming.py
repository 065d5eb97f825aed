"""Names of a graph's nodes, from the lines of the equation: ``i, f, g, o = split(...)`` names four nodes.

The graph of a step has operations, not names. This module runs the body of the equation again, line by line, on the
same symbols: equal nodes are one node, so the names belong to the nodes of the graph.
"""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from recur.equations.drawing.places import straight_paths
from recur.equations.graph import Node, text, topological
from recur.equations.language import Symbol
from recur.equations.traced import Equation, EquationLine, source_of


@dataclass(frozen=True)
class Gate:
    """An activation of the step whose values can be interpreted on their own.

    Attributes
    ----------
    name : str
        The name that the equation gives to its value or to its argument, "f"; without one, its text.
    kind : str
        "gate" for a sigmoid (0..1), else the function: "tanh" (-1..1), "relu", "softplus".
    node : Node
    """

    name: str
    kind: str
    node: Node


@dataclass(frozen=True)
class Naming:
    """Lines, and names of nodes by ``id(node)``."""

    lines: tuple[EquationLine, ...]
    names: dict[int, str] = field(repr=False)

    def label(self, node: Node) -> str:
        """The label of a node: its name, or its expression in named nodes."""
        return self.names.get(id(node)) or self._expression(node)

    def _expression(self, node: Node, depth: int = 3) -> str:
        if not node.args or depth == 0:
            return text(node, 0) if node.args else text(node)
        parts = [self.names.get(id(a)) or self._expression(a, depth - 1) for a in node.args]
        signs = {"add": "+", "sub": "−", "mul": "·", "div": "/", "greater": ">"}
        if node.op in signs:
            return f"{parts[0]} {signs[node.op]} {parts[1]}"
        if node.op == "matvec":
            return f"{parts[0]} {parts[1]}"
        if node.op == "neg":
            return f"−{parts[0]}"
        if node.op == "slice":
            return f"part of {parts[0]}"
        return f"{node.op}({', '.join(parts)})"


@lru_cache(maxsize=256)
def naming(equation: Equation) -> Naming:
    """Name the nodes of an equation's graph.

    Parameters
    ----------
    equation : Equation
        Without its source, as in an interactive session, only arguments and new states have names.

    Returns
    -------
    Naming

    Examples
    --------
    >>> from recur.equations import get
    >>> [line.text for line in naming(get("elman")).lines]
    ['h = tanh(W_xh @ x + W_hh @ h + b)']
    """
    graph = equation.graph
    leaves = {**graph.parameters, **equation.arguments}
    names = {id(node): name for name, node in leaves.items()}
    for state, node in graph.states.items():
        names[id(node)] = f"{state}′"  # the prime marks the state before the step, to tell it from the new one
    lines = equation.stored.lines if equation.stored else _walk(equation, leaves)
    for line in lines:
        for name, node in zip(line.names, line.nodes, strict=True):
            names.setdefault(id(node), name)
    for state, node in graph.outputs.items():
        if node.args:
            names[id(node)] = state
    return Naming(tuple(lines), names)


@lru_cache(maxsize=256)
def gates(equation: Equation) -> tuple[Gate, ...]:
    """The sigmoids, tanhs and other activations of a step that are not themselves a state, in order."""
    result, named = [], naming(equation)
    states = {id(node) for node in equation.graph.outputs.values()}
    stepwise = {id(equation.graph.input), *(id(n) for n in equation.graph.states.values())}
    for node in equation.graph.order:
        if node.op not in ("sigmoid", "tanh", "relu", "softplus") or id(node) in states:
            continue
        if not stepwise & {id(n) for n in topological([node])}:
            continue
        argument = node.args[0]
        name = named.names.get(id(node))
        if name is None and id(argument) in named.names and id(argument) not in states:
            name = named.names[id(argument)]
        result.append(Gate(name or named.label(node), "gate" if node.op == "sigmoid" else node.op, node))
    return tuple(result)


def highways(equation: Equation) -> dict[str, tuple[Node, ...]]:
    """For each state the nodes on a path from its old value to its new one that only adds and multiplies.

    No activation and no matrix is on such a path: it is that of an LSTM's cell state. A state without such a path is
    not in the result.
    """
    return straight_paths(equation.graph)


def _walk(equation: Equation, leaves: dict[str, Node]) -> list[EquationLine]:
    """Run the statements of the equation one by one, and collect the names that they assign."""
    function, builder = equation.function, equation.graph.builder
    source = source_of(function)
    if function is None or source is None:
        return []
    try:
        tree = ast.parse(source).body[0]
    except (SyntaxError, IndexError):
        return []
    if not isinstance(tree, ast.FunctionDef):
        return []
    outer = inspect.getclosurevars(function)
    scope: dict[str, Any] = {**function.__globals__, **outer.nonlocals}
    scope.update({name: Symbol(builder, node) for name, node in leaves.items()})
    lines = []
    for statement in tree.body:
        if isinstance(statement, ast.Expr):
            continue
        if isinstance(statement, ast.Return):
            last = _returned(equation, statement, scope)
            lines += [last] if last else []
            break
        try:
            exec(compile(ast.Module([statement], []), f"<{equation.name}>", "exec"), scope)
        except (
            Exception
        ):  # the body was traced before without error; names are optional, so other side effects only end the list
            return lines
        names = [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        pairs = [(name, scope[name].node) for name in names if isinstance(scope.get(name), Symbol)]
        if pairs:
            lines.append(EquationLine(ast.unparse(statement), *zip(*pairs, strict=True)))
    return lines


def _returned(equation: Equation, statement: ast.Return, scope: dict[str, Any]) -> EquationLine | None:
    """A last line for states that are computed in the return statement."""
    value = statement.value
    elements = value.elts if isinstance(value, ast.Tuple) else [value] if value is not None else []
    if all(isinstance(one, ast.Name) for one in elements):
        return None
    del scope
    names = tuple(equation.graph.outputs)
    return EquationLine(f"{', '.join(names)} = {ast.unparse(statement.value) if statement.value else ''}", names,
                tuple(equation.graph.outputs.values()))  # fmt: skip
