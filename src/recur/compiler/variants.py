"""Recurrent dropout and zoneout as variants of an equation's graph.

Both are part of the graph, so that every backend, and the gradient of the graph, includes them:

    recurrent dropout   W_hh h_{t-1}   becomes   W_hh (m * h_{t-1}),  one mask m (B, S) for all steps
                        (Gal and Ghahramani 2016, A theoretically grounded application of dropout, section 4)
    zoneout             h_t            becomes   k_t * h_{t-1} + (1 - k_t) * h_t
                        (Krueger et al. 2017, Zoneout, equations 1-3; in evaluation k_t is its expectation)
"""

from __future__ import annotations

from functools import lru_cache

from recur.compiler.plan import plan
from recur.equations import Equation
from recur.equations.graph import Graph, Node
from recur.errors import EquationError


@lru_cache(maxsize=256)
def variant(equation: Equation, recurrent: tuple[str, ...], zoneout: tuple[str, ...]) -> Graph:
    """The equation's graph with a mask on the states ``recurrent`` and a noise on the states ``zoneout``."""
    graph = equation.graph
    make = graph.builder
    noises = dict(graph.noises)
    masked: dict[int, Node] = {}
    for name in recurrent:
        state = graph.states[name]
        mask = noises[f"recurrent:{name}"] = make.leaf("mask", f"recurrent:{name}", state.shape)
        masked[id(state)] = make.binary("mul", mask, state)
    copies: dict[int, Node] = {}
    hits: set[int] = set()

    def factor(vector: Node) -> Node:
        """The operand of a product, with its states masked: h, or r * h."""
        if id(vector) in masked:
            hits.add(id(vector))
            return masked[id(vector)]
        if vector.op == "mul":
            return make.binary("mul", *(factor(a) if id(a) in masked else copies[id(a)] for a in vector.args))
        return copies[id(vector)]

    for node in graph.order:
        if not node.args:
            copies[id(node)] = node
        elif node.op == "matvec":
            copies[id(node)] = make.matvec(copies[id(node.args[0])], factor(node.args[1]))
        else:
            copies[id(node)] = make.make(node.op, (copies[id(a)] for a in node.args), node.shape, node.attribute)
    for name in recurrent:
        if id(graph.states[name]) not in hits:
            raise EquationError(
                f"{equation.name} has no matrix product with the state {name}: recurrent dropout cannot be applied",
                hint="use zoneout for this cell",
            )
    outputs = {}
    for name, node in graph.outputs.items():
        new = copies[id(node)]
        if name in zoneout:
            keep = noises[f"zoneout:{name}"] = make.leaf("noise", f"zoneout:{name}", node.shape)
            old = graph.states[name]
            old_share = make.binary("mul", keep, old)
            new = make.binary("add", old_share, make.binary("mul", make.binary("sub", make.constant(1.0), keep), new))
        outputs[name] = new
    return Graph(graph.input, graph.states, graph.parameters, outputs, make, noises)


def recurrent_states(equation: Equation) -> tuple[str, ...]:
    """The states that enter a matrix product, h in most cells: those that recurrent dropout masks."""
    names = []
    for name, state in equation.graph.states.items():
        for node in equation.graph.order:
            if node.op == "matvec":
                vector = node.args[1]
                if vector is state or (vector.op == "mul" and any(a is state for a in vector.args)):
                    names.append(name)
                    break
    return tuple(names)


def lifted(graph: Graph) -> tuple[Graph, dict[str, Node]]:
    """Remove from a step the values that depend on parameters alone.

    Returns
    -------
    graph : Graph
        The step with a vector parameter ``once:n`` in place of each such value.
    once : dict of str to Node
        These values, as nodes of the original graph; empty if there are none.
    """
    # numbers such as sqrt(count(k)) stay, and vectors of one number: the C++ compiler computes them once
    constants = [
        node for node in plan(graph).once if node.shape and not (node.op == "expand" and not node.args[0].shape)
    ]
    if not constants:
        return graph, {}
    outer = {id(node) for node in constants}
    read = [a for node in graph.order if id(node) not in outer for a in node.args if id(a) in outer]
    read += [node for node in graph.outputs.values() if id(node) in outer]
    make = graph.builder
    once = {f"once:{n}": node for n, node in enumerate({id(node): node for node in read}.values())}
    copies: dict[int, Node] = {id(node): make.leaf("parameter", name, node.shape) for name, node in once.items()}
    leaves = {name: copies[id(node)] for name, node in once.items()}
    for node in graph.order:
        if id(node) not in copies and id(node) not in outer:
            args = tuple(copies.get(id(a), a) for a in node.args)
            copies[id(node)] = node if not args else make.make(node.op, args, node.shape, node.attribute)
    outputs = {name: copies[id(node)] for name, node in graph.outputs.items()}
    used = {id(node) for node in Graph(graph.input, {}, {}, outputs, make).order}
    parameters = {name: node for name, node in graph.parameters.items() if id(node) in used} | leaves
    return Graph(graph.input, graph.states, parameters, outputs, make, graph.noises), once
