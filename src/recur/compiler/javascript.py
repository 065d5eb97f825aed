"""JavaScript code generation: forward and backward step of one cell on typed arrays, for any cell and any size.

The text is one function ``(n, w, k, A) => step``: ``n`` has a number for each size symbol, ``w`` an array for each
parameter (row after row), ``k`` a number for each noise, ``A`` is ``Float32Array`` or ``Float64Array``. A frame ``f``
holds every value of one step at a fixed place, so that a sequence of frames is the tape of BPTT, and every gate can be
read from it; a frame ``d`` holds every derivative:

    step.forward(f)         x_t and the states at t-1 of the frame  ->  every value, and the states at t
    step.backward(f, d, g)  dE/dstates_t  ->  dE/dx_t and dE/dstates_{t-1}; g, where given, adds up dE/dparameters

Element-wise operations of one size are joined to one loop. The text is written from the graph and its gradient as the
eager backend runs them, so that also cells are covered whose rows have matrices of their own.
"""

from __future__ import annotations

import json
import math
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from recur.compiler.gradient import StepGradient, gradient
from recur.compiler.kernel_text import INFIX
from recur.compiler.partition import NotCompiledError
from recur.compiler.plan import plan
from recur.equations.graph import Graph, Node, topological
from recur.equations.sizes import ONE, Size, factors

_CALLS = {
    "tanh": "Math.tanh", "exp": "Math.exp", "log": "Math.log", "sqrt": "Math.sqrt", "abs": "Math.abs",
    "sin": "Math.sin", "cos": "Math.cos", "atan": "Math.atan", "floor": "Math.floor",
    "pow": "arithmetic.pow", "maximum": "Math.max", "minimum": "Math.min", "sigmoid": "arithmetic.sigmoid",
    "softplus": "arithmetic.softplus", "erf": "arithmetic.erf",
}  # fmt: skip
_NUMBERS = frozenset({"constant", "count", "zeros", "noise", "mask"})
_PRODUCTS = {
    "matvec": "product", "matvec_transposed": "transposed", "contract": "product", "contract_transposed": "transposed",
}  # fmt: skip


@dataclass(frozen=True)
class _Place:
    """Where a vector is: an array, and the expression of its first element."""

    array: str
    offset: str

    def at(self, index: str) -> str:
        places = [one for one in (self.offset, index) if one != "0"]
        return f"{self.array}[{' + '.join(places) or '0'}]"


@cache
def functions() -> str:
    """The functions that the text calls, as the object ``arithmetic``."""
    return Path(__file__).with_name("arithmetic.js").read_text(encoding="utf-8")


def step(graph: Graph, values: Mapping[str, Node] | None = None) -> str:
    """Write the forward and the backward step of a graph in JavaScript.

    Parameters
    ----------
    graph : Graph
        The step.
    values : mapping of str to Node, optional
        Values of the step whose places are given by name, such as its gates.

    Returns
    -------
    str
        An expression: the function that makes the step for given sizes and parameters. What it makes has ``frame`` and
        ``back``, the sizes of ``f`` and ``d``, and places ``[first, count]``: of ``x`` and ``dx``; for each of
        ``states`` of ``before``, ``after``, ``seed`` and ``message``; for each of ``values`` of its ``value`` and,
        where the states depend on it, its ``derivative``. ``products`` has for each matrix the vectors dz and v of its
        share dE/dW += dz v^T, each as ``[frame, first, count]`` with "f" or "d" for the frame.

    Raises
    ------
    NotCompiledError
        If the step has an operation that has no form in JavaScript.
    """
    return _Writer(graph, values or {}).write()


class _Sizes:
    """The sizes of a step, each a constant of the text."""

    def __init__(self) -> None:
        self.names: dict[Size, str] = {}

    def __call__(self, size: Size) -> str:
        if not size.terms:
            return str(size.constant)
        return self.names.setdefault(size, f"s{len(self.names)}")

    def lines(self) -> list[str]:
        return [f"const {name} = {_expression(size)};" for size, name in self.names.items()]


def _expression(size: Size) -> str:
    terms = []
    for symbol, factor in size.terms:
        above, below = factors(symbol)
        product = [*([str(factor)] if factor != 1 else []), *(f"n[{json.dumps(one)}]" for one in above)]
        terms.append(" / ".join([" * ".join(product), *(f"n[{json.dumps(one)}]" for one in below)]))
    return " + ".join([*terms, *([str(size.constant)] if size.constant else [])])


@dataclass
class _Group:
    """One loop over the elements of vectors of one size, or one operation that is not element-wise."""

    size: Size | None
    nodes: list[Node] = field(default_factory=list)


def _element_wise(node: Node) -> bool:
    return node.op in INFIX or node.op in _CALLS or node.op in _INLINE


