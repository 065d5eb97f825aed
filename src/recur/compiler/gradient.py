"""Gradient graph of a time step, by reverse-mode differentiation.

For one step, states_t = f(x_t, states_{t-1}; parameters). Given the seeds dE/dstates_t, *total* derivatives
that include the contributions of all later steps, the chain rule gives

    dE/dx_t,  dE/dstates_{t-1}                      messages: to the input, and back in time
    dE/dW += sum_t  dz_t v_t^T                      for each product z_t = W v_t   (a matrix's share of step t)
    dE/db += sum_t  db_t                            for each vector parameter

Where v_t is x_t the product is the path *input to hidden*, where it is h_{t-1} the path *hidden to hidden*; the
path *hidden to output* lies in the readout. Sources: P. Werbos (1990), Backpropagation through time; A. Griewank,
A. Walther (2008), Evaluating derivatives, chapter 3.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from recur.compiler.zero_sums import sum_of
from recur.equations.graph import Builder, Graph, Node
from recur.equations.sizes import ONE, ZERO, Size


@dataclass(frozen=True, eq=False)
class StepGradient:
    """The gradient of one time step, as further nodes on the step's own graph.

    Attributes
    ----------
    graph : Graph
        The forward step.
    seeds : dict of str to Node
        dE/dstate_t for each state, the input of the backward step.
    input : Node
        dE/dx_t.
    states : dict of str to Node
        dE/dstate_{t-1} through this step.
    products : dict of str to tuple of (Node, Node)
        For each matrix W the pairs (dz, v) of its products z = W v; dE/dW = sum over t and rows of dz v^T.
    vectors : dict of str to Node
        For each vector parameter its derivative in one step and row.
    nodes : dict of int to Node
        dE/dnode by ``id(node)``, for every vector of the forward step that the new states depend on.
    """

    graph: Graph
    seeds: dict[str, Node]
    input: Node
    states: dict[str, Node]
    products: dict[str, tuple[tuple[Node, Node], ...]]
    vectors: dict[str, Node]
    nodes: dict[int, Node]


@lru_cache(maxsize=256)
def gradient(graph: Graph) -> StepGradient:
    """Differentiate one time step."""
    return _Reverse(graph).run()


class _Reverse:
    """One sweep over the graph from its outputs to its leaves."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.make: Builder = graph.builder
        self.whole: dict[int, list[Node]] = defaultdict(list)
        self.pieces: dict[int, list[tuple[Size, Size, Node]]] = defaultdict(list)
        self.products: dict[str, list[tuple[Node, Node]]] = defaultdict(list)

    def run(self) -> StepGradient:
        graph, make = self.graph, self.make
        seeds = {name: make.leaf("seed", name, node.shape) for name, node in graph.outputs.items()}
        for name, node in graph.outputs.items():
            self.whole[id(node)].append(seeds[name])
        adjoint: dict[int, Node] = {}
        for node in reversed(graph.order):
            total = self._collect(node)
            if total is None or len(node.shape) == 2:
                continue
            adjoint[id(node)] = total
            self._hand_down(node, total)

        def of(node: Node) -> Node:
            return adjoint.get(id(node)) or make.zeros(node.size)

        return StepGradient(
            graph=graph,
            seeds=seeds,
            input=of(graph.input),
            states={name: of(node) for name, node in graph.states.items()},
            products={
                name: tuple(self.products[name]) for name, node in graph.parameters.items() if len(node.shape) == 2
            },
            vectors={name: of(node) for name, node in graph.parameters.items() if len(node.shape) == 1},
            nodes=adjoint,
        )

    def _add(self, node: Node, derivative: Node) -> None:
        """Add a derivative to an argument; the derivative of a broadcast argument is summed."""
        if not node.shape:
            return
        if node.size == ONE and derivative.size != ONE:
            derivative = sum_of(self.make, derivative)
        elif node.size != ONE and derivative.size == ONE:
            derivative = self.make.expand(derivative, node.size)
        self.whole[id(node)].append(derivative)

    def _collect(self, node: Node) -> Node | None:
        """The sum of all derivatives of a node, or None if the outputs do not depend on it."""
        parts = list(self.whole[id(node)])
        pieces = sorted(self.pieces[id(node)], key=lambda piece: _position(piece[0]))
        while pieces:
            row, end, rest = [], ZERO, []
            for start, stop, piece in pieces:
                if _position(start) < _position(end):
                    rest.append((start, stop, piece))
                    continue
                if start != end:
                    row.append(self.make.zeros(start - end))
                row.append(piece)
                end = stop
            if end != node.size:
                row.append(self.make.zeros(node.size - end))
            parts.append(self.make.concat(row))
            pieces = rest
        if not parts:
            return None
        total = parts[0]
        for part in parts[1:]:
            total = self.make.binary("add", total, part)
        return total

    def _hand_down(self, node: Node, d: Node) -> None:
        """The chain rule at one node y = op(a, b), given d = dE/dy."""
        make, op = self.make, node.op

        def mul(p: Node, q: Node) -> Node:
            return make.binary("mul", p, q)

        def sub(p: Node, q: Node) -> Node:
            return make.binary("sub", p, q)

        one = make.constant(1.0)
        if op in {"matvec", "matvec_transposed"}:
            matrix, vector = node.args
            self._add(vector, make.matvec(matrix, d, transposed=op == "matvec"))
            self.products[matrix.attribute].append((d, vector) if op == "matvec" else (vector, d))
            return
        if op == "slice":
            start, stop = node.attribute
            self.pieces[id(node.args[0])].append((start, stop, d))
            return
        if op == "concat":
            start = ZERO
            for part in node.args:
                self._add(part, make.slice(d, start, start + part.size))
                start = start + part.size
            return
        if op == "sum":
            self._add(node.args[0], d)
            return
        if op == "expand":
            self._add(node.args[0], sum_of(make, d))
            return
        if op == "largest":
            # elements that are equal share it, as in torch
            a = node.args[0]
            share = make.binary("equal", a, node)
            self._add(a, make.binary("mul", share, make.binary("div", d, make.sum(share))))
            return
        if op == "outer":
            u, v = node.args
            self._add(u, make.contract(d, v, node.attribute))
            self._add(v, make.contract(d, u, node.attribute, transposed=True))
            return
        if op in {"contract", "contract_transposed"}:
            matrix, vector = node.args
            transposed, heads = op == "contract_transposed", (*node.attribute, None)[2]
            self._add(matrix, make.outer(vector, d, heads) if transposed else make.outer(d, vector, heads))
            self._add(vector, make.contract(matrix, d, node.attribute, transposed=not transposed))
            return
        if op == "surrogate":
            self._add(node.args[1], d)
            return
        if len(node.args) == 1:
            (a,) = node.args
            y = node
            local = {
                "neg": lambda: make.unary("neg", d),
                "tanh": lambda: mul(d, sub(one, mul(y, y))),
                "sigmoid": lambda: mul(d, mul(y, sub(one, y))),
                "relu": lambda: make.chosen("where_positive", d, y),
                "exp": lambda: mul(d, y),
                "log": lambda: make.binary("div", d, a),
                "sqrt": lambda: make.binary("div", d, mul(make.constant(2.0), y)),
                "abs": lambda: mul(d, make.unary("sign", a)),
                "sin": lambda: mul(d, make.unary("cos", a)),
                "cos": lambda: make.unary("neg", mul(d, make.unary("sin", a))),
                "atan": lambda: make.binary("div", d, make.binary("add", one, mul(a, a))),
                "erf": lambda: mul(
                    d, mul(make.constant(2 / math.sqrt(math.pi)), make.unary("exp", make.unary("neg", mul(a, a))))
                ),
                "softplus": lambda: mul(d, make.unary("sigmoid", a)),
            }
            if op in local:
                self._add(a, local[op]())
            return
        if len(node.args) == 2:
            a, b = node.args
            if op == "add":
                self._add(a, d)
                self._add(b, d)
            elif op == "sub":
                self._add(a, d)
                self._add(b, make.unary("neg", sum_of(make, d) if b.size == ONE else d))
            elif op == "mul":
                self._add(a, mul(d, b))
                self._add(b, mul(d, a))
            elif op == "div":
                self._add(a, make.binary("div", d, b))
                # by a number, one division for the row in place of one for each element
                change = mul(d, node)
                change = sum_of(make, change) if b.size == ONE else change
                self._add(b, make.unary("neg", make.binary("div", change, b)))
            elif op == "pow":
                # the exponent is a number of the equation: see `Symbol.__pow__`
                power = make.binary("pow", a, make.constant(b.attribute - 1.0))
                self._add(a, mul(d, mul(make.constant(b.attribute), power)))
            elif op in {"maximum", "minimum"}:
                high, low = (a, b) if op == "maximum" else (b, a)
                # as in torch, equal arguments get half each, and both get all where one is NaN
                self._add(a, make.chosen("where_larger", d, high, low))
                self._add(b, make.chosen("where_larger", d, low, high))


def _position(size: Size) -> tuple[int, ...]:
    """An order on the bounds of slices of one vector, which are multiples of common parts."""
    return (sum(factor for _, factor in size.terms), size.constant)
