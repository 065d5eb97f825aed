"""Recurrent layers as ONNX: every cell and form, against the layer itself in onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from recur import equations
from recur.export import export_layer
from recur.export.nodes import OWN_NODES
from recur.nn import GRU, LSTM, RNN, Recurrent

pytest.importorskip("onnxruntime")
import onnx

from tests.tolerances import EXPORTED

FORMS: list[dict[str, Any]] = [
    {},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
    {"bidirectional": True, "merge": "sum"},
    {"num_layers": 2, "learn_initial_state": True},
    {"zoneout": 0.25},
]


def nodes_of(path: Path) -> set[str]:
    return {node.op_type for node in onnx.load(path).graph.node}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: " ".join(form) or "plain")
@pytest.mark.parametrize("cell", equations.stock())
def test_every_cell_in_every_form_computes_the_same(cell: str, form: dict[str, Any], tmp_path: Path) -> None:
    torch.manual_seed(0)
    free = {name: 4 for name in equations.get(cell).free_sizes if name not in ("X", "H")}
    layer = Recurrent(cell, 3, 6, sizes=free or None, **form)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    found = export_layer(layer, tmp_path / "layer.onnx")
    assert set(found) == {1, 7, 40}
    assert max(found.values()) < EXPORTED
    own = cell in OWN_NODES and "zoneout" not in form
    assert (OWN_NODES[cell].op if own else "Scan") in nodes_of(tmp_path / "layer.onnx")
    assert ("Scan" in nodes_of(tmp_path / "layer.onnx")) is not own


@pytest.mark.parametrize("cell", sorted(set(equations.names()) - set(equations.stock()) - {"conv_lstm"}))
def test_a_cell_of_the_literature_computes_the_same(cell: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    equation = equations.get(cell)
    free = dict.fromkeys(equation.free_sizes, 4)
    (width,) = equation.shape(equation.input, X=3, H=8, **free)
    layer = Recurrent(cell, width, 8, sizes=free or None)
    assert max(export_layer(layer, tmp_path / "layer.onnx").values()) < EXPORTED
    assert "Scan" in nodes_of(tmp_path / "layer.onnx")


@pytest.mark.parametrize(
    "layer",
    [
        lambda: LSTM(3, 5, bias=False),
        lambda: LSTM(3, 6, proj_size=4),
        lambda: LSTM(3, 5, layer_norm=True),
        lambda: LSTM(3, [5, 7], num_layers=2),
        lambda: GRU(5, 5, num_layers=2, residual=True, batch_first=True),
        lambda: GRU(3, 5, dropout=0.5, num_layers=2, weight_drop=0.5, recurrent_dropout=0.5),
        lambda: RNN(1, 1, nonlinearity="relu", bidirectional=True),
    ],
)
def test_layers_of_torch_with_their_extras_compute_the_same(layer: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    made = layer()
    assert max(export_layer(made, tmp_path / "layer.onnx").values()) < EXPORTED
    assert made.training, "the layer is left as it was"
