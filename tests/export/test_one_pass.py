"""Networks that answer in one pass as ONNX: each mode, with the network itself beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recur.codecs import DatesCodec, ImagesCodec, NotesCodec, NumbersCodec, TagsCodec
from recur.export import check, export_model
from recur.modes.many_to_one import ManyToOne
from recur.modes.next_item import NextItem
from recur.modes.one_to_one import OneToOne
from recur.modes.synced import Synced

pytest.importorskip("onnxruntime")
from tests.export.networks import classes, config, names, picture_rows, series, words
from tests.tolerances import EXPORTED, agree


@pytest.mark.parametrize("pooling", ["last", "mean", "max"])
@pytest.mark.parametrize("cell", ["lstm", "gru", "minimal_gated_unit"])
@pytest.mark.parametrize("read", [words, series])
def test_many_to_one_computes_the_same(read: Any, cell: str, pooling: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    mode = ManyToOne(read(), classes(), config(cell=cell, pooling=pooling, num_layers=2))
    found = export_model(mode, tmp_path / "model.onnx")
    assert max(found.differences.values()) < EXPORTED
    assert names(tmp_path / "model.onnx") == (["ids" if read is words else "x", "lengths"], ["log_probs"])


def test_one_to_one_computes_the_same_in_the_units_of_its_columns(tmp_path: Path) -> None:
    torch.manual_seed(0)
    random = np.random.default_rng(0)
    inputs = NumbersCodec(sequence=False, columns=["a", "b", "c"]).fit(list(random.normal(9, 4, size=(40, 3))))
    target = NumbersCodec(sequence=False, columns=["y"]).fit(list(random.normal(-100, 20, size=(40, 1))))
    mode = OneToOne(inputs, target, config(num_layers=2))
    found = export_model(mode, tmp_path / "model.onnx")
    assert found.inputs == ["x (B, 3) float32"]
    row = [8.0, 11.0, 3.0]
    made = check.run(tmp_path / "model.onnx", {"x": np.array([row], np.float32)})
    np.testing.assert_allclose(made["values"][0, 0], mode.eval().predict([row])[0].value, rtol=EXPORTED)


def test_tags_of_every_step_compute_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    mode = Synced(words(), TagsCodec().fit(["A B C"]), config(bidirectional=True))
    found = export_model(mode, tmp_path / "model.onnx")
    assert max(found.differences.values()) < EXPORTED
    assert found.outputs == ["log_probs (B, T, 3) float32"]


@pytest.mark.parametrize("options", [{"num_layers": 2}, {"tie_weights": True}, {"hidden_size": [7, 5]}])
def test_a_language_model_takes_and_gives_its_states(options: dict[str, Any], tmp_path: Path) -> None:
    torch.manual_seed(0)
    codec = words()
    mode = NextItem(codec, config(**options)).eval()
    whole = export_model(mode, tmp_path / "model.onnx")
    single = export_model(mode, tmp_path / "step.onnx", step=True)
    assert max(*whole.differences.values(), *single.differences.values()) < EXPORTED
    ids = np.array([[2, 5, 6, 7, 8]])
    sizes = mode.stack.layer.layout.state_sizes
    state = {f"{n}_l{k}": np.zeros((1, 1, s), np.float32) for k, each in enumerate(sizes) for n, s in each.items()}
    at_once = check.run(tmp_path / "model.onnx", {"ids": ids, "lengths": np.array([5]), **state})
    for place in range(5):
        made = check.run(tmp_path / "step.onnx", {"ids": ids[:, place], **state})
        agree(made["log_probs"], at_once["log_probs"][:, place], EXPORTED)
        state = {name: made[f"{name}_next"] for name in state}
    for name, value in state.items():
        agree(value, at_once[f"{name}_next"], EXPORTED, name)


def test_an_adaptive_softmax_computes_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    mode = NextItem(words(1200), config(adaptive_softmax=True))
    assert max(export_model(mode, tmp_path / "model.onnx").differences.values()) < EXPORTED


def test_a_series_goes_on_in_its_own_units(tmp_path: Path) -> None:
    torch.manual_seed(0)
    mode = NextItem(series(), config())
    found = export_model(mode, tmp_path / "model.onnx")
    assert found.inputs[0] == "x (B, T, 2) float32"
    assert max(found.differences.values()) < EXPORTED


@pytest.mark.parametrize("steps", ["rows", "pixels"])
def test_a_picture_that_is_read_row_by_row_computes_the_same(steps: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    codec = ImagesCodec(steps=steps).fit(picture_rows((6, 5, 3)))
    mode = ManyToOne(codec, classes(), config())
    assert max(export_model(mode, tmp_path / "model.onnx").differences.values()) < EXPORTED


def test_piano_rolls_are_answered_by_probabilities(tmp_path: Path) -> None:
    torch.manual_seed(0)
    codec = NotesCodec(form="roll", frames_per_beat=1).fit([np.eye(88, dtype=bool)[40:48]])
    mode = NextItem(codec, config())
    found = export_model(mode, tmp_path / "model.onnx")
    assert max(found.differences.values()) < EXPORTED
    assert found.outputs[0].startswith("probabilities (B, T, ")


def test_dates_are_read_as_the_points_that_they_are(tmp_path: Path) -> None:
    torch.manual_seed(0)
    codec = DatesCodec().fit(["2024-01-01 06:00", "2024-05-17 18:30"])
    mode = OneToOne(codec, classes(), config()).eval()
    found = export_model(mode, tmp_path / "model.onnx")
    assert found.inputs == ["x (B, 6) float32"]
    day = codec.encode("2024-03-09 12:00")
    made = check.run(tmp_path / "model.onnx", {"x": day[None]})
    scores = dict(mode.predict(["2024-03-09 12:00"], top=3)[0].scores)
    expected = [scores[label] for label in mode.target_codec.labels]
    agree(np.exp(made["log_probs"][0]), expected, EXPORTED)
