"""The check of a file: a difference is refused, and nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from recur.errors import RecurError
from recur.export import check, export_layer
from recur.nn import RNN

pytest.importorskip("onnxruntime")


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


def test_the_check_leaves_nothing_in_the_home_of_whoever_asks(tmp_path: Path) -> None:
    file = str(tmp_path / "a.onnx")
    source = f"from recur.nn import RNN; from recur.export import export_layer; export_layer(RNN(2, 3), {file!r})"
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", source], check=True, env=environment, timeout=300)
    assert [path.name for path in home.rglob("*") if "onnx" in path.name.lower()] == []
