"""Cells that ONNX has no node for: a Scan over the equation."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from recur.equations import concat, equation, sigmoid, softplus, split, tanh
from recur.export import export_layer
from recur.nn import Recurrent

pytest.importorskip("onnxruntime")
import onnx

from tests.tolerances import EXPORTED


@equation(x="X", h="H", c="H", W="2H X", U="2H H", b="2H", u="H")
def gated_sum(x, h, c, W, U, b, u):
    """A cell that no library has, with what the stock cells lack: a concatenation, sums, numbers."""
    g, k = split(W @ x + U @ h + b, 2)
    c = sigmoid(g + u * c) * c + tanh(k) * softplus(u) / 2
    return tanh(c) * abs(h - 1), c


def nodes_of(path: Path) -> set[str]:
    return {node.op_type for node in onnx.load(path).graph.node}


def test_a_cell_of_ones_own_becomes_a_scan_over_its_equation(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer = Recurrent(gated_sum, 3, 5, num_layers=2, bidirectional=True)
    assert max(export_layer(layer, tmp_path / "layer.onnx").values()) < EXPORTED
    assert "Scan" in nodes_of(tmp_path / "layer.onnx")


def test_concatenations_of_parameters_and_rows_are_written(tmp_path: Path) -> None:
    @equation(x="X", h="H", W="H X+H", b="H")
    def joined(x, h, W, b):
        return tanh(W @ concat(x, h) + b)

    torch.manual_seed(0)
    assert max(export_layer(Recurrent(joined, 3, 5), tmp_path / "layer.onnx").values()) < EXPORTED
