"""The benchmark of the layers: it proves before it times, and writes every figure. No time is asserted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from benchmarks import layers, machine
from recur.nn import Recurrent

FIGURES = {"median_ms", "quartiles_ms", "ratio", "ratio_quartiles", "share_of_peak", "calls", "samples_ms"}
SHORT = ["--quick", "--repeats", "1", "--shapes", "100,1,128", "12,3,8,ragged"]


@pytest.fixture(autouse=True)
def _small_peak(monkeypatch: pytest.MonkeyPatch) -> None:
    measure = machine.peak
    monkeypatch.setattr(machine, "peak", lambda: measure(64, 1))


def test_quick_form_proves_every_contestant_and_writes_every_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert layers.main([*SHORT, "--json", str(tmp_path / "figures.json")]) == 0
    result = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert result["machine"]["torch"] == torch.__version__
    assert result["machine"]["threads"] == torch.get_num_threads()
    assert min(result["peak_gflops"].values()) > 0
    printed = capsys.readouterr().out
    assert result["machine"]["cpu"] in printed
    assert "wrong" not in printed
    assert len(result["rows"]) == len(layers.CELLS) * 2 * len(layers.PASSES)
    for row in result["rows"]:
        assert row["flops"] > 0
        assert 0 < row["real_steps"] <= row["T"] * row["B"]
        ours = {name: entry for name, entry in row["contestants"].items() if name != "rival"}
        expected = {"Recurrent"} if row["cell"] == "MGU" else {one.name for one in layers.CONTESTANTS}
        assert set(ours) == expected
        assert set(row["contestants"]["rival"]) == FIGURES
        for name, entry in ours.items():
            assert entry["ran"] == ("stock" if name == "stock" else "eager")
            assert set(entry) == FIGURES | {"ran", "differences"}
            assert len(entry["samples_ms"]) == 1
            assert max(entry["differences"].values()) <= 1e-4
        # two ways to sum are never equal to the last bit in all of the gradients, so the comparison took place
        eager = ours["Recurrent"]["differences"]
        assert (eager["gradients"] > 0) == (row["pass"] == "training")


@pytest.mark.parametrize("off", [1.01, float("nan")])
def test_what_computes_something_else_is_not_timed(
    off: float, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong(cell: layers.Cell, rival: nn.Module, engine: str) -> Recurrent | None:
        layer = layers.named(cell, rival, engine)
        if layer is not None:
            layer.get_parameter("weight_hh_l0").detach().mul_(off)
        return layer

    monkeypatch.setattr(layers, "CONTESTANTS", [layers.Contestant("eager", wrong, "eager")])
    words = ["--repeats", "1", "--shapes", "5,2,8", "--cells", "GRU", "--json", str(tmp_path / "figures.json")]
    assert layers.main(words) == 1
    for row in json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["rows"]:
        assert row["contestants"]["rival"] == {}
        assert set(row["contestants"]["eager"]) == {"wrong"}
    assert "error: GRU on eager, forward: outputs output: a difference of" in capsys.readouterr().err


def test_layer_that_fell_back_to_another_backend_is_not_timed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def slow(cell: layers.Cell, rival: nn.Module, engine: str) -> Recurrent | None:
        assert engine == "stock"
        return layers.named(cell, rival, "eager")

    monkeypatch.setattr(layers, "CONTESTANTS", [layers.Contestant("stock", slow, "stock")])
    assert layers.main(["--repeats", "1", "--shapes", "5,2,8", "--cells", "RNN"]) == 1
    assert "error: RNN on stock, training: the eager backend ran, expected stock" in capsys.readouterr().err


@pytest.mark.parametrize("shape", ["100,32", "100,0,8", "a,b,c", "1,2,3,uneven"])
def test_shape_that_is_none_is_refused(shape: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        layers.main(["--shapes", shape])
    assert f"{shape} is no shape, expected T,B,H as in 100,32,128" in capsys.readouterr().err
