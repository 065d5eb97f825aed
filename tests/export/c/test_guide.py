"""The C programs of the guide, compiled and run with networks of their kind."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from recur.codecs import CharactersCodec, ClassCodec, NumbersCodec
from recur.export import export_c
from recur.modes import Mode
from recur.modes.many_to_one import ManyToOne
from recur.modes.next_item import NextItem
from recur.network.batch import Batch, pad
from tests.docs.pages import ROOT, blocks
from tests.export.c.networks import STRICT, build, config, run

PROGRAMS = {
    one.file: one.text for one in blocks(ROOT / "docs" / "guides" / "deploy-small-models.md") if one.language == "c"
}


def program(name: str, mode: Mode, folder: Path) -> Path:
    """A program of the guide with a network."""
    export_c(mode, folder / "c")
    for file in ("model.h", "model.c"):
        shutil.copy(folder / "c" / file, folder)
    (folder / name).write_text(PROGRAMS[name])
    return build(folder, *STRICT, files=(name, "model.c"))


class Row(NamedTuple):
    """A raw example."""

    input: Any
    target: Any


def trained(mode: Mode, rows: list[Row], updates: int) -> Mode:
    """The network after so many updates on all rows at once."""
    optimizer = torch.optim.Adam(mode.parameters(), lr=0.03)
    encoded = [mode.encode(row) for row in rows]
    inputs, targets = pad([one.input for one in encoded]), pad([one.target for one in encoded])
    assert targets[0] is not None
    batch = Batch(*inputs, targets[0], targets[1])
    mode.train()
    for _ in range(updates):
        optimizer.zero_grad()
        mode.loss(batch).mean.backward()
        optimizer.step()
    return mode.eval()


def test_the_generator_continues_its_text(tmp_path: Path) -> None:
    text = "the cat sat on the mat."
    torch.manual_seed(0)
    mode = NextItem(CharactersCodec().fit([text]), config(hidden_size=24))
    said = run(program("generator.c", trained(mode, [Row(text, text)], 120), tmp_path))
    assert said.strip() in {"the cat sat on the mat.", "the mat."}


def test_the_gesture_is_that_of_the_network(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    # a circle has a phase between its axes, a line none
    phase = {"circle": np.pi / 2, "line": 0.0}
    samples = [
        (name, np.stack([np.sin(t := random.uniform(0, 6) + np.arange(30) / 4), np.sin(t + phase[name])], 1))
        for name in ["circle", "line"] * 12
    ]
    samples = [(name, (one + random.normal(scale=0.1, size=one.shape)).astype(np.float32)) for name, one in samples]
    codec = NumbersCodec(sequence=True, columns=["a", "b"]).fit([one for _, one in samples])
    torch.manual_seed(0)
    mode = ManyToOne(codec, ClassCodec().fit(list(phase)), config(cell="gru", hidden_size=12))
    trained(mode, [Row(one, name) for name, one in samples[:16]], 60)
    made = program("gesture.c", mode, tmp_path)
    for name, one in samples[16:]:
        said = subprocess.run([made], input=one.tobytes(), capture_output=True, timeout=60, check=True).stdout.decode()
        [answer] = mode.predict([one], top=1)
        label, _, share = said.strip().rpartition(" ")
        assert label == answer.value == name
        assert float(share) == pytest.approx(answer.scores[0][1], rel=1e-2)
