"""A cell of one's own through every command: the file is needed to train, and for nothing afterwards."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from examples.files import reviews, sentences
from starlette.testclient import TestClient

import recur
from recur import inspect
from recur.serve import create_app
from tests.cli.running import Outcome, run

CELL = '''
from recur import equation
from recur.equations import sigmoid, split, tanh


@equation(x="X", h="H", c="H", W_xh="3H X", W_hh="3H H", b="3H")
def two_states(x, h, c, W_xh, W_hh, b):
    """A cell with one gate for each of two states."""
    keep, show, new = split(W_xh @ x + W_hh @ h + b, 3)
    c = sigmoid(keep) * c + (1 - sigmoid(keep)) * tanh(new)
    h = sigmoid(show) * tanh(c)
    return h, c
'''
SMALL = ("--hidden-size", "8", "--epochs", "1", "--seed", "1")
SENTENCE = "a fine film"


def said(outcome: Outcome) -> str:
    assert outcome.code == 0, outcome
    return outcome.out


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, and no file of the cell any more."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "cell.py").write_text(CELL, encoding="utf-8")
    reviews(folder / "reviews.csv")
    sentences(folder / "text.txt")
    cell = f"{folder / 'cell.py'}:two_states"
    said(run("train", folder / "reviews.csv", "--cell", cell, *SMALL, "--out", folder / "run"))
    said(run("train", folder / "text.txt", "--cell", cell, *SMALL, "--out", folder / "text"))
    (folder / "cell.py").unlink()
    return folder


def test_the_equations_of_a_file_are_listed_and_drawn(tmp_path: Path) -> None:
    path = tmp_path / "cell.py"
    path.write_text(CELL, encoding="utf-8")
    listed = said(run("cells", path))
    assert listed.startswith("two_states: A cell with one gate for each of two states.\n    keep, show, new = split(")
    assert said(run("cells", f"{path}:two_states", "--svg", tmp_path / "cell.svg")).startswith(listed.rstrip())
    parts = re.findall('data-part="([^"]*)"', (tmp_path / "cell.svg").read_text(encoding="utf-8"))
    assert {"gate:keep", "gate:show", "gate:new", "state:h", "state:c", "output:h", "output:c", "input:x"} < set(parts)
    assert [cell["states"] for cell in json.loads(said(run("cells", path, "--json")))] == [["h", "c"]]
    refused = run("cells", "--svg", tmp_path / "all.svg")
    assert refused.code == 2
    assert "--svg draws one cell" in refused.err


def test_the_equation_of_a_run_is_listed_from_its_folder(folder: Path) -> None:
    shown = said(run("cells", folder / "run" / "cell.json"))
    assert "c = sigmoid(keep) * c + (1 - sigmoid(keep)) * tanh(new)" in shown
    assert "W_xh  3H x X" in shown


def test_a_run_answers_and_is_evaluated_without_the_file(folder: Path) -> None:
    assert SENTENCE in said(run("predict", folder / "run", SENTENCE))
    assert "accuracy" in said(run("evaluate", folder / "run", folder / "reviews.csv"))
    assert said(run("complete", folder / "text", "the", "--top", "2"))
    assert said(run("generate", folder / "text", "--length", "3", "--seed", "1"))


def test_a_run_is_explained_with_the_names_of_its_lines(folder: Path) -> None:
    shown = json.loads(said(run("inspect", folder / "run", SENTENCE, "--json")))
    [layer, *_] = shown["states"]["layers"]
    assert {"h", "c", "keep", "show", "new"} <= set(layer["shown"])
    assert {f"W_hh of {name}" for name in ("keep", "show", "new")} == set(layer["eigenvalues"])
    assert "keep, show, new = split(W_xh @ x + W_hh @ h + b, 3)" in shown["unrolled"]["layers"][0]["text"]
    page, picture = folder / "page.html", folder / "picture.png"
    said(run("inspect", folder / "run", SENTENCE, "--html", page))
    said(run("inspect", folder / "run", SENTENCE, "--png", picture))
    assert "two_states" in page.read_text(encoding="utf-8")
    assert picture.stat().st_size > 1000
    assert "two_states" in said(run("compare", folder / "run", folder / "run"))


def test_the_explanation_is_the_one_of_the_function_with_every_step_of_the_gradient(folder: Path) -> None:
    scope: dict[str, Any] = {}
    exec(CELL, scope)  # without a file: the equation has no lines, and the numbers are the same
    traced = recur.fit(
        folder / "reviews.csv", cell=scope["two_states"], hidden_size=8, epochs=1, seed=1, progress=False
    )
    loaded = recur.load(folder / "run")
    one, other = (inspect.bptt(model.mode, (SENTENCE, "good")) for model in (traced, loaded))
    for mine, its in zip(one.layers, other.layers, strict=True):
        assert mine.cell == its.cell == "two_states"
        for state in ("h", "c"):
            np.testing.assert_array_equal(mine.d_states[state], its.d_states[state])


def test_a_run_is_exported_and_the_file_checked(folder: Path) -> None:
    written = json.loads(said(run("export", folder / "run", "--onnx", folder / "run.onnx", "--json")))
    assert Path(str(folder / "run.onnx")).stat().st_size > 1000
    assert written


def test_the_card_and_the_summary_name_the_cell(folder: Path) -> None:
    assert "network: two_states, layers: 1 of 8" in (folder / "run" / "README.md").read_text(encoding="utf-8")
    assert "two_states" in str(recur.load(folder / "run").summary())


def test_a_server_answers_with_it_and_explains_what_it_did(folder: Path) -> None:
    with TestClient(
        create_app({name: recur.load(folder / name) for name in ("run", "text")}), base_url="http://localhost"
    ) as client:
        told = client.post("/predict", json={"model": "run", "inputs": [SENTENCE]}).json()
        assert told["predictions"][0]["value"] == recur.load(folder / "run").predict(SENTENCE).value
        assert {one["cell"] for one in client.get("/models").json()} == {"two_states"}
        live = client.post("/next", json={"model": "text", "text": "the"})
        assert live.status_code == 200


def test_the_same_command_resumes_and_another_equation_is_another_setting(folder: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "cell.py", tmp_path / "run"
    words = ("train", folder / "reviews.csv", "--cell", f"{path}:two_states", "--hidden-size", "8", "--seed", "1")
    path.write_text(CELL, encoding="utf-8")
    said(run(*words, "--epochs", "1", "--out", out))
    # another text of the same equation is the same setting
    path.write_text(CELL.replace("A cell with one", "A cell with a"), encoding="utf-8")
    said(run(*words, "--epochs", "2", "--out", out))
    before = {one.name: one.read_bytes() for one in out.iterdir() if one.is_file()}
    path.write_text(CELL.replace("tanh(new)", "tanh(new) * 0.5"), encoding="utf-8")
    refused = run(*words, "--epochs", "3", "--out", out)
    assert refused.code == 2
    assert "holds a run with other settings: the equation of the cell two_states was another" in refused.err
    assert before == {one.name: one.read_bytes() for one in out.iterdir() if one.is_file()}


def test_a_stored_equation_trains_another_network_without_the_file(folder: Path, tmp_path: Path) -> None:
    cell = folder / "run" / "cell.json"
    said(run("train", folder / "reviews.csv", "--cell", cell, *SMALL, "--out", tmp_path / "again"))
    assert (tmp_path / "again" / "cell.json").read_bytes() == cell.read_bytes()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--cell", "missing.py:leaky"), "missing.py is missing"),
        (("--config", "{folder}/run/config.toml"), 'there is no cell "two_states"'),
        (("--cell", "{folder}/run/cell.json", "--layer-norm"), "layer_norm is made for the cells lstm and gru"),
    ],
)
def test_what_does_not_name_a_cell_is_a_sentence(folder: Path, words: tuple[str, ...], reason: str) -> None:
    told = [word.format(folder=folder) for word in words]
    refused = run("train", folder / "reviews.csv", *told, "--out", folder / "never")
    assert refused.code == 2
    assert reason in refused.err
    assert not (folder / "never").exists()


def test_a_further_input_that_no_column_feeds_is_refused(tmp_path: Path) -> None:
    reviews(tmp_path / "reviews.csv")
    head = "from recur import equation\nfrom recur.equations import *\n"
    decorated = (
        '@equation(x="X", dt="1 input", h="H", W="H X")\ndef timed(x, dt, h, W):\n    return tanh(W @ x) + h * dt\n'
    )
    (tmp_path / "cell.py").write_text(head + decorated, encoding="utf-8")
    refused = run("train", tmp_path / "reviews.csv", "--cell", f"{tmp_path / 'cell.py'}", "--out", tmp_path / "run")
    assert refused.code == 2
    assert 'the cell "timed" also reads dt at every step, and no column feeds it' in refused.err
    assert "--cell-inputs dt=COLUMN" in refused.err
