"""``GraphWriter``: the interface with which layers and heads export themselves as graph nodes (ONNX).

A value of the graph is known by its name. The operators are those of ONNX; the writer itself is in the export room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

FLOAT, INT64 = np.dtype(np.float32), np.dtype(np.int64)


@dataclass(frozen=True)
class GraphOutput:
    """One output of a graph.

    Attributes
    ----------
    name : str
        Its name in the file: ``log_probs``, ``values``.
    value : str
        The value within the graph.
    axes : tuple of int
        Sizes of its axes after those of rows and steps.
    dtype : dtype
        Of its elements.
    """

    name: str
    value: str
    axes: tuple[int, ...]
    dtype: np.dtype[Any] = FLOAT


class GraphWriter(Protocol):
    """A graph that grows node by node."""

    def name(self, stem: str) -> str:
        """Return a name that nothing else in the file has."""
        ...

    def constant(self, value: Any, dtype: Any = FLOAT, name: str = "constant") -> str:
        """Return a constant."""
        ...

    def integers(self, *values: int) -> str:
        """Return a list of whole numbers, such as a shape."""
        ...

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output; return its value."""
        ...

    def many(self, op: str, inputs: Sequence[str], outputs: int, **attributes: Any) -> list[str]:
        """Add a node with several outputs; return their values."""
        ...

    def cast(self, value: str, dtype: Any) -> str:
        """Return a value cast to another dtype."""
        ...

    def body(self) -> GraphWriter:
        """Return a writer for the body of a loop in this graph."""
        ...

    def value(self, name: str, dtype: Any, shape: Sequence[int | str | None]) -> Any:
        """Describe an input or output of the body of a loop; a text or None is an axis of any size."""
        ...

    def graph(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        """Return the graph of all nodes so far."""
        ...


def array_of(tensor: Tensor) -> np.ndarray:
    """Return a tensor as a NumPy array of float32."""
    with torch.no_grad():
        array: np.ndarray = tensor.detach().cpu().float().numpy()
    return array


def write_affine(graph: GraphWriter, vectors: str, weight: Tensor, bias: Tensor | None) -> str:
    """Write W v + b of vectors (..., H)."""
    product = graph.add("MatMul", vectors, graph.constant(array_of(weight).T, FLOAT, "weight"))
    return product if bias is None else graph.add("Add", product, graph.constant(array_of(bias), FLOAT, "bias"))


def write_dense(graph: GraphWriter, layers: nn.Sequential, vectors: str) -> str:
    """Write linear layers with ReLU between them; dropout is left out."""
    for layer in layers:
        if isinstance(layer, nn.Linear):
            vectors = write_affine(graph, vectors, layer.weight, layer.bias)
        elif isinstance(layer, nn.ReLU):
            vectors = graph.add("Relu", vectors)
    return vectors


def dense_layers(layers: nn.Sequential) -> list[tuple[np.ndarray, np.ndarray | None]]:
    """Weight and bias of each of the linear layers that have ReLU after them."""
    linear = [layer for layer in layers if isinstance(layer, nn.Linear)]
    return [(array_of(one.weight), None if one.bias is None else array_of(one.bias)) for one in linear]


def real_steps(graph: GraphWriter, x: str, lengths: str) -> str:
    """(T, B, 1) bool: whether a step of x (T, B, X) is real."""
    steps = graph.add("Gather", graph.add("Shape", x), graph.constant(0, INT64))
    times = graph.add("Range", graph.constant(0, INT64), steps, graph.constant(1, INT64))
    live = graph.add("Less", graph.add("Unsqueeze", times, graph.integers(1)), lengths)
    return graph.add("Unsqueeze", live, graph.integers(-1))
