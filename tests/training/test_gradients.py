"""The size of the gradient by distance, heard from the native core's own backward pass, in the run's log."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from examples.files import sentences

import recur
from recur import inspect as inspector
from recur.engine import observers
from recur.training.gradients import GradientNorms, octaves
from tests.modes.helpers import Row, batch_of, build, rows
from tests.tolerances import SHOWN


def test_what_is_heard_is_what_the_ledger_says() -> None:
    mode = build("many-to-one", "words", "class", bidirectional=True, num_layers=2)
    batch = batch_of(mode, rows("words", "class")[2:3])
    norms = GradientNorms(mode)
    norms.begin()
    with observers.gradients_observed_by(norms):
        loss = mode.loss(batch).mean
    loss.backward()
    record = norms.record()
    layers = inspector.ledger(mode, batch).layers
    assert record["distance"] == [0, 1, 2, 4]
    assert {one["name"] for one in record["layers"]} == {str(layer.place) for layer in layers}
    for layer in layers:
        [heard] = [one["norms"] for one in record["layers"] if one["name"] == str(layer.place)]
        for state, messages in layer.messages.items():
            squares = np.square(messages[:, 0]).sum(-1)
            back = squares if layer.place.direction else squares[::-1]
            octave = octaves(np.arange(len(back)))
            expected = [np.sqrt(back[octave == n].mean()) for n in range(octave.max() + 1)]
            np.testing.assert_allclose(heard[state], expected, rtol=SHOWN)
    assert norms.record()["layers"] == []


def test_a_decoder_that_goes_step_by_step_is_one_sequence() -> None:
    mode = build("many-to-many", "words", "words", attention="bahdanau")
    batch = batch_of(mode, [Row("the dog ran", "the dog ran to a cat")])
    norms = GradientNorms(mode)
    norms.begin()
    with observers.gradients_observed_by(norms):
        loss = mode.loss(batch).mean
    loss.backward()
    [decoder] = [one["norms"] for one in norms.record()["layers"] if one["name"].startswith("decoder")]
    assert len(decoder["h"]) == 4  # seven steps: distances 0, 1, 2-3, 4-6
    assert all(norm > 0 for norm in decoder["h"])


@pytest.mark.parametrize("engine", ["native", "eager"])
def test_training_writes_them_into_the_log_and_learns_the_same(tmp_path: Path, engine: str) -> None:
    sentences(tmp_path / "s.txt")
    said = {}
    for record in (True, False):
        out = tmp_path / str(record)
        recur.fit(
            tmp_path / "s.txt", documents="line", hidden_size=8, epochs=1, batch_size=16, device="cpu", out=out,
            record_gradients=record, progress=False, engine=engine,
        )  # fmt: skip
        said[record] = recur.load(out).mode.state_dict()
        events = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
        gradients = [one for one in events if one["event"] == "gradients"]
        assert bool(gradients) == (record and engine == "native")
        for one in gradients:
            [layer] = one["layers"]
            assert set(layer["norms"]) == {"h", "c"}
            assert len(layer["norms"]["h"]) == len(one["distance"])
        assert bool(inspector.recorded(out)) == bool(gradients)
    for name, value in said[True].items():
        assert torch.equal(value, said[False][name]), name
