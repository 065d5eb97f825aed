"""One recurrent layer as an ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from recur._version import __version__
from recur.atomic import replacing
from recur.export import check
from recur.export.layers import state_names, write_layers
from recur.export.writer import Writer
from recur.nn import Recurrent
from recur.nn.graph_writer import FLOAT, INT64
from recur.nn.state import join_state, split_state


def export_layer(layer: Recurrent, path: Path | str) -> dict[int, float]:
    """Write recurrent layers as ONNX, any length and batch, and compare the file with them.

    Inputs are ``x``, ``lengths`` (B,) and the states ``h_l0``, ... (D, B, S); outputs ``y`` and the states after the
    last real step, ``h_l0_next``, .... A cell that ONNX has a node for becomes that node, any other a Scan over its
    equation.

    Parameters
    ----------
    layer : Recurrent
        Layers on the CPU, in float32; they are written as they are in evaluation.
    path : path
        The file.

    Returns
    -------
    dict of int to float
        For three numbers of steps the largest difference between file and layer.

    Raises
    ------
    MissingExtraError
        When onnx or onnxruntime is not installed.

    Examples
    --------
    >>> from recur.nn import LSTM
    >>> export_layer(LSTM(3, 5), "lstm.onnx")  # doctest: +SKIP
    {1: 3e-08, 7: 6e-08, 40: 6e-08}
    """
    path = Path(path)
    writer = Writer()
    names = state_names(layer)
    inputs = [
        writer.value("x", FLOAT, _axes(layer, layer.input_size)),
        writer.value("lengths", INT64, ["B"]),
        *(writer.value(name, FLOAT, [directions, "B", size]) for name, directions, size in names),
    ]
    x = writer.add("Transpose", "x", perm=[1, 0, 2]) if layer.batch_first else "x"
    y, finals = write_layers(writer, layer, x, lengths="lengths", initial={name: name for name, _, _ in names})
    writer.rename(writer.add("Transpose", y, perm=[1, 0, 2]) if layer.batch_first else y, "y")
    outputs = [writer.value("y", FLOAT, _axes(layer, layer.output_size))]
    for name, directions, size in names:
        writer.rename(finals[name], f"{name}_next")
        outputs.append(writer.value(f"{name}_next", FLOAT, [directions, "B", size]))

    def make(steps: int, random: np.random.Generator) -> check.Values:
        shape = (check.ROWS, steps) if layer.batch_first else (steps, check.ROWS)
        values = {"x": random.normal(size=(*shape, layer.input_size)).astype(np.float32)}
        values["lengths"] = np.array([steps, (steps + 1) // 2, 0], np.int64)
        for name, directions, size in names:
            values[name] = random.normal(size=(directions, check.ROWS, size)).astype(np.float32)
        return values

    def reference(values: check.Values) -> check.Values:
        training = layer.training
        layer.eval()
        try:
            with torch.no_grad():
                y, state = layer(
                    torch.from_numpy(values["x"]), as_state(layer, values), lengths=torch.from_numpy(values["lengths"])
                )
        finally:
            layer.train(training)
        return {"y": y.numpy(), **from_state(layer, state, check.ROWS)}

    with replacing(path) as part:
        writer.save(part, writer.graph(layer.equation.name, inputs, outputs), {"recur": __version__})
        return check.differences(part, make, reference)


def as_state(layer: Recurrent, values: check.Values) -> Any:
    """Return the states of `state_names` in the form that the layer takes."""
    directions = 2 if layer.bidirectional else 1
    parts = [
        [
            {state: torch.from_numpy(values[f"{state}_l{number}"][direction]) for state in sizes}
            for direction in range(directions)
        ]
        for number, sizes in enumerate(layer.layout.state_sizes)
    ]
    return join_state(parts, layer.equation.states, layer.layout.state_sizes)


def from_state(layer: Recurrent, state: Any, rows: int) -> check.Values:
    """Return the layer's state under the names of the file's outputs."""
    directions = 2 if layer.bidirectional else 1
    parts = split_state("layer", state, layer.equation.states, layer.layout.state_sizes, directions, rows)
    return {
        f"{name}_l{number}_next": torch.stack([one[name] for one in in_layer]).numpy()
        for number, in_layer in enumerate(parts)
        for name in layer.equation.states
    }


def _axes(layer: Recurrent, size: int) -> list[int | str]:
    return ["B", "T", size] if layer.batch_first else ["T", "B", size]
