"""A cell that ONNX has no node for: its equation, node by node, as the body of a Scan over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from recur.equations.graph import Graph, Node
from recur.export.writer import Writer
from recur.nn.graph_writer import FLOAT, INT64

_OPS = {
    "add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "maximum": "Max", "minimum": "Min",
    "neg": "Neg", "tanh": "Tanh", "sigmoid": "Sigmoid", "relu": "Relu", "exp": "Exp", "log": "Log", "sqrt": "Sqrt",
    "abs": "Abs", "sign": "Sign", "sin": "Sin", "cos": "Cos", "softplus": "Softplus",
    "erf": "Erf", "floor": "Floor", "atan": "Atan", "pow": "Pow",
}  # fmt: skip


def write_scan(
    writer: Writer,
    graph: Graph,
    x: str,
    states: Mapping[str, str],
    parameters: Mapping[str, np.ndarray],
    sizes: Mapping[str, int],
    *,
    lengths: str | None,
    reverse: bool = False,
    noises: Mapping[str, float] | None = None,
) -> tuple[str, dict[str, str]]:
    """Run a step's graph over all steps of x.

    Parameters
    ----------
    writer : Writer
        The graph that the Scan is added to.
    graph : Graph
        The step.
    x : str
        (T, B, X).
    states : mapping of str to str
        State -> its value (B, S) before the first step.
    parameters : mapping of str to ndarray
        Of the equation.
    sizes : mapping of str to int
        The numbers behind the size symbols.
    lengths : str or None
        (B,) int64 real steps; None for all.
    reverse : bool
        From the last step to the first.
    noises : mapping of str to float, optional
        The expectation of every noise of the graph.

    Returns
    -------
    str
        The first state of every step (T, B, S), zero at padded steps.
    dict of str to str
        Each state at the end (B, S).
    """
    body = writer.body()
    names = list(graph.states)
    before = {name: body.name(f"before_{name}") for name in names}
    x_t, t = body.name("x_t"), body.name("t")
    values = {id(graph.input): x_t}
    values |= {id(graph.states[name]): before[name] for name in names}
    values |= {id(node): body.constant(parameters[name], FLOAT, name) for name, node in graph.parameters.items()}
    values |= {id(node): body.constant((noises or {})[name]) for name, node in graph.noises.items()}
    step = _Step(body, values, sizes, body.constant([[0.0]]), before[names[0]])
    for node in graph.order:
        step.compute(node)
    after = {name: step.rows(graph.outputs[name]) for name in names}
    output = after[names[0]]
    if lengths is not None:
        live = body.add("Unsqueeze", body.add("Less", t, lengths), body.integers(-1))
        after = {name: body.add("Where", live, after[name], before[name]) for name in names}
        output = body.add("Where", live, output, body.constant(0.0))
    results = [*(body.rename(after[name], body.name(f"after_{name}")) for name in names)]
    y_t = body.rename(output, body.name("y_t"))
    widths = {name: graph.states[name].size.value(sizes) for name in names}
    inputs = [body.value(before[name], FLOAT, ["B", widths[name]]) for name in names]
    inputs += [body.value(x_t, FLOAT, ["B", graph.input.size.value(sizes)]), body.value(t, INT64, [])]
    outputs = [body.value(result, FLOAT, ["B", widths[name]]) for result, name in zip(results, names, strict=True)]
    outputs += [body.value(y_t, FLOAT, ["B", widths[names[0]]])]
    steps = writer.add("Gather", writer.add("Shape", x), writer.constant(0, INT64))
    times = writer.add("Range", writer.constant(0, INT64), steps, writer.constant(1, INT64))
    way = 1 if reverse else 0
    results = writer.many(
        "Scan", [*(states[name] for name in names), x, times], len(names) + 1,
        body=body.graph(body.name("step"), inputs, outputs), num_scan_inputs=2,
        scan_input_directions=[way, way], scan_output_directions=[way],
    )  # fmt: skip
    return results[-1], dict(zip(names, results[:-1], strict=True))


class _Step:
    """The nodes of one step, on rows (B, n)."""

    def __init__(self, writer: Writer, values: dict[int, str], sizes: Mapping[str, int], zero: str, state: str) -> None:
        self.writer = writer
        self.values = values
        self.sizes = sizes
        self.zero = zero
        self.state = state

    def compute(self, node: Node) -> None:
        """Write one node whose arguments are written."""
        if id(node) in self.values:
            return
        w, op = self.writer, node.op
        if op == "constant":
            value = w.constant(node.attribute)
        elif op == "count":
            value = w.constant(float(node.attribute.value(self.sizes)))
        elif op == "zeros":
            value = w.constant(np.zeros(node.size.value(self.sizes)))
        else:
            value = self._operation(node, [self.values[id(argument)] for argument in node.args])
        self.values[id(node)] = value

    def _operation(self, node: Node, arguments: Sequence[str]) -> str:
        w, op = self.writer, node.op
        if op in _OPS:
            return w.add(_OPS[op], *arguments)
        if op == "greater":
            return w.cast(w.add("Greater", *arguments), FLOAT)
        if op == "matvec":
            return w.add("MatMul", arguments[1], w.add("Transpose", arguments[0], perm=[1, 0]))
        if op == "matvec_transposed":
            return w.add("MatMul", arguments[1], arguments[0])
        if op == "slice":
            start, stop = (size.value(self.sizes) for size in node.attribute)
            return w.add("Slice", arguments[0], w.integers(start), w.integers(stop), w.integers(-1))
        if op == "sum":
            return w.add("ReduceSum", arguments[0], w.integers(-1), keepdims=1)
        if op == "largest":
            return w.add("ReduceMax", arguments[0], w.integers(-1), keepdims=1)
        if op in {"outer", "contract", "contract_transposed"}:
            return self._matrix(node)
        if op == "surrogate":
            return arguments[0]
        if op == "expand":
            return w.add("Expand", arguments[0], w.integers(1, node.size.value(self.sizes)))
        if op == "concat":
            return w.add("Concat", *(self.rows(argument) for argument in node.args), axis=-1)
        raise KeyError(f"the operation {op} has no counterpart in ONNX")

    def _matrix(self, node: Node) -> str:
        """u v^T, C v or C^T v with a matrix C of each row."""
        w = self.writer
        first, second = (self.rows(argument) for argument in node.args)
        m, n, *heads = (size.value(self.sizes) for size in node.attribute)
        if node.op == "outer":
            product = w.add("MatMul", w.add("Reshape", first, w.integers(-1, *heads, m, 1)), w.add(
                "Reshape", second, w.integers(-1, *heads, 1, n)))  # fmt: skip
            return w.add("Reshape", product, w.integers(-1, m * n * math.prod(heads)))
        matrix = w.add("Reshape", first, w.integers(-1, *heads, m, n))
        if node.op == "contract_transposed":
            m, n = n, m
            matrix = w.add("Transpose", matrix, perm=[0, 2, 1] if not heads else [0, 1, 3, 2])
        vector = w.add("Reshape", second, w.integers(-1, *heads, n, 1))
        return w.add("Reshape", w.add("MatMul", matrix, vector), w.integers(-1, m * math.prod(heads)))

    def rows(self, node: Node) -> str:
        """Return a value with all its rows and columns (B, n), whatever it depends on."""
        w = self.writer
        rows = w.add("Slice", w.add("Shape", self.state), w.integers(0), w.integers(1), w.integers(0))
        whole = w.add("Concat", rows, w.integers(node.size.value(self.sizes)), axis=0)
        return w.add("Expand", self.values[id(node)], whole)
