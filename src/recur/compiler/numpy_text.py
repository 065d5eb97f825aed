"""NumPy code generation: one step of one cell as a Python function of one row, written to be read.

Values that the equation names have these names; any other is written where it is used, or has a name of its own where
it is used twice. Sizes are numbers. The text is written from the graph as the eager backend runs it, so that every cell
has one. It needs ``np`` and what HELPERS defines.
"""

from __future__ import annotations

import keyword
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from recur.equations.graph import Graph, Node
from recur.equations.sizes import Size

HELPERS = '''
def sigmoid(x):
    """1 / (1 + e^-x), without overflow."""
    return 0.5 * np.tanh(0.5 * x) + 0.5


def softplus(x):
    """log(1 + e^x), without overflow."""
    return np.logaddexp(x, np.float32(0))


def relu(x):
    """The positive part."""
    return np.maximum(x, 0)


def erf(x):
    """The error function, element by element."""
    return np.array([math.erf(one) for one in np.atleast_1d(x)], np.float32)


def greater(a, b):
    """1 where a > b, else 0."""
    return (np.asarray(a) > b).astype(np.float32)


def spread(x, size):
    """One number, or a vector, as a vector of a size."""
    return np.broadcast_to(np.asarray(x, np.float32), (size,))
'''
"""What the text calls beside NumPy; it needs ``math``."""

_INFIX = {"add": ("+", 1), "sub": ("-", 1), "mul": ("*", 2), "div": ("/", 2), "pow": ("**", 4)}
_CALLS = {
    "tanh": "np.tanh", "exp": "np.exp", "log": "np.log", "sqrt": "np.sqrt", "abs": "np.abs", "sign": "np.sign",
    "sin": "np.sin", "cos": "np.cos", "atan": "np.arctan", "floor": "np.floor", "maximum": "np.maximum",
    "minimum": "np.minimum", "sigmoid": "sigmoid", "softplus": "softplus", "relu": "relu", "erf": "erf",
    "greater": "greater",
}  # fmt: skip
_ATOM, _PRODUCT, _NEGATIVE = 9, 2, 3
_LONGEST = 72  # characters of an expression within another
_TAKEN = {"np", "math", "sigmoid", "softplus", "relu", "erf", "greater", "spread"}


@dataclass(frozen=True)
class NumpyStep:
    """A step as Python.

    Attributes
    ----------
    code : str
        The function: ``name(x, STATES, *, PARAMETERS)`` returns the new states in their order.
    states : tuple of str
        The states in the order of arguments and results.
    parameters : dict of str to str
        The name of each parameter's argument to its own name.
    """

    code: str
    states: tuple[str, ...]
    parameters: dict[str, str]


def step(
    graph: Graph, sizes: Mapping[str, int], *, name: str, names: Mapping[int, str], noises: Mapping[str, float],
    about: str,
) -> NumpyStep:  # fmt: skip
    """Write the step of a graph in NumPy.

    Parameters
    ----------
    graph : Graph
        The step.
    sizes : mapping of str to int
        A number for each size symbol.
    name : str
        Of the function.
    names : mapping of int to str
        Names of nodes by ``id(node)``.
    noises : mapping of str to float
        The expectation of each noise.
    about : str
        Its docstring, of one line.
    """
    return _Writer(graph, sizes, names, noises).write(name, about)


