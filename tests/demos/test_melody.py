"""The demonstration of melodies: its tunes are tunes, its keys are held out, and it writes what it plays."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from recur.codecs import NotesCodec
from recur.codecs.melody import events_of, pitch_of
from recur.config import Config
from recur.demos import melody
from recur.demos.tunes import STEPS_PER_BEAT, TUNES, moved
from tests.cli.running import run


@pytest.mark.parametrize("name", TUNES)
def test_every_tune_is_notes_on_the_grid_within_two_octaves(name: str) -> None:
    events = events_of(TUNES[name], STEPS_PER_BEAT)
    pitches = [pitch_of(event) for event in events if event not in ("-", "r")]
    assert len(events) > melody.OPENING + 16
    assert max(pitches) - min(pitches) <= 24
    assert len(set(pitches)) >= 4


@pytest.mark.parametrize("name", TUNES)
def test_a_tune_in_another_key_is_the_same_tune(name: str) -> None:
    line = TUNES[name]
    assert moved(moved(line, 5), -5) == moved(line, 0)
    codec = NotesCodec(frames_per_beat=STEPS_PER_BEAT)
    own, higher = codec.notes(line), codec.notes(moved(line, 3))
    assert (own[:, :2] == higher[:, :2]).all()
    assert (own[:, 2] + 3 == higher[:, 2]).all()


def test_every_tune_is_learned_and_asked_for() -> None:
    for part in ("train", "dev", "test"):
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
