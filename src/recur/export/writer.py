"""``Writer``: the nodes of an ONNX graph, each with a unique name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recur.errors import require
from recur.nn.graph_writer import FLOAT, INT64

OPSET = 18
IR_VERSION = 9  # of ONNX 1.14, which all current runtimes read
Axes = tuple[str, Any, list[int | str]]  # name, element type, sizes


class Writer:
    """A graph that grows node by node.

    A writer with an ``outer`` one makes the body of a loop: it sees everything of the outer graph, and its constants
    are stored there.

    Parameters
    ----------
    outer : Writer, optional
        The graph that this one is the body of a loop in.
    """

    def __init__(self, outer: Writer | None = None) -> None:
        self.onnx: Any = require("onnx", "onnx")
        self.outer = outer
        self.nodes: list[Any] = []
        self._root: Writer = self if outer is None else outer._root
        if outer is None:
            self.initializers: dict[str, Any] = {}
            self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}
            self._count = 0

    def name(self, stem: str) -> str:
        """Return a name that nothing else in the file has."""
        self._root._count += 1
        return f"{stem}_{self._root._count}"

    def constant(self, value: Any, dtype: Any = FLOAT, name: str = "constant") -> str:
        """Return a constant; equal constants are stored once."""
        array = np.ascontiguousarray(np.asarray(value, dtype))
        array = array.reshape(np.shape(value))
        key = (str(array.dtype), array.shape, array.tobytes())
        root = self._root
        existing = root._known.get(key)
        if existing is None:
            existing = root._known[key] = self.name(name)
            root.initializers[existing] = self.onnx.numpy_helper.from_array(array, existing)
        return existing

    def integers(self, *values: int) -> str:
        """Return a list of whole numbers, such as a shape."""
        return self.constant(list(values), INT64, "integers")

    def many(self, op: str, inputs: Sequence[str], outputs: int, **attributes: Any) -> list[str]:
        """Add a node with several outputs; an empty name is an input that is left out."""
        names = [self.name(op.lower()) for _ in range(outputs)]
        self.nodes.append(self.onnx.helper.make_node(op, list(inputs), names, **attributes))
        return names

    def add(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output and return its name."""
        return self.many(op, inputs, 1, **attributes)[0]

    def cast(self, value: str, dtype: Any) -> str:
        """Return a value with elements of another type."""
        return self.add("Cast", value, to=int(self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))))

    def body(self) -> Writer:
        """Return a writer for the body of a loop in this graph."""
        return Writer(self)

    def rename(self, value: str, name: str) -> str:
        """Give a value the name that a user of the file sees."""
        self.nodes.append(self.onnx.helper.make_node("Identity", [value], [name]))
        return name

    def value(self, name: str, dtype: Any, shape: Sequence[int | str | None]) -> Any:
        """Describe an input or output: its name, element type and axes (a text is an axis of any size)."""
        kind = self.onnx.helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        return self.onnx.helper.make_tensor_value_info(name, kind, list(shape))

    def graph(self, name: str, inputs: Sequence[Any], outputs: Sequence[Any]) -> Any:
        """Return the graph of all nodes so far."""
        constants = list(self.initializers.values()) if self.outer is None else []
        return self.onnx.helper.make_graph(self.nodes, name, list(inputs), list(outputs), constants)

    def save(self, path: Path, graph: Any, facts: Mapping[str, str]) -> None:
        """Check a graph and write it.

        Raises
        ------
        onnx.checker.ValidationError
            When the graph breaks the rules of ONNX, which is a bug in recur.
        """
        helper = self.onnx.helper
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="recur"
        )
        helper.set_model_props(model, dict(facts))
        self.onnx.checker.check_model(model, full_check=True)
        path.write_bytes(model.SerializeToString())


def signature(name: str, kind: Any, axes: list[int | str]) -> str:
    """Return an input or output in words: ``ids (B, T) int64``."""
    return f"{name} ({', '.join(map(str, axes))}{',' if len(axes) == 1 else ''}) {np.dtype(kind).name}"
