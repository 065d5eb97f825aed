"""Layers as nodes of a graph: the nodes compute what the modules compute."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

pytest.importorskip("onnxruntime")
from recur.export import check
from recur.export.writer import Writer
from recur.nn.graph_writer import FLOAT, INT64, array_of, real_steps, write_affine, write_dense
from tests.tolerances import EXPORTED, agree


def outputs(tmp_path: Path, values: dict[str, np.ndarray], write: Callable[[Writer], str], axes: int) -> np.ndarray:
    """Write a graph with one output of a number of axes, and run it on some inputs."""
    writer = Writer()
    result = writer.rename(write(writer), "result")
    given = [writer.value(name, value.dtype, [None] * value.ndim) for name, value in values.items()]
    writer.save(tmp_path / "a.onnx", writer.graph("a", given, [writer.value(result, FLOAT, [None] * axes)]), {})
    return check.run(tmp_path / "a.onnx", values)["result"]


@pytest.mark.parametrize("bias", [True, False])
def test_an_affine_map_is_that_of_the_layer(tmp_path: Path, bias: bool) -> None:
    torch.manual_seed(0)
    layer, v = nn.Linear(3, 4, bias=bias), torch.randn(2, 5, 3)
    with torch.no_grad():
        expected = layer(v)
    written = outputs(tmp_path, {"v": array_of(v)}, lambda graph: write_affine(graph, "v", layer.weight, layer.bias), 3)
    agree(written, expected, EXPORTED)


def test_dense_layers_are_written_without_their_dropout(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 2)).eval()
    v = torch.randn(7, 3)
    with torch.no_grad():
        expected = layers(v)
    agree(outputs(tmp_path, {"v": array_of(v)}, lambda graph: write_dense(graph, layers, "v"), 2), expected, EXPORTED)


def test_steps_before_the_length_of_a_row_are_real(tmp_path: Path) -> None:
    values = {"x": np.zeros((4, 3, 2), np.float32), "lengths": np.array([4, 0, 2], INT64)}
    real = outputs(tmp_path, values, lambda graph: graph.cast(real_steps(graph, "x", "lengths"), FLOAT), 3)
    assert real.shape == (4, 3, 1)
    assert real[:, :, 0].T.tolist() == [[1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0]]
