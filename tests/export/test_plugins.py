"""Files for audio plug-ins: read as their formats are defined, and run by RTNeural where its sources are."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recur.codecs import NumbersCodec
from recur.errors import ConfigError
from recur.export.c.network import about
from recur.export.plugins import export_nam, export_rtneural
from recur.modes import Mode
from recur.modes.many_to_one import ManyToOne
from recur.modes.next_item import NextItem
from recur.modes.synced import Synced
from tests.export.c.networks import config, series
from tests.tolerances import EXPORTED

STEPS = 40
READER = """
#include <RTNeural/RTNeural.h>
#include <cstdio>
#include <fstream>
int main(int, char **words) {
  std::ifstream file(words[1]);
  auto model = RTNeural::json_parser::parseJson<double>(file);
  model->reset();
  double x[8];
  while (std::fread(x, sizeof(double), model->getInSize(), stdin) == size_t(model->getInSize())) {
    model->forward(x);
    for (int i = 0; i < model->getOutSize(); ++i) std::printf("%.17g\\n", model->getOutputs()[i]);
  }
}
"""

NAM_READER = """
#include "NAM/get_dsp.h"
#include <cstdio>
#include <filesystem>
#include <vector>
int main(int, char **words) {
  auto model = nam::get_dsp(std::filesystem::path(words[1]));
  std::vector<NAM_SAMPLE> x;
  for (NAM_SAMPLE one; std::fread(&one, sizeof one, 1, stdin) == 1;) x.push_back(one);
  std::vector<NAM_SAMPLE> y(x.size());
  NAM_SAMPLE *in[] = {x.data()}, *out[] = {y.data()};
  model->process(in, out, int(x.size()));
  for (NAM_SAMPLE one : y) std::printf("%.9g\\n", double(one));
}
"""
NAM_FILES = ("dsp", "get_dsp", "lstm", "util", "activations", "nam_file")


def signal(columns: int) -> NumbersCodec:
    values = np.random.default_rng(columns).normal(2, 3, size=(50, columns))
    return NumbersCodec(sequence=True, columns=[f"c{n}" for n in range(columns)]).fit([values])


def network(cell: str, inputs: int = 1, outputs: int = 1, **options: Any) -> Mode:
    options = {"cell": cell, "hidden_size": 8, "num_layers": 2, "bidirectional": False, "engine": "eager", **options}
    return Synced(signal(inputs), signal(outputs), config(**options))


def answers(mode: Mode) -> tuple[np.ndarray, np.ndarray]:
    assert mode.one_pass is not None
    with mode.answering():
        network = about(mode, mode.one_pass, None)
        x = np.random.default_rng(7).normal(2, 3, (STEPS, network.inputs)).astype(np.float32)
        return x, network.reference(x)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def keras(document: dict[str, Any], x: np.ndarray) -> np.ndarray:
    """What RTNeural's JSON means."""
    y = x.astype(float)
    for layer in document["layers"]:
        w, u, *b = (np.array(each, float) for each in (*layer["weights"], 0.0))
        if layer["type"] == "dense":
            y = y @ w + u
            continue
        h = c = np.zeros(layer["shape"][-1])
        out = []
        for x_t in y:
            if layer["type"] == "lstm":
                i, f, g, o = np.split(x_t @ w + h @ u + b[0], 4)
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(c)
            else:
                zx, rx, nx = np.split(x_t @ w + b[0][0], 3)
                zh, rh, nh = np.split(h @ u + b[0][1], 3)
                z = sigmoid(zx + zh)
                h = z * h + (1 - z) * np.tanh(nx + sigmoid(rx + rh) * nh)
            out.append(h)
        y = np.array(out)
    return y


def nam(document: dict[str, Any], x: np.ndarray) -> np.ndarray:
    """What a .nam file of an LSTM means: its weights in order, all of which are used."""
    size, weights = document["config"]["hidden_size"], np.array(document["weights"])
    y, at = x.astype(float), 0

    def take(*shape: int) -> np.ndarray:
        nonlocal at
        at += int(np.prod(shape))
        return weights[at - int(np.prod(shape)) : at].reshape(shape)

    for _ in range(document["config"]["num_layers"]):
        w, b, h, c = take(4 * size, y.shape[1] + size), take(4 * size), take(size), take(size)
        out = []
        for x_t in y:
            i, f, g, o = np.split(w @ np.concatenate([x_t, h]) + b, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            out.append(h)
        y = np.array(out)
    y = y @ take(size)[:, None] + take(1)
    assert at == len(weights)
    return y


def agree(found: np.ndarray, expected: np.ndarray) -> None:
    assert np.abs(found - expected).max() <= EXPORTED * np.abs(expected).max()


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (2, 3)])
def test_rtneurals_json_means_the_network(cell: str, inputs: int, outputs: int, tmp_path: Path) -> None:
    mode = network(cell, inputs, outputs)
    export_rtneural(mode, tmp_path / "model.json")
    x, y = answers(mode)
    agree(keras(json.loads((tmp_path / "model.json").read_text()), x), y)


