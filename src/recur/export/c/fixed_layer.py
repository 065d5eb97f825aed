"""One recurrent layer in whole numbers of 16 bits, from its graph; each value has the fraction that fits it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from recur.engine.noise import expected, noisy
from recur.engine.operations import Values, evaluate, number_of
from recur.equations.graph import Graph, Node
from recur.errors import ConfigError
from recur.export.c.fixed import HINT, Place, Steps, fraction_of, whole
from recur.nn import Recurrent
from recur.nn.graph_writer import array_of

ROOM = 2.0
"""How many times the largest number that was met a number may become."""

_NO_FORM = {
    "div": "a quotient has no bound", "exp": "an exponential has no bound", "log": "a logarithm has no bound",
}  # fmt: skip
_ELEMENT_WISE = {"mul", "add", "sub", "neg", "relu"}


@dataclass
class FixedLayer:
    """A layer, how large its values become, and its statements.

    Attributes
    ----------
    cell : str
        The name of its equation.
    number : int
        Its place among the layers.
    graph : Graph
        One step.
    sizes : mapping of str to int
        A number for each size symbol.
    known : dict of int to Tensor or float
        The values of parameters and expectations, by ``id(node)``.
    initial : dict of str to ndarray
        The states before the first step.
    largest : dict of int to float
        The largest of each value that was met.
    held : dict of str to Place
        The states in memory, once the layer is written.
    """

    cell: str
    number: int
    graph: Graph
    sizes: Mapping[str, int]
    known: Values
    initial: dict[str, np.ndarray]
    largest: dict[int, float] = field(default_factory=dict)
    held: dict[str, Place] = field(default_factory=dict)
    places: dict[int, Place] = field(default_factory=dict)

    def step(self, x: Tensor, states: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run one step in float64, and remember how large each value is."""
        values: Values = {**self.known, id(self.graph.input): x}
        values |= {id(node): states[name] for name, node in self.graph.states.items()}
        nodes = [node for node in self.graph.order if node.args and id(node) not in values]
        evaluate(nodes, values, self.sizes)
        for node in (*nodes, self.graph.input, *self.graph.states.values()):
            size = float(torch.as_tensor(values[id(node)]).abs().max())
            self.largest[id(node)] = max(self.largest.get(id(node), 0.0), size)
        return {name: self._vector(node, values) for name, node in self.graph.outputs.items()}

    def _vector(self, node: Node, values: Values) -> Tensor:
        value = values[id(node)] if id(node) in values else number_of(node, self.sizes)
        return torch.as_tensor(value, dtype=torch.float64).reshape(-1).expand(self._size(node)).clone()

    def _size(self, node: Node) -> int:
        return node.size.value(self.sizes)

    def write(self, steps: Steps, x: Place) -> tuple[Place, list[tuple[Place, Place]]]:
        """Add the statements of one step.

        Returns
        -------
        Place
            Its output.
        list of (Place, Place)
            The new states, and where they are copied at the end of the step.
        """
        self.places = {id(self.graph.input): x}
        for state, node in self.graph.states.items():
            largest = max(self.largest[id(node)], self.largest.get(id(self.graph.outputs[state]), 0.0))
            array = f"s->l{self.number}_{len(self.held)}"
            self.held[state] = self.places[id(node)] = Place(array, 0, self._size(node), fraction_of(largest, ROOM))
        for node in self.graph.order:
            if id(node) not in self.places and node.args:
                self.places[id(node)] = self._node(steps, f"l{self.number}_{len(self.places)}", node)
        copies: list[tuple[Place, Place]] = []
        for state, node in self.graph.outputs.items():
            to = self.held[state]
            # a state may become another one, which is overwritten by then
            new = steps.room(to.size, to.fraction)
            steps.convert(self._place(steps, f"l{self.number}_new{len(copies)}", node), new)
            copies.append((new, to))
        return copies[0][0], copies

    def _place(self, steps: Steps, name: str, node: Node) -> Place:
        """Where a value is: numbers that do not change are constants."""
        if id(node) in self.places:
            return self.places[id(node)]
        if id(node) not in self.known and node.op not in {"constant", "count", "zeros"}:
            raise self._refused(node.op)
        value = self.known[id(node)] if id(node) in self.known else number_of(node, self.sizes)
        self.places[id(node)] = steps.number(name, np.asarray(torch.as_tensor(value, dtype=torch.float64)))
        return self.places[id(node)]

    def _node(self, steps: Steps, name: str, node: Node) -> Place:
        op, size = node.op, self._size(node)
        if op == "matvec":
            return self._product(steps, name, node)
        if op not in _ELEMENT_WISE | {"slice", "expand", "concat", "tanh", "sigmoid"}:
            raise self._refused(op)
        operands = [self._place(steps, f"{name}_{n}", one) for n, one in enumerate(node.args)]
        if op == "expand":
            return operands[0]
        if op == "slice":
            start, stop = (bound.value(self.sizes) for bound in node.attribute)
            of = operands[0]
            return of if of.size == 1 else Place(of.array, of.first + start, stop - start, of.fraction)
        if op in {"tanh", "sigmoid"}:
            to = steps.room(size, 15)
            steps.tanh(operands[0], to, sigmoid=op == "sigmoid")
            return to
        to = steps.room(size, fraction_of(self.largest[id(node)], ROOM))
        if op == "concat":
            first = to.first
            for of, one in zip(operands, node.args, strict=True):
                steps.convert(of, Place(to.array, first, self._size(one), to.fraction))
                first += self._size(one)
        elif op == "mul":
            steps.multiply(operands[0], operands[1], to)
        elif op in {"add", "sub"}:
            steps.add(operands[0], operands[1], to, 1 if op == "add" else -1)
        elif op == "neg":
            steps.add(steps.number("nothing", np.zeros(1)), operands[0], to, -1)
        else:
            steps.convert(operands[0], to, least=0)
        return to

    def _product(self, steps: Steps, name: str, node: Node) -> Place:
        matrix, vector = node.args
        if id(matrix) not in self.known:
            raise self._refused(f"a product with {matrix.op}")
        to = steps.room(self._size(node), fraction_of(self.largest[id(node)], ROOM))
        steps.product(f"{name}_w", np.asarray(self.known[id(matrix)]), self._place(steps, f"{name}_v", vector), to)
        return to

    def _refused(self, what: str) -> ConfigError:
        why = _NO_FORM.get(what, "it has no form in 16 bits yet")
        return ConfigError(f"the cell {self.cell} cannot be written in 16 bits: {what} is in it, and {why}", hint=HINT)


