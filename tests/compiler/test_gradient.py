"""The gradient of one step, beside derivatives by complex steps: every cell, every word, every kink."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from recur import equations
from recur import equations as q
from recur.compiler.gradient import gradient
from recur.equations import equation
from recur.equations.graph import Builder, Graph, Node
from recur.equations.sizes import Size
from tests.equations.computed import computed
from tests.tolerances import near

SIZES = {"X": 3, "H": 4, "P": 2}
TINY = 1e-30  # of a complex step, which cancels nothing


def numbers(node: Node, draw: np.random.Generator) -> np.ndarray:
    return draw.normal(size=[size.value(SIZES) for size in node.shape])


def derivatives(graph: Graph, draw: np.random.Generator) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, dE/dleaf by the gradient's graph and dE/dleaf by complex steps, for E = sum of seed * state."""
    made = gradient(graph)
    leaves = {"x": graph.input, **graph.states, **graph.parameters}
    given = {id(node): numbers(node, draw) for node in leaves.values()}
    seeds = {name: numbers(node, draw) for name, node in made.seeds.items()}
    given |= {id(node): seeds[name] for name, node in made.seeds.items()}
    wanted = {"x": made.input, **made.states, **made.vectors}
    pairs = [node for products in made.products.values() for pair in products for node in pair]
    values = computed([*wanted.values(), *pairs, *graph.outputs.values()], given, SIZES)
    for name, leaf in leaves.items():
        if name in made.products:
            shares = [np.outer(values[id(dz)], values[id(v)]) for dz, v in made.products[name]]
            found = sum(shares, np.zeros_like(given[id(leaf)]))
        else:
            found = values[id(wanted[name])]
        expected = np.zeros_like(given[id(leaf)])
        for place in np.ndindex(*expected.shape):
            moved = given[id(leaf)].astype(complex)
            moved[place] += 1j * TINY
            after = computed(graph.outputs.values(), {**given, id(leaf): moved}, SIZES)
            error = sum((seeds[state] * after[id(node)]).sum() for state, node in graph.outputs.items())
            expected[place] = np.imag(error) / TINY
        yield name, found, expected


@pytest.mark.parametrize("cell", equations.stock())
def test_the_gradient_of_a_cell_is_that_of_its_numbers(cell: str) -> None:
    for name, found, expected in derivatives(equations.get(cell).graph, np.random.default_rng(0)):
        near(torch.from_numpy(found), torch.from_numpy(expected), name)


WORDS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "tanh": lambda a, _b, _s: q.tanh(a), "sigmoid": lambda a, _b, _s: q.sigmoid(a), "relu": lambda a, _b, _s: q.relu(a),
    "exp": lambda a, _b, _s: q.exp(a), "log": lambda a, _b, _s: q.log(abs(a)), "sin": lambda a, _b, _s: q.sin(a),
    "sqrt": lambda a, _b, _s: q.sqrt(a * a + 1), "abs": lambda a, _b, _s: abs(a), "cos": lambda a, _b, _s: q.cos(a),
    "softplus": lambda a, _b, _s: q.softplus(a), "neg": lambda a, _b, _s: -a, "add": lambda a, b, _s: a + b,
    "sub": lambda a, b, _s: a - b, "mul": lambda a, b, _s: a * b, "div": lambda a, b, _s: a / b,
    "square": lambda a, _b, _s: a * a, "maximum": lambda a, b, _s: q.maximum(a, b),
    "minimum": lambda a, b, _s: q.minimum(a, b), "stretched": lambda a, _b, s: s * a + a / s - s,
    "mean": lambda a, b, _s: a - q.mean(b), "total": lambda a, b, _s: a * q.total(a * b),
    "layer_norm": lambda a, b, _s: q.layer_norm(a, b), "constant": lambda a, _b, _s: 2 - 3 * a / 4,
}  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_the_gradient_of_a_word_is_that_of_its_numbers(word: str) -> None:
    @equation(x="H", h="H", s="1")
    def cell(x, h, s):
        return WORDS[word](x, h, s) + 0 * h, 0.5 * s

    for name, found, expected in derivatives(cell.graph, np.random.default_rng(1)):
        near(torch.from_numpy(found), torch.from_numpy(expected), name)


def test_parts_that_are_used_apart_come_together() -> None:
    @equation(x="X", h="2H", W="4H X")
    def cell(x, h, W):
        a, b, c, _ = q.split(W @ x, 4)
        first, second = q.split(h, 2)
        return q.concat(a * second, b * c * first + second)

    for name, found, expected in derivatives(cell.graph, np.random.default_rng(2)):
        near(torch.from_numpy(found), torch.from_numpy(expected), name)


def at(word: Callable[[Any, Any], Any], x: float, h: float) -> tuple[float, float]:
    """dE/dx and dE/dh of one unit for a seed of 1."""

    @equation(x="H", h="H")
    def cell(x, h):
        return word(x, h)

    made = gradient(cell.graph)
    given = {id(cell.graph.input): np.array([x]), id(cell.graph.states["h"]): np.array([h])}
    given[id(made.seeds["h"])] = np.array([1.0])
    values = computed([made.input, made.states["h"]], given, {"H": 1})
    return float(values[id(made.input)][0]), float(values[id(made.states["h"])][0])


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (q.maximum, (0.5, 0.5)), (q.minimum, (0.5, 0.5)), (lambda x, h: q.relu(x - h), (0.0, 0.0)),
        (lambda x, h: abs(x - h), (0.0, 0.0)),
    ],
)  # fmt: skip
def test_at_a_kink_it_is_that_of_torch(word: Callable[[Any, Any], Any], expected: tuple[float, float]) -> None:
    assert at(word, 2.0, 2.0) == expected


def test_what_the_new_states_do_not_depend_on_has_a_gradient_of_zeros() -> None:
    make = Builder()
    size = Size.parse("H")
    x, h, b = (make.leaf(op, name, (size,)) for op, name in (("input", "x"), ("state", "h"), ("parameter", "b")))
    made = gradient(Graph(x, {"h": h}, {"b": b}, {"h": make.unary("tanh", h)}, make))
    assert (made.input.op, made.vectors["b"].op) == ("zeros", "zeros")
    assert made.states["h"].op == "mul"
    assert id(x) not in made.nodes


def test_the_derivative_of_a_new_state_is_its_seed() -> None:
    graph = equations.get("elman").graph
    made = gradient(graph)
    assert made.nodes[id(graph.outputs["h"])] is made.seeds["h"]
    assert str(made.seeds["h"]) == "dE/dh"


def test_a_product_hands_down_its_derivative_and_what_it_read() -> None:
    graph = equations.get("elman").graph
    made = gradient(graph)
    [(dz, v)] = made.products["W_hh"]
    assert v is graph.states["h"]
    assert made.vectors["b"] is dz
    assert str(made.states["h"]).startswith("W_hh^T @ ")
    assert [pair[1] for pair in made.products["W_xh"]] == [graph.input]
