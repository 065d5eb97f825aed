"""The benchmark of the layers: it proves before it times, and writes every figure. No time is asserted."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from benchmarks import contest, layers, own_cells, peak, proof, raised, sets
from recur.nn import LSTM, Recurrent

FIGURES = {"median_ms", "quartiles_ms", "ratio", "ratio_quartiles", "gflops", "share_of_peak", "calls", "samples_ms"}
SHORT = ["--quick", "--repeats", "1"]
QUIET = peak.Peak(100.0, 190.0, 2, "made up")


# a cell that was not built with the package is compiled here
pytestmark = pytest.mark.filterwarnings("ignore:compiled the cell")


@pytest.fixture(autouse=True)
def _no_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peak, "measure", lambda *_, **__: QUIET)
    monkeypatch.setattr("benchmarks.timing.LEAST_SECONDS", 1e-4)


def only(monkeypatch: pytest.MonkeyPatch, name: str, **changes: Any) -> None:
    """Change a set."""
    monkeypatch.setitem(sets.SETS, name, dataclasses.replace(sets.SETS[name], **changes))


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of figures."""
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["rows"]
    return rows


def test_quick_form_proves_every_contestant_and_writes_every_figure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*SHORT, "--shapes", "100,1,128", "12,3,8,ragged", "7,3,5,9", "--also", "stock", "eager"]
    words += ["--cells", "RNN", "GRU", "LSTM", "MGU", "--json", str(tmp_path / "figures.json")]
    assert layers.main(words) == 0
    result = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert result["machine"]["torch"] == torch.__version__
    assert result["machine"]["threads"] == torch.get_num_threads()
    assert result["peak_gflops"]["before"]["all"] == QUIET.all
    printed = capsys.readouterr().out
    assert result["machine"]["cpu"] in printed
    assert "wrong" not in printed
    assert "eager     RNN      forward   mean" in printed
    assert len(result["rows"]) == 4 * 3 * len(layers.PASSES)
    for row in result["rows"]:
        assert row["flops"] > 0
        assert 0 < row["real_steps"] <= row["T"] * row["B"]
        ours = {name: entry for name, entry in row["contestants"].items() if name != "rival"}
        assert set(ours) == {one.name for one in contest.CONTESTANTS}
        assert set(row["contestants"]["rival"]) == FIGURES
        assert "median_ms" in ours["eager"]
        assert ("median_ms" in ours["stock"]) == (row["cell"] != "MGU")
        for name, entry in ours.items():
            if "cannot" in entry:
                continue
            assert entry["ran"] == name
            assert set(entry) == FIGURES | {"ran", "differences"}
            assert len(entry["samples_ms"]) == 1
            assert max(entry["differences"].values()) <= 1e-4
        # two ways to sum are never equal to the last bit in all of the gradients, so the comparison took place
        eager = ours["eager"]["differences"]
        assert (eager["gradients"] > 0) == (row["pass"] == "training")


def test_work_is_that_of_the_matrix_products(tmp_path: Path) -> None:
    words = [*SHORT, "--shapes", "7,3,5,9", "--cells", "GRU", "--json", str(tmp_path / "figures.json")]
    assert layers.main(words) == 0
    forward, training = rows_of(tmp_path / "figures.json")
    assert (forward["X"], forward["H"], forward["flops"]) == (5, 9, 2 * 3 * 9 * (5 + 9) * 7 * 3)
    assert training["flops"] == 3 * forward["flops"]


