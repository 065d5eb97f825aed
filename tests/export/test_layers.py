"""Recurrent layers as ONNX: every cell and form, against the layer itself in onnxruntime."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recur import equations
from recur.equations import concat, equation, sigmoid, softplus, split, tanh
from recur.errors import RecurError
from recur.export import check, export_layer
from recur.export.nodes import OWN_NODES
from recur.nn import GRU, LSTM, RNN, Recurrent

pytest.importorskip("onnxruntime")
import onnx

# of float32 sums in another order
ALLOWED = 2e-5

FORMS: list[dict[str, Any]] = [
    {},
    {"num_layers": 2, "bidirectional": True, "batch_first": True},
    {"bidirectional": True, "merge": "sum"},
    {"num_layers": 2, "learn_initial_state": True},
    {"zoneout": 0.25},
]


@equation(x="X", h="H", c="H", W="2H X", U="2H H", b="2H", u="H")
def gated_sum(x, h, c, W, U, b, u):  # type: ignore[no-untyped-def]
    """A cell that no library has, with what the stock cells lack: a concatenation, sums, numbers."""
    g, k = split(W @ x + U @ h + b, 2)
    c = sigmoid(g + u * c) * c + tanh(k) * softplus(u) / 2
    return tanh(c) * abs(h - 1), c


def nodes_of(path: Path) -> set[str]:
    return {node.op_type for node in onnx.load(path).graph.node}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: " ".join(form) or "plain")
@pytest.mark.parametrize("cell", equations.names())
def test_every_cell_in_every_form_computes_the_same(cell: str, form: dict[str, Any], tmp_path: Path) -> None:
    torch.manual_seed(0)
    free = {name: 4 for name in equations.get(cell).free_sizes if name not in ("X", "H")}
    layer = Recurrent(cell, 3, 6, sizes=free or None, **form)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    found = export_layer(layer, tmp_path / "layer.onnx")
    assert set(found) == {1, 7, 40}
    assert max(found.values()) < ALLOWED
    own = cell in OWN_NODES and "zoneout" not in form
    assert (OWN_NODES[cell].op if own else "Scan") in nodes_of(tmp_path / "layer.onnx")
    assert ("Scan" in nodes_of(tmp_path / "layer.onnx")) is not own


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
    assert max(export_layer(made, tmp_path / "layer.onnx").values()) < ALLOWED
    assert made.training, "the layer is left as it was"


def test_a_cell_of_ones_own_becomes_a_scan_over_its_equation(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer = Recurrent(gated_sum, 3, 5, num_layers=2, bidirectional=True)
    assert max(export_layer(layer, tmp_path / "layer.onnx").values()) < ALLOWED
    assert "Scan" in nodes_of(tmp_path / "layer.onnx")


def test_concatenations_of_parameters_and_rows_are_written(tmp_path: Path) -> None:
    @equation(x="X", h="H", W="H X+H", b="H")
    def joined(x, h, W, b):  # type: ignore[no-untyped-def]
        return tanh(W @ concat(x, h) + b)

    torch.manual_seed(0)
    assert max(export_layer(Recurrent(joined, 3, 5), tmp_path / "layer.onnx").values()) < ALLOWED


def test_a_file_runs_at_any_batch_and_length_with_rows_of_their_own(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer = LSTM(3, 5, batch_first=True)
    export_layer(layer, tmp_path / "layer.onnx")
    x = torch.randn(6, 23, 3)
    lengths = torch.tensor([23, 1, 0, 9, 22, 5])
    state = (torch.randn(1, 6, 5), torch.randn(1, 6, 5))
    made = check.run(
        tmp_path / "layer.onnx",
        {"x": x.numpy(), "lengths": lengths.numpy(), "h_l0": state[0].numpy(), "c_l0": state[1].numpy()},
    )
    y, (h, c) = layer(x, state, lengths=lengths)
    for name, expected in {"y": y, "h_l0_next": h, "c_l0_next": c}.items():
        np.testing.assert_allclose(made[name], expected.detach().numpy(), atol=ALLOWED, err_msg=name)


def test_a_file_that_differs_from_the_layer_is_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layer = RNN(2, 3)
    export_layer(layer, tmp_path / "layer.onnx")

    def make(steps: int, random: np.random.Generator) -> check.Values:
        x = random.normal(size=(steps, check.ROWS, 2)).astype(np.float32)
        return {"x": x, "lengths": np.full(check.ROWS, steps), "h_l0": np.zeros((1, check.ROWS, 3), np.float32)}

    def other(values: check.Values) -> check.Values:
        return {"y": layer(torch.from_numpy(values["x"]))[0].detach().numpy() + 0.01}

    with pytest.raises(RecurError, match="y differs by 0.01"):
        check.differences(tmp_path / "layer.onnx", make, other)


def test_a_file_that_fails_its_check_takes_no_ones_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RecurError("it differs")

    monkeypatch.setattr(check, "differences", fail)
    path = tmp_path / "layer.onnx"
    path.write_text("the one that was there")
    with pytest.raises(RecurError, match="it differs"):
        export_layer(RNN(2, 3), path)
    assert path.read_text() == "the one that was there"
    assert list(tmp_path.iterdir()) == [path]


def test_the_check_leaves_nothing_in_the_home_of_whoever_asks(tmp_path: Path) -> None:
    file = str(tmp_path / "a.onnx")
    source = f"from recur.nn import RNN; from recur.export import export_layer; export_layer(RNN(2, 3), {file!r})"
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", source], check=True, env=environment, timeout=300)
    assert [path.name for path in home.rglob("*") if "onnx" in path.name.lower()] == []