def _grouped(nodes: Iterable[Node]) -> tuple[list[_Group], dict[int, int]]:
    """Assign nodes to loops: each to the first of its size that has, or comes after, what it reads."""
    groups: list[_Group] = []
    made: dict[int, int] = {}  # the group of a node; of a slice that of the vector, -1 for one that was given
    for node in nodes:
        if node.op == "slice":
            made[id(node)] = made.get(id(node.args[0]), -1)
            continue
        if not _element_wise(node):
            made[id(node)] = len(groups)
            groups.append(_Group(None, [node]))
            continue
        earliest = 0
        for one in node.args:
            group = made.get(id(one), -1)
            beside = group >= 0 and one.op != "slice" and groups[group].size == node.size
            earliest = max(earliest, group if beside else group + 1)
        number = next((i for i in range(earliest, len(groups)) if groups[i].size == node.size), len(groups))
        if number == len(groups):
            groups.append(_Group(node.size))
        groups[number].nodes.append(node)
        made[id(node)] = number
    return groups, made


class _Section:
    """The statements that compute nodes into one array."""

    def __init__(self, array: str, sizes: _Sizes, places: dict[int, _Place]) -> None:
        self.array, self.sizes, self.places = array, sizes, places
        self.layout: list[str] = []
        self.lines: list[str] = []

    def room(self, size: Size) -> _Place:
        """New memory of the array."""
        offset = f"{self.array}{len(self.layout)}"
        self.layout.append(f"const {offset} = {self.array}Size; {self.array}Size += {self.sizes(size)};")
        return _Place(self.array, offset)

    def leaf(self, node: Node) -> _Place:
        """Memory of a value that is given."""
        place = self.places[id(node)] = self.room(node.size)
        return place

    def compute(self, nodes: Iterable[Node], read_later: Container[int] = ()) -> None:
        """Write nodes, in order; those in ``read_later`` are kept, as all are that another loop reads."""
        nodes = list(nodes)
        groups, made = _grouped(nodes)
        kept = {
            id(one) for node in nodes for one in node.args
            if node.op == "slice" or made.get(id(one)) != made[id(node)] or groups[made[id(node)]].size is None
        }  # fmt: skip
        for node in nodes:
            if node.op == "slice":
                self._alias(node)
            elif not _element_wise(node) or id(node) in kept or id(node) in read_later:
                self.leaf(node)
        for group in groups:
            if group.size is None:
                self._single(group.nodes[0])
            else:
                self._loop(group.nodes, group.size)

    def _alias(self, node: Node) -> None:
        source, start = node.args[0], node.attribute[0]
        place = self.places.get(id(source)) or self.vector(source, source.size)  # a part of zeros is zeros
        first = self.sizes(start)
        self.places[id(node)] = place if first == "0" else _Place(place.array, f"{place.offset} + {first}")

    def _loop(self, nodes: list[Node], size: Size) -> None:
        names: dict[int, str] = {}
        body: list[str] = []

        def value(node: Node) -> str:
            if id(node) in names:
                return names[id(node)]
            if id(node) not in self.places:
                return number(node, self.sizes)
            names[id(node)] = name = f"v{len(names)}"
            place = self.places[id(node)]
            body.append(f"const {name} = {place.at('0' if node.size == ONE else 'i')};")
            return name

        for node in nodes:
            operands = [value(one) for one in node.args]
            names[id(node)] = name = f"v{len(names)}"
            body.append(f"const {name} = {_written(node.op, operands)};")
            if id(node) in self.places:
                body.append(f"{self.places[id(node)].at('0' if size == ONE else 'i')} = {name};")
        head = "{" if size == ONE else f"for (let i = 0; i < {self.sizes(size)}; ++i) {{"
        self.lines += [head, *(f"  {line}" for line in body), "}"]

    def vector(self, node: Node, size: Size) -> _Place:
        """The place of a vector with all its elements, where it is one number for all of them."""
        place = self.places.get(id(node))
        if place is not None and node.size == size:
            return place
        whole = self.room(size)
        one = number(node, self.sizes) if place is None else place.at("0")
        self.lines.append(f"{self.array}.fill({one}, {whole.offset}, {whole.offset} + {self.sizes(size)});")
        return whole

    def own(self, node: Node, size: Size) -> _Place:
        """The place of a vector in this section's array; a copy if it is in another."""
        place = self.vector(node, size)
        if place.array == self.array:
            return place
        copy = self.room(size)
        self._copy(place, copy, size)
        return copy

    def _copy(self, source: _Place, target: _Place, size: Size) -> None:
        self.lines.append(
            f"arithmetic.copy({source.array}, {source.offset}, {target.array}, {target.offset}, {self.sizes(size)});"
        )

    def _single(self, node: Node) -> None:
        place, op, size = self.places[id(node)], node.op, self.sizes
        if op == "expand":
            one = node.args[0]
            value = self.places[id(one)].at("0") if id(one) in self.places else number(one, size)
            self.lines.append(f"{place.array}.fill({value}, {place.offset}, {place.offset} + {size(node.size)});")
        elif op == "concat":
            before: Size | None = None
            for part in node.args:
                at = place if before is None else _Place(place.array, f"{place.offset} + {size(before)}")
                self._copy(self.vector(part, part.size), at, part.size)
                before = part.size if before is None else before + part.size
        elif op in {"sum", "largest"}:
            vector = self.vector(node.args[0], node.args[0].size)
            call = f"arithmetic.{op}({vector.array}, {vector.offset}, {size(node.args[0].size)})"
            self.lines.append(f"{place.at('0')} = {call};")
        elif op == "outer":
            rows, columns, *heads = node.attribute
            u, v = (self.vector(a, one.times(*heads) if heads else one)
                    for a, one in zip(node.args, (rows, columns), strict=True))  # fmt: skip
            parts = ((u, rows), (v, columns), (place, rows.times(columns)))
            first, second, to = (self._of_head(one, part, heads) for one, part in parts)
            self._each_head(heads, f"arithmetic.outer({first}, {size(rows)}, {second}, {size(columns)}, {to});")
        elif op in _PRODUCTS:
            rows, columns, *heads = node.args[0].shape if op.startswith("matvec") else node.attribute
            matrix = self.vector(node.args[0], node.args[0].size) if op.startswith("contract") else None
            matrix = matrix or self.places[id(node.args[0])]
            reads, makes = (rows, columns) if op.endswith("transposed") else (columns, rows)
            v = self.vector(node.args[1], node.args[1].size if heads else reads)
            parts = ((matrix, rows.times(columns)), (v, reads), (place, makes))
            first, second, to = (self._of_head(one, part, heads) for one, part in parts)
            call = f"arithmetic.{_PRODUCTS[op]}({first}, {size(rows)}, {size(columns)}, {second}, {to});"
            self._each_head(heads, call)
        else:
            raise NotCompiledError(f"{node}: {op} has no form in JavaScript")

    def _of_head(self, place: _Place, size: Size, heads: list[Size]) -> str:
        """The array of a vector and its first element; with heads that of head ``b``."""
        return f"{place.array}, {place.offset}{f' + b * {self.sizes(size)}' if heads else ''}"

    def _each_head(self, heads: list[Size], statement: str) -> None:
        self.lines.append(f"for (let b = 0; b < {self.sizes(heads[0])}; ++b) {statement}" if heads else statement)


