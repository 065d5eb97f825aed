"""Parts of the drawing of a step: what becomes a box, a sign in a circle, or part of a label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from recur.equations.graph import Graph, Node, text

SIGNS = {
    "add": "+", "sub": "−", "mul": "×", "div": "÷", "neg": "−", "greater": ">", "pow": "^", "sum": "Σ",
    "outer": "⊗", "contract": "·", "contract_transposed": "·ᵀ", "concat": "[ ]", "maximum": "max", "minimum": "min",
    "largest": "max", "mean": "mean",
}  # fmt: skip
FUNCTIONS = {"sigmoid": "σ", "softplus": "softplus", "sqrt": "√"}
_ACTIVATIONS = frozenset({"sigmoid", "tanh", "relu", "softplus"})
_SAME = {"slice", "expand"}  # operations that are drawn as their argument


@dataclass
class Part:
    """What is drawn for one value of the step.

    Attributes
    ----------
    node : Node
        The value.
    kind : str
        "input", "state", "product" (a matrix product with what is added to it), "gate" (a function of a product),
        "function", "sign", or "output" (a state at t).
    label : str
        What is written on it.
    args : list of int
        ``id(node)`` of the values that are drawn as lines into it.
    name : str
        The name that the equation gives it, "" without one.
    gate : bool
        Whether it is a gate or a candidate: an activation of a product, or of sums and multiples of one.
    """

    node: Node
    kind: str
    label: str
    args: list[int] = field(default_factory=list)
    name: str = ""
    gate: bool = False


def parts(graph: Graph, names: Mapping[int, str]) -> dict[int, Part]:
    """The parts of a step in the order of computation, by ``id(node)``; those of the new states by the state's name.

    A new state is a part of its own, with the key ``-1 - n`` for the n-th one.
    """
    return _Parts(graph, names).collect()


class _Parts:
    def __init__(self, graph: Graph, names: Mapping[int, str]) -> None:
        self.graph, self.names = graph, names
        self.uses: Counter[int] = Counter(id(a) for node in graph.order for a in node.args)
        self.uses.update(id(node) for node in graph.outputs.values())
        self.moving = {id(graph.input), *(id(node) for node in graph.states.values())}
        for node in graph.order:
            if any(id(a) in self.moving for a in node.args):
                self.moving.add(id(node))
        self.new = {id(node) for node in graph.outputs.values()}
        self.found: dict[int, Part] = {}
        self.weighted: set[int] = set()  # products, and signs that read one: no activation is in between

    def collect(self) -> dict[int, Part]:
        graph = self.graph
        for name, node in graph.states.items():
            self.found[id(node)] = Part(node, "state", name)
        self.found[id(graph.input)] = Part(graph.input, "input", str(graph.input.attribute))
        inside = self._absorbed()
        for node in graph.order:
            if id(node) not in self.moving or id(node) in self.found or id(node) in inside:
                continue
            if node.op not in _SAME and not self._summed(node):
                part = self.found[id(node)] = self._part(node)
                if part.kind == "product" or (part.kind == "sign" and self.weighted & set(part.args)):
                    self.weighted.add(id(node))
        for number, (name, node) in enumerate(graph.outputs.items()):
            source = self.shown(node)
            if id(source) in self.found:
                self.found[-1 - number] = Part(node, "output", name, [id(source)])
        return self._reached()

    def _reached(self) -> dict[int, Part]:
        """The parts that a new state depends on, and what is given."""
        reached = {key for key, part in self.found.items() if part.kind in {"input", "state", "output"}}
        for key, part in reversed(self.found.items()):
            if key in reached:
                reached.update(part.args)
        return {key: part for key, part in self.found.items() if key in reached}

    def shown(self, node: Node) -> Node:
        """The node whose part a value is drawn as."""
        while node.op in _SAME:
            node = node.args[0]
        return node

    def _terms(self, node: Node, top: bool = True) -> list[Node] | None:
        """The terms of a sum of products and constants; None where another kind of term is in it."""
        if id(node) not in self.moving or (node.op == "matvec" and id(node.args[0]) not in self.moving):
            return [node] if top or id(node) not in self.moving or self.uses[id(node)] == 1 else None
        if node.op != "add" or (not top and self.uses[id(node)] > 1):
            return None
        found: list[Node] = []
        for one in node.args:
            more = self._terms(one, top=False)
            if more is None:
                return None
            found += more
        return found

    def _products(self, node: Node) -> list[Node]:
        terms = self._terms(node) if node.op in {"add", "matvec"} else None
        return terms if terms and any(one.op == "matvec" for one in terms) else []

    def _absorbed(self) -> set[int]:
        """Sums and products that are within a larger sum."""
        inside: set[int] = set()
        for node in self.graph.order:
            if node.op == "add" and self._products(node):
                inside |= {id(one) for one in self._products(node)}
                waiting = list(node.args)
                while waiting:
                    one = waiting.pop()
                    if one.op == "add" and id(one) in self.moving:
                        inside.add(id(one))
                        waiting += one.args
        return inside

    def _over_products(self, node: Node) -> bool:
        part = self.found.get(id(self.shown(node)))
        return part is not None and part.kind == "product"

    def _summed(self, node: Node) -> bool:
        """Whether a node is a sum of products that are boxes of their own, read by one function: a gate adds them."""
        if node.op != "add" or self.uses[id(node)] != 1 or not all(self._over_products(one) for one in node.args):
            return False
        return any(node in one.args and one.op in _ACTIVATIONS for one in self.graph.order)

    def _part(self, node: Node) -> Part:
        name = self.names.get(id(node), "")
        terms = self._products(node)
        if terms:
            args = [id(self.shown(one.args[1])) for one in terms if one.op == "matvec"]
            return Part(node, "product", " + ".join(self._term(one) for one in terms), args, name)
        read = node.args
        if node.op in _ACTIVATIONS and self._summed(node.args[0]):
            read = node.args[0].args
        args = [id(self.shown(one)) for one in read if id(one) in self.moving]
        if node.op == "surrogate":
            return Part(node, "function", "step", args[:1], name)
        fixed = next((text(one, 2) for one in node.args if id(one) not in self.moving), "")
        if node.op in SIGNS:
            label = SIGNS[node.op]
            if fixed and len(node.args) == 2:
                label = f"{fixed} {label}" if id(node.args[0]) not in self.moving else f"{label} {fixed}"
            return Part(node, "sign", label, args, name)
        gate = node.op in _ACTIVATIONS and all(self.found[one].kind == "product" for one in args)
        if not name and id(node.args[0]) not in self.new:
            name = self.names.get(id(node.args[0]), "")
        return Part(
            node, "gate" if gate else "function",
            FUNCTIONS.get(node.op, node.op), args, name, node.op in _ACTIVATIONS and bool(self.weighted & set(args)),
        )  # fmt: skip

    def _term(self, node: Node) -> str:
        if node.op != "matvec":
            return text(node, 2)
        vector = self.shown(node.args[1])
        leaf = {"state": "{}_t−1", "input": "{}_t"}.get(vector.op)
        return f"{text(node.args[0], 2)} {leaf.format(vector.attribute)}" if leaf else f"{text(node.args[0], 2)} ·"
