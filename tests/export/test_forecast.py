"""Forecasts as ONNX: at once, read back, and step by step in a stream."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from recur.codecs import NumbersCodec
from recur.config import Config
from recur.errors import ConfigError
from recur.export import check, export_model
from recur.modes.forecast import Forecast

pytest.importorskip("onnxruntime")
from tests.export.networks import config, names, series
from tests.tolerances import EXPORTED, agree


@pytest.mark.parametrize("relative_to", ["none", "last", "season"])
@pytest.mark.parametrize("quantiles", [[], [0.1, 0.5, 0.9]])
def test_a_forecast_of_all_steps_at_once_computes_the_same(
    relative_to: str, quantiles: list[float], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    target = NumbersCodec(sequence=True, columns=["b"]).fit([np.random.default_rng(1).normal(-3, 9, (50, 1))])
    target.season = 4
    asked = Config.of(horizon=6, forecast="direct", relative_to=relative_to, quantiles=quantiles).forecast
    mode = Forecast(series(), target, config(num_layers=2), asked)
    found = export_model(mode, tmp_path / "model.onnx")
    assert max(found.differences.values()) < EXPORTED
    assert found.outputs[0] == "values (B, 6, 1) float32"
    assert (found.outputs[1:] == ["quantiles (B, 6, 1, 3) float32"]) == bool(quantiles)


@pytest.mark.parametrize("relative_to", ["none", "last"])
def test_a_forecast_that_is_read_back_computes_the_same(relative_to: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    target = NumbersCodec(sequence=True, columns=["b", "a"]).fit([np.random.default_rng(1).normal(-3, 9, (50, 2))])
    asked = Config.of(horizon=5, forecast="recursive", relative_to=relative_to).forecast
    mode = Forecast(series(), target, config(), asked)
    found = export_model(mode, tmp_path / "model.onnx")
    assert max(found.differences.values()) < EXPORTED


@pytest.mark.parametrize("how", ["direct", "recursive"])
@pytest.mark.parametrize("relative_to", ["none", "last"])
def test_a_forecast_of_a_stream_is_that_of_the_whole_past(relative_to: str, how: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    random, horizon = np.random.default_rng(1), 4
    values = random.normal(size=(50, 2)) * [9, 0.1] + [-3, 5]
    both = NumbersCodec(sequence=True, columns=["a", "b"]).fit([values])
    # of what is read, recursively all is forecast, in another order
    order = ["b", "a"] if how == "recursive" else ["b"]
    own = [both.columns.index(name) for name in order]
    target = NumbersCodec(sequence=True, columns=order).fit([values[:, own]])
    quantiles = [0.1, 0.5, 0.9] if how == "direct" else []
    asked = Config.of(horizon=horizon, forecast=how, relative_to=relative_to, quantiles=quantiles).forecast
    mode = Forecast(both, target, config(num_layers=2), asked).eval()
    path = tmp_path / "step.onnx"
    found = export_model(mode, path, step=True)
    assert max(found.differences.values()) < EXPORTED
    past = random.normal(size=(9, 2)).astype(np.float32) * [9, 0.1] + [-3, 5]
    given, _ = names(path)
    state = {name: np.zeros((1, 1, 7), np.float32) for name in given if name not in ("x", "before")}
    state |= {"before": past[:1, own].astype(np.float32)} if "before" in given else {}
    for x in past:
        made = check.run(path, {"x": x[None].astype(np.float32), **state})
        state = {name: made[f"{name}_next"] for name in state}
    answers = [made["values"][0]]
    while how == "recursive" and len(answers) < horizon:
        back = np.empty((1, 2), np.float32)
        back[:, own] = answers[-1]
        made = check.run(path, {"x": back, **state})
        state = {name: made[f"{name}_next"] for name in state}
        answers.append(made["values"][0])
    [whole] = mode.predict([past])
    agree(np.concatenate(answers), np.reshape(whole.value, (horizon, -1)), EXPORTED)
    for place, (share, expected) in enumerate((whole.quantiles or {}).items()):
        agree(made["quantiles"][0, :, 0, place], expected, EXPORTED, f"quantile {share}")


def test_a_stream_has_no_season_to_be_relative_to(tmp_path: Path) -> None:
    target = NumbersCodec(sequence=True, columns=["b"]).fit([np.random.default_rng(1).normal(size=(50, 1))])
    target.season = 4
    asked = Config.of(horizon=6, forecast="direct", relative_to="season").forecast
    mode = Forecast(series(), target, config(), asked)
    with pytest.raises(ConfigError, match="needs all values of one, and a step has only the last"):
        export_model(mode, tmp_path / "step.onnx", step=True)
