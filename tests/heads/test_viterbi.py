"""Chains of tags as ONNX: of equally good rows of tags either is right, and worse ones are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from recur.codecs import TagsCodec
from recur.errors import RecurError
from recur.export import check, export_model
from recur.modes.synced import Synced

pytest.importorskip("onnxruntime")
from tests.export.networks import config, words
from tests.tolerances import EXPORTED


def tagger() -> Synced:
    torch.manual_seed(0)
    mode = Synced(words(), TagsCodec().fit(["A B C"]), config(crf=True))
    for parameter in mode.parameters():
        torch.nn.init.normal_(parameter)
    return mode


def test_of_two_equally_good_rows_of_tags_either_is_right(tmp_path: Path) -> None:
    mode = tagger()
    with torch.no_grad():
        # two tags that nothing tells apart: which of them is best is chance
        for parameter in mode.output.parameters():
            for axis in range(parameter.dim()):
                if parameter.shape[axis] == 3:
                    parameter.copy_(parameter.index_select(axis, torch.tensor([0, 0, 2])))
    chain = mode.output.crf
    decode = chain.decode

    def the_other(scores: torch.Tensor, lengths: Any = None) -> tuple[torch.Tensor, torch.Tensor]:
        tags, log_p = decode(scores, lengths)
        real = torch.arange(tags.shape[1]) < torch.as_tensor(lengths)[:, None]
        return torch.where(real & (tags == 0), 1, tags), log_p

    chain.decode = the_other
    assert max(export_model(mode, tmp_path / "model.onnx").differences.values()) < EXPORTED


@pytest.mark.parametrize("at_padding", [False, True])
def test_a_file_that_finds_worse_tags_is_not_passed(
    at_padding: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = check.run

    def worse(path: Path, inputs: Any) -> check.Values:
        made = run(path, inputs)
        padding = np.arange(made["tags"].shape[1]) >= inputs["lengths"][:, None]
        made["tags"] = np.where(padding == at_padding, (made["tags"] + 1) % 3, made["tags"])
        return made

    monkeypatch.setattr(check, "run", worse)
    with pytest.raises(RecurError, match="tags at padding differs" if at_padding else "log p of the tags differs"):
        export_model(tagger(), tmp_path / "model.onnx")
