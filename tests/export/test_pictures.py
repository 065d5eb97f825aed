"""Convolutions as ONNX: pictures and frames are read from their pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from recur.codecs import FramesCodec, ImagesCodec, TagsCodec
from recur.export import check, export_model
from recur.modes.one_to_one import OneToOne
from recur.modes.synced import Synced

pytest.importorskip("onnxruntime")
from tests.export.networks import classes, config, picture_rows
from tests.tolerances import EXPORTED, agree


@pytest.mark.parametrize("pooling", ["flatten", "mean"])
@pytest.mark.parametrize("size", [(9, 13, 1), (40, 31, 3), (28, 28, 1)])
def test_a_picture_is_read_from_its_pixels(size: tuple[int, ...], pooling: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    pictures = picture_rows(size)
    codec = ImagesCodec().fit(pictures)
    mode = OneToOne(codec, classes(), config(convolutions=[8, 16], picture_pooling=pooling)).eval()
    for name, value in mode.named_parameters():
        if "inputs" in name and value.dim() == 1:
            torch.nn.init.normal_(value)  # so that a normalisation that forgets its scale is seen
    found = export_model(mode, tmp_path / "model.onnx")
    assert found.inputs == [f"x (B, {', '.join(map(str, size))}) float32"]
    made = check.run(tmp_path / "model.onnx", {"x": np.stack(pictures).astype(np.float32)})
    expected = [dict(one.scores) for one in mode.predict(pictures, top=3)]
    labels = mode.target_codec.labels
    for row, scores in zip(np.exp(made["log_probs"]), expected, strict=True):
        agree(row, [scores[label] for label in labels], EXPORTED)


def test_a_label_for_every_frame_computes_the_same(tmp_path: Path) -> None:
    torch.manual_seed(0)
    codec = FramesCodec().fit([np.stack(picture_rows((10, 12, 3)))])
    mode = Synced(codec, TagsCodec().fit(["A B C"]), config(convolutions=[4, 8]))
    found = export_model(mode, tmp_path / "model.onnx")
    assert found.inputs[0] == "x (B, T, 10, 12, 3) float32"
    assert max(found.differences.values()) < EXPORTED
    single = Synced(codec, TagsCodec().fit(["A B C"]), config(convolutions=[4, 8], bidirectional=False))
    assert export_model(single, tmp_path / "step.onnx", step=True).inputs[0] == "x (B, 10, 12, 3) float32"
