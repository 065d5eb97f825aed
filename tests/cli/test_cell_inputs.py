"""A column of the file feeds a further input of the cell, in every command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

import recur
from recur import inspect
from recur.serve import create_app
from tests.cli.running import Outcome, run

SMALL = ("--hidden-size", "4", "--epochs", "1", "--seed", "1", "--cell", "closed_form", "--cell-inputs", "dt=hours")
HEAD = "id,level,hours,state\n"


def said(outcome: Outcome) -> str:
    assert outcome.code == 0, outcome
    return outcome.out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, random = tmp_path_factory.mktemp("times"), np.random.default_rng(0)
    rows = [
        f"s{row},{random.normal():.3f},{random.exponential():.3f},{'up' if row % 2 else 'down'}\n"
        for row in range(30)
        for _ in range(5)
    ]
    (folder / "rows.csv").write_text(HEAD + "".join(rows), encoding="utf-8")
    (folder / "some.csv").write_text(HEAD + "".join(rows[:10]), encoding="utf-8")
    series = [f"{np.sin(step / 3):.3f},{random.exponential():.3f}\n" for step in range(200)]
    (folder / "series.csv").write_text("level,hours\n" + "".join(series), encoding="utf-8")
    named = ("--group", "id", "--input", "level", "--target", "state")
    said(run("train", folder / "rows.csv", *named, *SMALL, "--out", folder / "run"))
    ahead = ("--input", "level", "--target", "level", "--forecast", "direct", "--horizon", "2", "--window", "8")
    said(run("train", folder / "series.csv", *ahead, *SMALL, "--out", folder / "ahead"))
    return folder


def test_the_column_is_read_and_the_run_says_how_it_is_scaled(folder: Path) -> None:
    model = recur.load(folder / "run")
    assert model.config.data.input == ["level", "hours"]
    assert model.config.model.cell_inputs == ["dt=hours"]
    assert "hours in units of " in model.mode.input_codec.describe()  # type: ignore[union-attr]
    assert said(run("predict", folder / "run", "--file", folder / "some.csv")).startswith("id,state,probability\ns0,")
    assert "accuracy" in said(run("evaluate", folder / "run", folder / "rows.csv"))


@pytest.mark.parametrize(
    ("cell", "message"),
    [("-1", '-1 is negative in column "hours"'), ("", 'a number is missing in column "hours"')],
)
def test_times_that_cannot_be_are_refused_with_their_line(
    folder: Path, tmp_path: Path, cell: str, message: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(f"{HEAD}s0,1,0.5,up\ns0,1,{cell},up\n", encoding="utf-8")
    for words in (("predict", folder / "run", "--file", path), ("evaluate", folder / "run", path)):
        refused = run(*words)
        assert refused.code == 2
        assert message in refused.err
        assert "bad.csv:3: " in refused.err


def test_a_file_without_the_column_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "short.csv").write_text("id,level\ns0,1\n", encoding="utf-8")
    refused = run("predict", folder / "run", "--file", tmp_path / "short.csv")
    assert refused.code == 2
    assert 'has no column "hours"' in refused.err


@pytest.mark.parametrize(("name", "step"), [("run", False), ("ahead", False), ("ahead", True)])
def test_an_exported_network_reads_the_columns_in_their_own_units(
    folder: Path, tmp_path: Path, name: str, step: bool
) -> None:
    wrote = said(run("export", folder / name, "--onnx", tmp_path / "it.onnx", *(["--step"] if step else [])))
    assert "checked in onnxruntime" in wrote


def test_a_server_and_an_explanation_read_it(folder: Path) -> None:
    model, series = recur.load(folder / "run"), [[1.0, 0.0], [2.0, 3.5], [-1.0, 0.2]]
    with TestClient(create_app({"run": model}), base_url="http://localhost") as client:
        told = client.post("/predict", json={"inputs": [series]}).json()
        assert told["predictions"][0]["value"] == model.predict([series])[0].value
        refused = client.post("/predict", json={"inputs": [[[1.0, -2.0]]]})
        assert refused.status_code == 400
        assert "is negative" in refused.json()["error"]["message"]
    assert len(inspect.influence(model, series).items) == 3
