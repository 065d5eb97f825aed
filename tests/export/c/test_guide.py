"""The C programs of the guide, compiled and run with networks of their kind."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from recur.codecs import CharactersCodec
from recur.export import export_c
from recur.modes import Mode
from recur.modes.many_to_one import ManyToOne
from recur.modes.next_item import NextItem
from tests.docs.pages import ROOT, blocks
from tests.export.c.networks import STRICT, build, classes, config, drawn, run, series

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


def test_the_generator_continues_its_text(tmp_path: Path) -> None:
    mode = drawn(NextItem(CharactersCodec().fit(["the cat sat on the mat"]), config()))
    said = run(program("generator.c", mode, tmp_path))
    assert said.startswith("the ")
    assert set(said.strip()) <= set("the cat sat on the mat")


def test_the_gesture_is_that_of_the_network(tmp_path: Path) -> None:
    mode = drawn(ManyToOne(series(), classes(), config(cell="gru")))
    samples = np.random.default_rng(3).normal(5, 3, (30, 2)).astype(np.float32)
    said = subprocess.run(
        [program("gesture.c", mode, tmp_path)], input=samples.tobytes(), capture_output=True, timeout=60, check=True
    ).stdout.decode()
    [answer] = mode.predict([samples], top=1)
    label, _, share = said.strip().rpartition(" ")
    assert label == answer.value
    assert float(share) == pytest.approx(answer.scores[0][1], rel=1e-2)