@torch.no_grad()
def fixed_layer(layer: Recurrent, number: int) -> FixedLayer:
    """Return one layer of a network, before it is measured.

    Raises
    ------
    ConfigError
        When its cell has further inputs.
    """
    if len(layer.equation.inputs) > 1:
        raise ConfigError(
            f"the cell {layer.equation.name} has further inputs, which have no form in 16 bits yet", hint=HINT
        )
    noise = expected(layer.equation, layer.zoneout)
    graph = noisy(layer.equation, noise)
    known: Values = {}
    for name, value in layer.gather(number).items():
        if name in graph.parameters:
            known[id(graph.parameters[name])] = value.detach().cpu().double()
    for node in graph.order:
        if node.op in {"noise", "mask"}:
            known[id(node)] = float(noise.of(node.attribute))
    learned = layer.learned_states(number, 0, 1)
    initial = {
        state: np.zeros(size) if learned is None else array_of(learned[state][0]).astype(float)
        for state, size in layer.layout.state_sizes[number].items()
    }
    return FixedLayer(layer.equation.name, number, graph, layer.layout.levels[number].sizes, known, initial)


def initial_of(layer: FixedLayer, state: str) -> np.ndarray:
    """Return a state before the first step as whole numbers."""
    return whole(layer.initial[state], layer.held[state].fraction)
