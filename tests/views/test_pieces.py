"""Pieces of notes as files."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur import codecs
from recur.codecs import NotesCodec
from recur.errors import ConfigError, MissingExtraError
from recur.views import pieces, roll


def test_a_piece_is_written_as_midi_and_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codec = NotesCodec("melody", frames_per_beat=2)
    written = pieces.write(codec, "C4 E4 G4*2", tmp_path / "tune")
    assert [path.name for path in written] == ["tune.mid", "tune.png"]
    assert codec.show(str(written[0])) == "C4 E4 G4*2"
    assert pieces.steps(codec, "C4 E4 G4*2") == 8

    def absent(*_: object, **__: object) -> None:
        raise MissingExtraError("no matplotlib")

    monkeypatch.setattr(roll, "write_png", absent)
    assert [path.name for path in pieces.write(codec, "C4", tmp_path / "b.mid")] == ["b.mid"]


def test_only_notes_become_pieces(tmp_path: Path) -> None:

    with pytest.raises(ConfigError, match="a MIDI file is written by a model of notes"):
        pieces.write(codecs.make("words").fit(["a b"]), "a", tmp_path / "a.mid")
