"""Graph of one time step: the traced form of an equation.

A node is an operation on earlier nodes. Equal nodes are one node, so that a subexpression that occurs twice in an
equation or its gradient is computed once. A value is a number ``()``, a vector ``(n,)`` or a matrix ``(m, n)``. A
vector of size 1 broadcasts to any size in element-wise operations.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from recur.equations.sizes import ONE, ZERO, Shape, Size, show

LEAVES = frozenset({"input", "state", "parameter", "constant", "count", "mask", "noise", "seed", "zeros"})
UNARY = frozenset(
    {
        "neg",
        "tanh",
        "sigmoid",
        "relu",
        "exp",
        "log",
        "sqrt",
        "abs",
        "sin",
        "cos",
        "softplus",
        "erf",
        "floor",
        "atan",
    }
)
BINARY = frozenset({"add", "sub", "mul", "div", "pow", "maximum", "minimum", "greater"})
# element-wise operations that only a gradient has, so that no equation and no stored one contains them
OF_GRADIENTS = frozenset({"sign", "equal", "where_positive", "where_larger"})
_INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "greater": ">"}


@dataclass(frozen=True, eq=False)
class Node:
    """One operation of the time step.

    Attributes
    ----------
    op : str
        A leaf (``input state parameter constant count mask noise seed zeros``), an element-wise operation, or
        ``matvec`` (W v), ``matvec_transposed`` (W^T v), ``slice``, ``concat``, ``sum``, ``largest``, ``expand``, or
        ``outer`` (u v^T of a row), ``contract`` (C v with a matrix of the row), ``contract_transposed`` (C^T v),
        ``surrogate`` (the value of its first argument with the derivative of its second). Gradients have ``sign`` and
        ``equal``, which are numbers, ``where_positive(d, y)``, which is d where y > 0, and ``where_larger(d, a, b)``,
        which is d where a > b and half of it where they are equal; both are d where a comparison is with NaN.
    args : tuple of Node
        Operands.
    shape : tuple of Size
        ``()``, ``(n,)`` or ``(m, n)``.
    attribute : object
        The name of a leaf, the value of a constant, the bounds of a slice, rows and columns of a matrix of a row; of
        several matrices, one for each head, rows and columns of one and their number.
    """

    op: str
    args: tuple[Node, ...]
    shape: Shape
    attribute: Any = None

    @property
    def size(self) -> Size:
        """The size of a vector; 1 for a number."""
        return self.shape[0] if self.shape else ONE

    def __str__(self) -> str:
        return text(self)


def text(node: Node, depth: int = 4) -> str:
    """Write a node as an expression, ``W_hh @ h``, cut off below ``depth`` levels."""
    if node.op in {"input", "state", "parameter", "mask", "noise"}:
        return str(node.attribute)
    if node.op == "constant":
        return f"{node.attribute:g}"
    if node.op == "zeros":
        return "0"
    if node.op == "count":
        return str(node.attribute)
    if node.op == "seed":
        return f"dE/d{node.attribute}"
    if depth == 0:
        return "..."
    parts = [text(argument, depth - 1) for argument in node.args]
    if node.op in _INFIX:
        return f"({parts[0]} {_INFIX[node.op]} {parts[1]})"
    if node.op == "matvec":
        return f"{parts[0]} @ {parts[1]}"
    if node.op == "matvec_transposed":
        return f"{parts[0]}^T @ {parts[1]}"
    if node.op == "contract":
        return f"{parts[0]} @ {parts[1]}"
    if node.op == "contract_transposed":
        return f"{parts[0]}^T @ {parts[1]}"
    if node.op == "slice":
        start, stop = node.attribute
        return f"{parts[0]}[{start}:{stop}]"
    if node.op == "neg":
        return f"-{parts[0]}"
    if node.op == "surrogate":
        return parts[0]
    if node.op == "transposed":
        return f"{parts[0]}^T"
    return f"{node.op}({', '.join(parts)})"


@dataclass
class Builder:
    """Creates nodes, each once, and folds constants (``a + 0``, ``1 * a``)."""

    nodes: dict[tuple[Any, ...], Node] = field(default_factory=dict)
    # parameters that a word brings with it, and how their values follow from sizes
    implied: dict[str, tuple[Node, Callable[..., Any]]] = field(default_factory=dict)
    drawn: dict[str, Node] = field(default_factory=dict)  # uniform numbers that a word reads, one vector per state

    def make(self, op: str, args: Iterable[Node], shape: Shape, attribute: Any = None) -> Node:
        """Return the node with these parts; create it if it is new."""
        args = tuple(args)
        key = (op, tuple(id(argument) for argument in args), shape, attribute)
        node = self.nodes.get(key)
        if node is None:
            node = self.nodes[key] = Node(op, args, shape, attribute)
        return node

    def leaf(self, op: str, name: str, shape: Shape) -> Node:
        """A named leaf: the input, a state, a parameter, a mask, a noise."""
        return self.make(op, (), shape, name)

    def uniform(self, state: Node) -> Node:
        """Numbers between 0 and 1 of the size of a state, drawn at every step."""
        name = f"drawn:{state.attribute}"
        node = self.drawn[name] = self.leaf("noise", name, state.shape)
        return node

    def fixed(self, name: str, shape: Shape, compute: Callable[..., Any]) -> Node:
        """A parameter that a word brings with it, such as the triangle of ones of a cumulative sum."""
        node = self.leaf("parameter", name, shape)
        self.implied[name] = node, compute
        return node

    def constant(self, value: float) -> Node:
        """A number that is the same for every row and step."""
        return self.make("constant", (), (), float(value))

    def count(self, size: Size) -> Node:
        """The value of a size, known once the layer is made."""
        return self.make("count", (), (), size)

    def zeros(self, size: Size) -> Node:
        """A vector of zeros."""
        return self.make("zeros", (), (size,), None)

    def binary(self, op: str, a: Node, b: Node) -> Node:
        """An element-wise operation on two nodes of equal or broadcastable sizes."""
        if a.op == "constant" and b.op == "constant":
            folded = _fold(op, a.attribute, b.attribute)
            if folded is not None:
                return self.constant(folded)
        # a vector of size 1 broadcasts to a longer one, a number to either
        stretched = a.shape if not b.shape or (b.size == ONE and a.shape) else b.shape
        for one, other, swapped in ((a, b, False), (b, a, True)):
            if one.op == "constant" and other.shape == stretched:
                if op == "mul" and one.attribute == 1.0:
                    return other
                if op == "add" and one.attribute == 0.0:
                    return other
                if swapped and op == "sub" and one.attribute == 0.0:
                    return other
                if swapped and op == "div" and one.attribute == 1.0:
                    return other
        return self.make(op, (a, b), stretched)

    def chosen(self, op: str, derivative: Node, *compared: Node) -> Node:
        """A derivative where a comparison holds, 0 elsewhere: ``where_positive`` and ``where_larger``."""
        return self.make(op, (derivative, *compared), derivative.shape)

    def unary(self, op: str, a: Node) -> Node:
        """An element-wise operation on one node."""
        if op == "neg" and a.op == "neg":
            return a.args[0]
        return self.make(op, (a,), a.shape)

    def matvec(self, matrix: Node, vector: Node, transposed: bool = False) -> Node:
        """W v, or W^T v."""
        rows = matrix.shape[1 if transposed else 0]
        return self.make("matvec_transposed" if transposed else "matvec", (matrix, vector), (rows,))

    def transposed(self, matrix: Node) -> Node:
        """W^T, which only stands at the left of a product."""
        return matrix.args[0] if matrix.op == "transposed" else self.make("transposed", (matrix,), matrix.shape[::-1])

    def outer(self, rows: Node, columns: Node, heads: Size | None = None) -> Node:
        """u v^T of each row of the batch, row after row; with heads one for each part of the vectors."""
        if heads is None:
            return self.make("outer", (rows, columns), (rows.size.times(columns.size),), (rows.size, columns.size))
        dims = (rows.size.over(heads), columns.size.over(heads), heads)
        return self.make("outer", (rows, columns), (rows.size.times(dims[1]),), dims)

    def contract(self, matrix: Node, vector: Node, dims: tuple[Size, ...], transposed: bool = False) -> Node:
        """C v, or C^T v, with a matrix C that each row of the batch has of its own, given row after row.

        ``dims`` are rows and columns; of one matrix for each part of the vector those of a part, and their number.
        """
        op, size = "contract_transposed" if transposed else "contract", dims[1 if transposed else 0]
        return self.make(op, (matrix, vector), (size.times(dims[2]) if len(dims) == 3 else size,), dims)

    def slice(self, vector: Node, start: Size, stop: Size) -> Node:
        """The elements from ``start`` up to ``stop``."""
        if start == ZERO and stop == vector.size:
            return vector
        return self.make("slice", (vector,), (stop - start,), (start, stop))

    def concat(self, parts: Iterable[Node]) -> Node:
        """The concatenation of the parts."""
        parts = tuple(parts)
        if len(parts) == 1:
            return parts[0]
        total = ZERO
        for part in parts:
            total = total + part.size
        return self.make("concat", parts, (total,))

    def sum(self, vector: Node) -> Node:
        """The sum of the elements, a vector of size 1."""
        return vector if vector.size == ONE else self.make("sum", (vector,), (ONE,))

    def largest(self, vector: Node) -> Node:
        """The largest element, a vector of size 1."""
        return vector if vector.size == ONE else self.make("largest", (vector,), (ONE,))

    def surrogate(self, value: Node, differentiated: Node) -> Node:
        """The first node's value, whose derivative is that of the second."""
        return self.make("surrogate", (value, differentiated), value.shape)

    def expand(self, vector: Node, size: Size) -> Node:
        """A vector of size 1 (or a number) repeated to ``size``."""
        return vector if vector.shape == (size,) else self.make("expand", (vector,), (size,))


