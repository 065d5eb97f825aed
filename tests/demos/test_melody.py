"""The demonstration of melodies: its tunes are tunes, its keys are held out, and it writes what it plays."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from recur.codecs import NotesCodec
from recur.config import Config
from recur.demos import melody
from recur.demos.tunes import STEPS_PER_BEAT, TUNES
from tests.cli.running import run


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_every_tune_is_learned_and_asked_for(part: str) -> None:
    assert [row["name"] for row in melody.rows(part)] == list(TUNES)


def test_it_learns_plays_on_and_writes_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("symusic")

    def short() -> Config:
        config = melody.settings()
        config.model.hidden_size = 16
        config.training.epochs = 1
        return config

    monkeypatch.setattr(melody, "DEMO", dataclasses.replace(melody.DEMO, settings=short))
    outcome = run("demo", "melody", "--out", tmp_path / "run")
    assert outcome.code == 0, outcome.err
    assert "given up to |" in outcome.out
    for words in melody.SHOWN:
        assert words in outcome.out
    names = sorted(path.name for path in (tmp_path / "run").iterdir() if path.is_file())
    assert names == ["ah-vous-dirai-je-maman.mid", "ah-vous-dirai-je-maman.png", "ode-to-joy.mid", "ode-to-joy.png"]
    said = json.loads(run("demo", "melody", "--out", tmp_path / "run", "--json").out)
    assert 0 <= said["value"] <= 1
    assert len(said["files"]) == 4
    codec = NotesCodec("melody", frames_per_beat=STEPS_PER_BEAT)
    example = said["examples"][0]
    assert codec.tokens(example["piece"])[: melody.OPENING] == codec.tokens(example["truth"])[: melody.OPENING]
    assert codec.show(str(tmp_path / "run" / names[0]), 20)