def number(node: Node, sizes: _Sizes) -> str:
    """The expression of a leaf that is one number."""
    if node.op == "constant":
        value = float(node.attribute)
        return repr(value) if math.isfinite(value) else "NaN" if value != value else f"{'-' * (value < 0)}Infinity"
    if node.op == "count":
        return sizes(node.attribute)
    if node.op == "zeros":
        return "0"
    if node.op in _NUMBERS:
        return f"k[{json.dumps(node.attribute)}]"
    raise NotCompiledError(f"{node}: the leaf {node.op} has no form in JavaScript")


_INLINE = {
    "neg": "-({0})", "relu": "{0} < 0 ? 0 : {0}", "greater": "{0} > {1} ? 1 : 0", "surrogate": "{0}",
    "sign": "{0} > 0 ? 1 : {0} < 0 ? -1 : 0", "equal": "{0} === {1} ? 1 : 0", "where_positive": "{1} <= 0 ? 0 : {0}",
    "where_larger": "{1} < {2} ? 0 : {1} === {2} ? {0} / 2 : {0}",
}  # fmt: skip


def _written(op: str, operands: list[str]) -> str:
    if op in INFIX:
        return f"{operands[0]} {INFIX[op]} {operands[1]}"
    if op in _INLINE:
        return _INLINE[op].format(*operands)
    return f"{_CALLS[op]}({', '.join(operands)})"