def _fold(op: str, a: float, b: float) -> float | None:
    if op == "add":
        return a + b
    if op == "sub":
        return a - b
    if op == "mul":
        return a * b
    if op == "div" and b != 0:
        return a / b
    if op == "pow" and a > 0:
        return float(a**b)
    return None


def topological(outputs: Iterable[Node]) -> list[Node]:
    """All nodes that the outputs depend on, each after its arguments."""
    order: list[Node] = []
    seen: set[int] = set()
    stack: list[tuple[Node, Iterator[Node]]] = []
    for output in outputs:
        if id(output) in seen:
            continue
        seen.add(id(output))
        stack.append((output, iter(output.args)))
        while stack:
            node, arguments = stack[-1]
            for argument in arguments:
                if id(argument) not in seen:
                    seen.add(id(argument))
                    stack.append((argument, iter(argument.args)))
                    break
            else:
                order.append(node)
                stack.pop()
    return order


def sizes_of(nodes: Iterable[Node]) -> list[Size]:
    """The sizes in shapes and attributes of nodes."""
    return [
        size
        for node in nodes
        for size in (*node.shape, *(node.attribute if isinstance(node.attribute, tuple) else (node.attribute,)))
        if isinstance(size, Size)
    ]


@dataclass(frozen=True, eq=False)
class Graph:
    """One time step: (x_t, states at t-1, parameters) -> states at t.

    Attributes
    ----------
    input : Node
        x_t.
    states : dict of str to Node
        The states at t-1, in order; the first is also the output.
    parameters : dict of str to Node
        Matrices and vectors, shared by all steps.
    outputs : dict of str to Node
        The states at t, by the same names.
    noises : dict of str to Node
        Random masks that a variant of the equation takes as inputs, and numbers that its words draw; usually empty.
    builder : Builder
        The builder for further nodes, such as those of the gradient.
    """

    input: Node
    states: dict[str, Node]
    parameters: dict[str, Node]
    outputs: dict[str, Node]
    builder: Builder
    noises: dict[str, Node] = field(default_factory=dict)

    @property
    def order(self) -> list[Node]:
        """Every node of the step, each after its arguments."""
        return topological(self.outputs.values())

    @cached_property
    def digest(self) -> str:
        """A hash; equal for graphs with the same operations in the same order."""
        leaves = {"": self.input, **self.states, **self.parameters, **self.noises}
        number = {id(node): i for i, node in enumerate(self.order)}
        lines = [
            f"{node.op} {[number[id(a)] for a in node.args]} {show(node.shape)} {_plain(node)}" for node in self.order
        ]
        lines += [f"{node.attribute} {show(node.shape)}" for node in leaves.values()]
        lines += [f"{name} <- {number[id(node)]}" for name, node in self.outputs.items()]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _plain(node: Node) -> str:
    if isinstance(node.attribute, tuple):
        return ":".join(str(part) for part in node.attribute)
    return str(node.attribute)