class _Writer:
    def __init__(
        self, graph: Graph, sizes: Mapping[str, int], names: Mapping[int, str], noises: Mapping[str, float]
    ) -> None:
        self.graph, self.sizes, self.names, self.noises = graph, sizes, names, noises
        self.taken: set[str] = set(_TAKEN)
        self.texts: dict[int, tuple[str, int]] = {}  # expression of a node, and how tightly it binds
        self.lines: list[str] = []
        self.whole: set[int] = set()  # what has all elements of its size, and is not one number for all of them
        self.results = {id(node): f"{state}_new" for state, node in graph.outputs.items()}

    def write(self, name: str, about: str) -> NumpyStep:
        graph = self.graph
        self.texts[id(graph.input)] = self._new("x"), _ATOM
        states = {state: self._new(state) for state in graph.states}
        for state, node in graph.states.items():
            self.texts[id(node)] = states[state], _ATOM
        parameters = {self._new(one): one for one in graph.parameters}
        for own, one in parameters.items():
            self.texts[id(graph.parameters[one])] = own, _ATOM
        self.whole |= set(self.texts)
        uses = Counter(id(a) for node in graph.order for a in node.args)
        uses.update(id(node) for node in graph.outputs.values())
        for node in graph.order:
            if id(node) not in self.texts:
                self._compute(node, uses[id(node)])
        results = [self._vector(graph.outputs[state]) for state in graph.states]
        arguments = ", ".join([self.texts[id(graph.input)][0], *states.values(), *(["*"] if parameters else [])])
        head = f"def {name}({', '.join([arguments, *parameters])}):"
        body = [f'"""{about}"""', *self.lines, f"return {', '.join(results)}{',' * (len(results) == 1)}"]
        code = "\n".join([head, *(f"    {line}" for line in body)]) + "\n"
        return NumpyStep(code, tuple(graph.states), parameters)

    def _new(self, wanted: str) -> str:
        """A name that nothing else has."""
        stem = wanted if wanted.isidentifier() and not keyword.iskeyword(wanted) else "v"
        name, number = stem, 1
        while name in self.taken:
            number += 1
            name = f"{stem}{'' if stem == 'v' else '_'}{number}"
        self.taken.add(name)
        return name

    def _size(self, size: Size) -> int:
        return size.value(self.sizes)

    def _of(self, node: Node, least: int = 0) -> str:
        """The expression of a node, in brackets where an operator around it binds more tightly."""
        text, binds = self.texts[id(node)]
        return f"({text})" if binds < least else text

    def _compute(self, node: Node, uses: int) -> None:
        text, binds = self._expression(node)
        element_wise = node.op in _INFIX or node.op in _CALLS or node.op in {"neg", "surrogate"}
        if node.args and (not element_wise or any(id(a) in self.whole and a.size == node.size for a in node.args)):
            self.whole.add(id(node))
        own = self.results.get(id(node)) or self.names.get(id(node), "")
        given = re.fullmatch(r"[^\W\d]\w*", own) is not None
        leaf = not node.args
        if leaf or (not given and uses == 1 and len(text) <= _LONGEST):
            self.texts[id(node)] = text, binds
            return
        name = self._new(own if given else "v")
        self.lines.append(f"{name} = {text}")
        self.texts[id(node)] = name, _ATOM

    def _expression(self, node: Node) -> tuple[str, int]:
        op, args = node.op, node.args
        if op in _INFIX:
            sign, binds = _INFIX[op]
            left, right = self._of(args[0], binds + (op == "pow")), self._of(args[1], binds + 1)
            return f"{left} {sign} {right}", binds
        if op == "neg":
            return f"-{self._of(args[0], _NEGATIVE)}", _NEGATIVE
        if op in _CALLS:
            return f"{_CALLS[op]}({', '.join(self._of(a) for a in args)})", _ATOM
        if op in {"matvec", "matvec_transposed"}:
            matrix = self._of(args[0], _ATOM) + (".T" if op == "matvec_transposed" else "")
            return f"{matrix} @ {self._vector(args[1])}", _PRODUCT
        return self._other(node), _PRODUCT if op.startswith("contract") and len(node.attribute) == 2 else _ATOM

    def _vector(self, node: Node) -> str:
        """The expression of a node with all its elements, where it may be one number for all of them."""
        return self._of(node, _ATOM) if id(node) in self.whole else f"spread({self._of(node)}, {self._size(node.size)})"

    def _other(self, node: Node) -> str:
        op, args = node.op, node.args
        if op == "constant":
            return repr(float(node.attribute))
        if op == "count":
            return repr(float(self._size(node.attribute)))
        if op == "zeros":
            return "0.0"
        if op in {"noise", "mask"}:
            return repr(self.noises[node.attribute])
        if op == "slice":
            start, stop = map(self._size, node.attribute)
            return f"{self._vector(args[0])}[{start}:{stop}]"
        if op == "concat":
            return f"np.concatenate([{', '.join(self._vector(a) for a in args)}])"
        if op in {"sum", "largest"}:
            return f"np.{'sum' if op == 'sum' else 'max'}({self._vector(args[0])}, keepdims=True)"
        if op == "expand":
            return (
                self._of(args[0], _ATOM)
                if id(args[0]) in self.whole and args[0].size == node.size
                else f"spread({self._of(args[0])}, {self._size(node.size)})"
            )
        if op == "surrogate":
            return self._of(args[0], _ATOM)
        if op == "transposed":
            return f"{self._of(args[0], _ATOM)}.T"
        if op in {"outer", "contract", "contract_transposed"} and len(node.attribute) == 3:
            return self._by_head(node)
        if op == "outer":
            return f"np.outer({self._vector(args[0])}, {self._vector(args[1])}).ravel()"
        rows, columns = map(self._size, node.attribute)
        matrix = f"{self._vector(args[0])}.reshape({rows}, {columns})"
        return f"{matrix}{'.T' if op == 'contract_transposed' else ''} @ {self._vector(args[1])}"

    def _by_head(self, node: Node) -> str:
        """One matrix for each head, and the part of each vector that belongs to it."""
        rows, columns, heads = map(self._size, node.attribute)
        first, second = map(self._vector, node.args)
        if node.op == "outer":
            return f"({first}.reshape({heads}, {rows}, 1) * {second}.reshape({heads}, 1, {columns})).ravel()"
        matrix = f"{first}.reshape({heads}, {rows}, {columns})"
        if node.op == "contract":
            return f"({matrix} @ {second}.reshape({heads}, {columns}, 1)).ravel()"
        return f"({second}.reshape({heads}, 1, {rows}) @ {matrix}).ravel()"