class _Writer:
    def __init__(self, graph: Graph, values: Mapping[str, Node]) -> None:
        self.graph, self.values = graph, values
        self.derived: StepGradient = gradient(graph)
        self.sizes = _Sizes()
        self.places: dict[int, _Place] = {}
        for name, node in graph.parameters.items():
            self.places[id(node)] = _Place(f"w[{json.dumps(name)}]", "0")

    def write(self) -> str:
        graph, sizes = self.graph, self.sizes
        once, forward, backward = (_Section(name, sizes, self.places) for name in "cfd")
        phases, gradient_nodes = plan(graph), self._backward()
        read = {id(one) for node in gradient_nodes for one in node.args}
        read |= {id(one) for one in (*graph.outputs.values(), *self.values.values(), *self._targets())}
        once.compute(phases.once, read | {id(a) for node in (*phases.before, *phases.inside) for a in node.args})
        x = forward.leaf(graph.input)
        before = {name: forward.leaf(node) for name, node in graph.states.items()}
        forward.compute([*phases.before, *phases.inside], read)
        after = {name: forward.own(node, graph.states[name].size) for name, node in graph.outputs.items()}
        values = {name: (forward.own(node, node.size), node) for name, node in self.values.items()}
        seeds = {name: backward.leaf(node) for name, node in self.derived.seeds.items()}
        backward.compute(gradient_nodes, {id(one) for one in self._targets()})
        dx = backward.own(self.derived.input, graph.input.size)
        messages = {n: backward.own(node, graph.states[n].size) for n, node in self.derived.states.items()}
        derivatives = {
            name: backward.own(self.derived.nodes[id(node)], node.size)
            for name, node in self.values.items() if id(node) in self.derived.nodes
        }  # fmt: skip
        sums, products = self._sums(backward)
        states = [  # computed keys: "__proto__" is one like any other
            f"[{json.dumps(name)}]: {{ before: {self._range(before[name], node.size)}, "
            f"after: {self._range(after[name], node.size)}, seed: {self._range(seeds[name], node.size)}, "
            f"message: {self._range(messages[name], node.size)} }}"
            for name, node in graph.states.items()
        ]
        shown = []
        for name, (place, node) in values.items():
            back = f", derivative: {self._range(derivatives[name], node.size)}" if name in derivatives else ""
            shown.append(f"[{json.dumps(name)}]: {{ value: {self._range(place, node.size)}{back} }}")
        body = [
            *(["let cSize = 0;", *once.layout, "const c = new A(cSize);", *once.lines] if once.layout else []),
            "let fSize = 0;", *forward.layout, "let dSize = 0;", *backward.layout,
            "return {",
            f"  frame: fSize, back: dSize, x: {self._range(x, graph.input.size)}, "
            f"dx: {self._range(dx, graph.input.size)},",
            f"  states: {{ {', '.join(states)} }},",
            f"  values: {{ {', '.join(shown)} }},", f"  products: {{ {', '.join(products)} }},",
            "  forward(f) {", *(f"    {line}" for line in forward.lines), "  },", "  backward(f, d, g) {",
            *(f"    {line}" for line in (*backward.lines, "if (!g) return;", *sums)), "  },", "};",
        ]  # fmt: skip
        text = "\n".join(f"  {line}" for line in [*sizes.lines(), *body])
        # what is not read at the end of the list is left out of it
        given = "n, w, k, A" if once.layout else "n, w, k" if "k[" in text else "n, w"
        return f"({given}) => {{\n{text}\n}}"

    def _range(self, place: _Place, size: Size) -> str:
        return f"[{place.offset}, {self.sizes(size)}]"

    def _targets(self) -> list[Node]:
        """What the gradient is read from: derivatives, and the vectors of the products."""
        derived = self.derived
        targets = [*derived.states.values(), derived.input, *derived.vectors.values()]
        targets += [node for pairs in derived.products.values() for pair in pairs for node in pair]
        return targets + [derived.nodes[id(node)] for node in self.values.values() if id(node) in derived.nodes]

    def _backward(self) -> list[Node]:
        """The nodes of the gradient that are not of the forward step."""
        forward = {id(node) for node in self.graph.order}
        return [node for node in topological(self._targets()) if node.args and id(node) not in forward]

    def _sums(self, backward: _Section) -> tuple[list[str], list[str]]:
        """The statements that add this step's share to the gradient of each parameter, and the factors of shares."""
        before = len(backward.lines)
        lines, products = [], []
        for name, pairs in self.derived.products.items():
            factors = []
            for dz, v in pairs:
                rows, columns = self._factor(backward, dz), self._factor(backward, v)
                first, second = f"{rows.offset}, {self.sizes(dz.size)}", f"{columns.offset}, {self.sizes(v.size)}"
                lines.append(
                    f"arithmetic.share(g[{json.dumps(name)}], {rows.array}, {first}, {columns.array}, {second});"
                )
                factors.append(f'[["{rows.array}", {first}], ["{columns.array}", {second}]]')
            products.append(f"[{json.dumps(name)}]: [{', '.join(factors)}]")
        for name, node in self.derived.vectors.items():
            size = self.graph.parameters[name].size
            place, target = backward.vector(node, size), f"g[{json.dumps(name)}]"
            lines.append(f"arithmetic.add({place.array}, {place.offset}, {target}, {self.sizes(size)});")
        copies = backward.lines[before:]
        del backward.lines[before:]
        return [*copies, *lines], products

    def _factor(self, backward: _Section, node: Node) -> _Place:
        """The place of a factor in one of the two frames."""
        place = backward.vector(node, node.size)
        return place if place.array in {"f", "d"} else backward.own(node, node.size)
