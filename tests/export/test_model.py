"""A trained model as ONNX: exported from Python, and refused where no file can compute it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from examples.files import reviews

import recur
from recur.codecs import TagsCodec
from recur.errors import ConfigError
from recur.export import check, export_model
from recur.modes.many_to_many import ManyToMany
from recur.modes.synced import Synced

pytest.importorskip("onnxruntime")
from tests.export.networks import config, words
from tests.tolerances import EXPORTED


def test_what_has_no_form_in_a_file_is_refused_with_a_sentence(tmp_path: Path) -> None:
    searching = ManyToMany(words(), words(), config())
    with pytest.raises(ConfigError, match="many-to-many generates its answer symbol by symbol"):
        export_model(searching, tmp_path / "model.onnx")
    both_ways = Synced(words(), TagsCodec().fit(["A B"]), config())
    with pytest.raises(ConfigError, match="this one is synced, read in both directions"):
        export_model(both_ways, tmp_path / "model.onnx", step=True)
    assert list(tmp_path.iterdir()) == []


def test_a_trained_model_is_exported_from_python(tmp_path: Path) -> None:
    reviews(tmp_path / "reviews.csv")
    model = recur.fit(tmp_path / "reviews.csv", epochs=1, hidden_size=8, progress=False)
    found = model.export(tmp_path / "model.onnx")
    assert max(found.differences.values()) < EXPORTED
    ids = model.mode.encode_input("a good film")
    made = check.run(tmp_path / "model.onnx", {"ids": ids[None], "lengths": np.array([len(ids)])})
    answer = model.predict("a good film", top=2)
    assert float(np.exp(made["log_probs"][0]).max()) == pytest.approx(answer.scores[0][1], rel=EXPORTED)
