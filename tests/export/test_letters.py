"""The character encoder as ONNX, with tags one by one and in a chain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from recur.codecs import TagsCodec
from recur.codecs.spelled import SpelledWordsCodec
from recur.errors import ConfigError
from recur.export import check, export_model
from recur.modes.synced import Synced

pytest.importorskip("onnxruntime")
from tests.export.networks import config
from tests.tolerances import EXPORTED


@pytest.mark.parametrize("crf", [False, True])
def test_words_with_their_letters_and_chains_of_tags_compute_the_same(crf: bool, tmp_path: Path) -> None:
    torch.manual_seed(0)
    codec = SpelledWordsCodec().fit(["the cat sat", "a dog ran"])
    mode = Synced(codec, TagsCodec().fit(["A B C"]), config(crf=crf, character_size=5))
    chain = mode.output.crf
    if chain is not None:
        for parameter in chain.parameters():
            torch.nn.init.normal_(parameter, std=2.0)
    found = export_model(mode, tmp_path / "model.onnx")
    assert max(found.differences.values()) < EXPORTED
    assert found.inputs[0] == "ids (B, T, 1 + L) int64"
    if not crf:
        assert found.outputs == ["log_probs (B, T, 3) float32"]
        return
    assert found.outputs == ["scores (B, T, 3) float32", "tags (B, T) int64"]
    text = "the dog sat a zebra"
    made = check.run(
        tmp_path / "model.onnx", {"ids": mode.encode_input(text)[None].astype(np.int64), "lengths": np.array([5])}
    )
    assert mode.target_codec.decode(made["tags"][0]) == mode.eval().predict([text])[0].value
    with pytest.raises(ConfigError, match="searched over whole rows"):
        export_model(mode, tmp_path / "step.onnx", step=True)