@pytest.mark.parametrize("learned", [False, True])
def test_a_nam_file_means_the_network(learned: bool, tmp_path: Path) -> None:
    mode = shifted(network("lstm", learn_initial_state=learned))
    export_nam(mode, tmp_path / "model.nam")
    document = json.loads((tmp_path / "model.nam").read_text())
    assert (document["architecture"], document["sample_rate"]) == ("LSTM", 48000)
    x, y = answers(mode)
    agree(nam(document, x), y)


def answered_by(reader: str, folder: Path, model: Path, x: np.ndarray, *words: str | Path) -> np.ndarray:
    """What a C++ program answers that reads a model: it is compiled in a folder, with these words of the compiler's."""
    compiler = shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    if not (folder / "reader").exists():
        (folder / "reader.cpp").write_text(reader)
        command = [compiler, "-w", *map(str, words), "reader.cpp", "-o", "reader"]
        subprocess.run(command, cwd=folder, check=True, timeout=300)
    said = subprocess.run(
        [folder / "reader", model], input=x.astype(float).tobytes(), capture_output=True, timeout=60, check=True
    )
    return np.array(said.stdout.split(), float)[:, None]


@pytest.mark.skipif(not os.environ.get("RTNEURAL"), reason="RTNEURAL names no folder with RTNeural's sources")
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_rtneural_computes_what_the_network_does(cell: str, tmp_path: Path) -> None:
    mode, sources = network(cell, 2, 1), Path(os.environ["RTNEURAL"])
    export_rtneural(mode, tmp_path / "model.json")
    x, y = answers(mode)
    words = (
        "-std=c++17", "-O1", "-DRTNEURAL_USE_STL=1", "-DRTNEURAL_DEFAULT_ALIGNMENT=16", f"-I{sources}",
        f"-I{sources}/modules/json", sources / "RTNeural" / "RTNeural.cpp",
    )  # fmt: skip
    agree(answered_by(READER, tmp_path, tmp_path / "model.json", x, *words), y)


def shifted(mode: Mode) -> Mode:
    """The network with other parameters: initial states that are learned begin at zero."""
    for number, parameter in enumerate(mode.parameters()):
        parameter.data += 0.01 * number
    return mode


@pytest.mark.skipif(not os.environ.get("NAMCORE"), reason="NAMCORE names no folder with NeuralAmpModelerCore's sources")
def test_the_neural_amp_modeler_computes_what_the_network_does(tmp_path: Path) -> None:
    sources = Path(os.environ["NAMCORE"])
    eigen = Path(os.environ.get("EIGEN", sources / "Dependencies" / "eigen"))
    if not (eigen / "Eigen" / "Dense").is_file():
        pytest.skip(f"no Eigen in {eigen}: EIGEN names its folder")
    words = (
        "-std=c++20", "-O0", f"-I{sources}", f"-I{sources}/NAM", f"-I{sources}/Dependencies/nlohmann", f"-I{eigen}",
        *(sources / "NAM" / f"{name}.cpp" for name in NAM_FILES),
    )  # fmt: skip
    for learned in (False, True):
        mode = shifted(network("lstm", learn_initial_state=learned))
        export_nam(mode, tmp_path / "model.nam")
        x, y = answers(mode)
        agree(answered_by(NAM_READER, tmp_path, tmp_path / "model.nam", x, *words), y)


def test_the_trainer_of_the_neural_amp_modeler_reads_the_file(tmp_path: Path) -> None:
    package = pytest.importorskip("nam.models._from_nam", reason="no neural-amp-modeler with all that it needs")
    mode = shifted(network("lstm", learn_initial_state=True))
    export_nam(mode, tmp_path / "model.nam")
    read = package.init_from_nam(json.loads((tmp_path / "model.nam").read_text())).eval()
    x, y = answers(mode)
    with torch.no_grad():
        found = read(torch.from_numpy(x[None, :, 0]), pad_start=False)
    agree(found.numpy().reshape(-1, 1), y)


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        (lambda: network("lstm_peephole"), "the cell lstm_peephole"),
        (lambda: network("lstm", bidirectional=True), "both directions"),
        (lambda: network("lstm", residual=True), "residual sums"),
        (lambda: ManyToOne(signal(1), series(sequence=False), config(bidirectional=False)), "at every step"),
    ],
)
def test_what_rtneural_has_no_form_for_is_refused(mode: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message):
        export_rtneural(mode(), tmp_path / "model.json")
    assert list(tmp_path.iterdir()) == []


def test_what_nam_has_no_form_for_is_refused(tmp_path: Path) -> None:
    for mode in (network("gru"), network("lstm", 2), NextItem(signal(2), config(bidirectional=False))):
        with pytest.raises(ConfigError, match=r"a \.nam file has LSTM layers|has no form"):
            export_nam(mode, tmp_path / "model.nam")
    assert list(tmp_path.iterdir()) == []
