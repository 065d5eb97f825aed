"""Nodes of a graph computed with numpy: the meaning of every operation, written once more for the tests.

Complex numbers pass through, so that the derivative of a step is its imaginary part: f'(a) = Im f(a + i e) / e.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from recur.equations.graph import Node, topological

Array = np.ndarray
MEANING: dict[str, Callable[..., Array]] = {
    "neg": np.negative, "tanh": np.tanh,
    "sigmoid": lambda a: 1 / (1 + np.exp(-a)), "relu": lambda a: np.maximum(a, 0),
    "exp": np.exp, "log": np.log, "sqrt": np.sqrt,
    "abs": lambda a: np.where(np.real(a) < 0, -a, a), "sign": lambda a: np.sign(np.real(a)),
    "sin": np.sin, "cos": np.cos,
    "softplus": lambda a: np.log1p(np.exp(a)), "add": np.add, "sub": np.subtract, "mul": np.multiply,
    "div": np.divide, "maximum": np.maximum, "minimum": np.minimum, "greater": lambda a, b: (a > b) * 1.0,
    "equal": lambda a, b: (a == b) * 1.0, "where_positive": lambda d, y: np.where(np.real(y) <= 0, 0, d),
    "where_larger": lambda d, a, b: np.where(a < b, 0, np.where(a == b, d / 2, d)),
    "matvec": lambda w, v: w @ v, "matvec_transposed": lambda w, v: w.T @ v,
    "pow": np.power, "floor": lambda a: np.floor(np.real(a)), "atan": np.arctan, "erf": np.vectorize(math.erf),
    "largest": lambda a: a.max(keepdims=True), "surrogate": lambda value, _: value, "transposed": np.transpose,
    "concat": lambda *parts: np.concatenate(parts), "sum": lambda a: a.sum(keepdims=True),
}  # fmt: skip


def computed(outputs: Iterable[Node], given: Mapping[int, Array], sizes: Mapping[str, int]) -> dict[int, Array]:
    """The value of every node that the outputs need, by ``id``; ``given`` has the leaves that are not constant."""
    found: dict[int, Array] = dict(given)
    for node in topological(outputs):
        if id(node) in found:
            continue
        arguments: list[Any] = [found[id(argument)] for argument in node.args]
        if node.op == "constant":
            value = np.array(node.attribute)
        elif node.op == "count":
            value = np.array(float(node.attribute.value(sizes)))
        elif node.op == "zeros":
            value = np.zeros(node.size.value(sizes))
        elif node.op == "slice":
            start, stop = (bound.value(sizes) for bound in node.attribute)
            value = arguments[0][start:stop]
        elif node.op in {"outer", "contract", "contract_transposed"}:
            m, n, *heads = (bound.value(sizes) for bound in node.attribute)
            first, second = arguments
            if heads:
                names = {"outer": "bi,bj->bij", "contract": "bij,bj->bi", "contract_transposed": "bij,bi->bj"}[node.op]
                shapes = {"b": heads[0], "i": m, "j": n}
                one, other = names.split("->")[0].split(",")
                value = np.einsum(
                    names, first.reshape([shapes[a] for a in one]), second.reshape([shapes[a] for a in other])
                ).ravel()
                found[id(node)] = value
                continue
            matrix = np.outer(first, second) if node.op == "outer" else first.reshape(m, n)
            matrix = matrix.T if node.op == "contract_transposed" else matrix
            value = matrix.ravel() if node.op == "outer" else matrix @ second
        elif node.op == "expand":
            value = np.broadcast_to(arguments[0], (node.size.value(sizes),))
        else:
            value = MEANING[node.op](*arguments)
        expected = tuple(size.value(sizes) for size in node.shape)
        assert value.shape == expected, f"{node} is {value.shape}, and says {expected}"
        found[id(node)] = value
    return found
