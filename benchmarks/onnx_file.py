"""A recurrent layer of torch.nn as an ONNX file, in ONNX's order of gates: what other runtimes read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[np.float32]]

# where torch has each of ONNX's gates: r, z, n -> z, r, n and i, f, g, o -> i, o, f, g
ORDER = {"RNN": (0,), "GRU": (1, 0, 2), "LSTM": (0, 3, 1, 2)}


def reorder(cell: str, blocks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Put the gates' blocks of rows in ONNX's order, with an axis of directions in front."""
    parts = np.split(blocks, len(ORDER[cell]))
    return np.concatenate([parts[place] for place in ORDER[cell]])[None]


def model(cell: str, arrays: Arrays, steps: bool = False) -> bytes:
    """Write the file.

    Parameters
    ----------
    cell : "RNN", "GRU" or "LSTM"
        The layer.
    arrays : mapping of str to array
        ``x`` (T, B, X), and torch's ``weight_ih``, ``weight_hh``, ``bias_ih``, ``bias_hh``.
    steps : bool
        With the states as inputs and as the outputs, for one step at a time; else from zero, to the outputs ``Y``.
    """
    from onnx import TensorProto, checker, helper, numpy_helper

    T, B, X = (1, 1, arrays["x"].shape[2]) if steps else arrays["x"].shape
    H = arrays["weight_hh"].shape[1]
    biases = np.concatenate([reorder(cell, arrays["bias_ih"]), reorder(cell, arrays["bias_hh"])], axis=1)
    constants = {"W": reorder(cell, arrays["weight_ih"]), "R": reorder(cell, arrays["weight_hh"]), "B": biases}
    states = ["h", "c"][: 2 if cell == "LSTM" else 1] if steps else []
    attributes: dict[str, Any] = {"linear_before_reset": 1} if cell == "GRU" else {}

    def value(name: str, *shape: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    node = helper.make_node(
        cell,
        ["X", "W", "R", "B", *(["", *states] if steps else [])],
        ["", *(f"new_{state}" for state in states)] if steps else ["Y"],
        hidden_size=H,
        **attributes,
    )
    graph = helper.make_graph(
        [node],
        cell,
        [value("X", T, B, X), *(value(state, 1, B, H) for state in states)],
        [value(f"new_{state}", 1, B, H) for state in states] if steps else [value("Y", T, 1, B, H)],
        [numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in constants.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(made)
    written: bytes = made.SerializeToString()
    return written