@pytest.mark.parametrize("off", [1.01, float("nan")])
def test_what_computes_something_else_is_not_timed(
    off: float, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong(cell: contest.Cell, rival: nn.Module, engine: str) -> Recurrent:
        layer = contest.ours(cell, rival, engine)
        layer.get_parameter("weight_hh_l0").detach().mul_(off)
        return layer

    only(monkeypatch, "main", contestants=[contest.Contestant("eager", wrong, "eager")])
    words = ["--repeats", "1", "--shapes", "5,2,8", "--cells", "GRU", "--json", str(tmp_path / "figures.json")]
    assert layers.main(words) == 1
    for row in rows_of(tmp_path / "figures.json"):
        assert row["contestants"]["rival"] == {}
        assert set(row["contestants"]["eager"]) == {"wrong"}
    assert "error: GRU on eager, forward: outputs output: a difference of" in capsys.readouterr().err


def test_layer_that_fell_back_to_another_backend_is_not_timed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def slow(cell: contest.Cell, rival: nn.Module, engine: str) -> Recurrent:
        assert engine == "stock"
        return contest.ours(cell, rival, "eager")

    only(monkeypatch, "main", contestants=[contest.Contestant("stock", slow, "stock")])
    assert layers.main(["--repeats", "1", "--shapes", "5,2,8", "--cells", "RNN"]) == 1
    assert "error: RNN on stock, training: the eager backend ran, expected stock" in capsys.readouterr().err


def test_backend_that_is_not_there_is_a_dash_and_the_rival_is_timed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch, "main", contestants=[contest.Contestant("made-up", contest.ours, "made-up")])
    assert layers.main([*SHORT, "--shapes", "5,2,8", "--cells", "LSTM", "--passes", "forward"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-3].split()[:3] == ["LSTM", "5,2,8", "forward"]
    assert said.out.splitlines()[-3].endswith("-")
    assert "note: LSTM on made-up, forward: engine='made-up' is not one of" in said.err


def test_tagger_runs_two_layers_both_ways(tmp_path: Path) -> None:
    words = [*SHORT, "--set", "tagger", "--shapes", "9,4,6,ragged", "--also", "eager"]
    assert layers.main([*words, "--json", str(tmp_path / "figures.json")]) == 0
    for row in rows_of(tmp_path / "figures.json"):
        matrices = 2 * (4 * 6 * (6 + 6)) + 2 * (4 * 6 * (12 + 6))
        assert row["flops"] == 2 * matrices * row["real_steps"] * (3 if row["pass"] == "training" else 1)
        assert row["contestants"]["eager"]["ran"] == "eager"


def test_bfloat16_is_held_to_its_own_tolerance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rival = contest.Cell("LSTM", "lstm", lambda X, H: LSTM(X, H, engine="eager"))
    contestant = contest.Contestant("bfloat16", contest.in_bfloat16, "eager")
    only(monkeypatch, "bfloat16", cells=[rival], contestants=[contestant])
    words = [*SHORT, "--set", "bfloat16", "--shapes", "9,4,16", "--json", str(tmp_path / "figures.json")]
    assert layers.main(words) == 0
    for row in rows_of(tmp_path / "figures.json"):
        entry = row["contestants"]["bfloat16"]
        assert entry["ratio"] > 0
        # it is not float32 that ran
        assert 1e-4 < entry["differences"]["outputs"] <= 3e-2


def test_int8_is_measured_without_gradients_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only(monkeypatch, "int8", cells=sets.SETS["int8"].cells[2:])
    words = [*SHORT, "--set", "int8", "--shapes", "9,4,16", "--json", str(tmp_path / "figures.json")]
    assert layers.main(words) == 0
    (row,) = rows_of(tmp_path / "figures.json")
    assert (row["pass"], row["contestants"]["int8"]["ran"]) == ("forward", "native")
    assert 1e-4 < row["contestants"]["int8"]["differences"]["outputs"] <= 3e-2
    with pytest.raises(SystemExit):
        layers.main([*words, "--passes", "training"])
    assert "the set int8 has only these passes: forward" in capsys.readouterr().err


def test_own_cells_are_proved_against_the_eager_loop(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(own_cells, "NATIVE", contest.Contestant("native", contest.ours, "eager"))
    monkeypatch.setattr(own_cells, "SHAPES", [contest.Shape(5, 2, 8)])
    monkeypatch.setattr(own_cells, "compilation", lambda _: {"fresh": 1.5, "kept": 0.25})
    assert layers.main([*SHORT, "--set", "cells", "--json", str(tmp_path / "figures.json")]) == 0
    rows = rows_of(tmp_path / "figures.json")
    assert len(rows) == 3 * len(layers.PASSES)
    for row in rows:
        assert row["contestants"]["native"]["ratio"] > 0
        assert row["to_lstm"] > 0
    assert "update_gate_rnn         1.50  0.25" in capsys.readouterr().out


def test_case_that_magnifies_a_rounding_is_held_to_what_it_does() -> None:
    cell = contest.Cell("LSTM", "lstm", lambda X, H: LSTM(X, H, engine="eager"))
    rival = cell.rival(8, 8)
    case = contest.make_case(cell, contest.Shape(5, 2, 8))
    found = contest.rounding(rival, case, "training")
    assert 0 < found["outputs"] < 1e-5
    assert 0 < found["gradients"] < 1e-4
    off = {"output": torch.ones(3) + 1e-3}, {"output": torch.ones(3)}, torch.float32
    assert proof.prove("outputs", *off, rounding=3e-4) == pytest.approx(1e-3, rel=1e-2)
    with pytest.raises(proof.NotProvedError, match="expected at most 8e-04"):
        proof.prove("outputs", *off, rounding=2e-4)


def test_raised_thresholds_are_set_before_the_process_starts(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asked: list[dict[str, Any]] = []

    def run(command: list[str], env: dict[str, str], cwd: Path) -> Any:
        asked.append({"command": command, "env": env, "cwd": cwd})
        return type("Ended", (), {"returncode": 0})

    monkeypatch.setattr(raised.subprocess, "run", run)
    words = [*SHORT, "--shapes", "5,2,8", "--cells", "RNN", "--raised-malloc"]
    assert layers.main(words) == 0
    assert len(asked) == 1
    assert raised.VARIABLES.items() <= asked[0]["env"].items()
    assert asked[0]["env"].keys() >= os.environ.keys()
    command = asked[0]["command"]
    assert "--raised-malloc" not in command
    assert command[command.index("--cells", command.index("--cells") + 1) + 1] == "LSTM"
    assert f"\n{raised.TITLE} (" in capfd.readouterr().out


@pytest.mark.parametrize("shape", ["100,32", "100,0,8", "a,b,c", "1,2,3,uneven", "1,2,3,4,5", "ragged", ""])
def test_shape_that_is_none_is_refused(shape: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        layers.main(["--shapes", shape])
    assert f"{shape} is no shape, expected T,B,H as in 100,32,128" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--repeats", "0"], ["--repeats", "x"], ["--set", "tagger", "--cells", "GRU"]])
def test_words_that_fit_nothing_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        layers.main(words)
    assert "expected 1 or more" in (said := capsys.readouterr().err) or "none of these cells is in the set" in said
