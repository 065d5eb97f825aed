"""The codec of notes: through MIDI files and back, saved and loaded, shown; damaged files are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recur import codecs, errors
from recur.codecs import NotesCodec
from recur.config import Config
from recur.errors import DamagedError, MissingExtraError, RunError


def rolls(**options: Any) -> NotesCodec:
    """A codec of rolls that has seen one chord."""
    return NotesCodec("roll", **options).fit([[[60, 64, 67]]])


@pytest.mark.parametrize("cut", [0, 3, 20, -5])
def test_a_damaged_midi_file_is_named(tmp_path: Path, cut: int) -> None:
    path = rolls().write_midi([[60], [62]], tmp_path / "whole.mid")
    damaged = tmp_path / "cut.mid"
    damaged.write_bytes(path.read_bytes()[:cut])
    for action in (rolls().encode, rolls().check_file):
        with pytest.raises(DamagedError, match=r"cut\.mid is damaged or not a MIDI file"):
            action(str(damaged))
    rolls().check_file(str(path))


def test_a_midi_file_without_notes_and_one_that_is_not_there_are_damaged_too(tmp_path: Path) -> None:
    empty = rolls().write_midi([[]], tmp_path / "empty.mid")
    with pytest.raises(DamagedError, match="has no notes"):
        rolls().check_file(str(empty))
    with pytest.raises(DamagedError, match="is missing"):
        rolls().check_file(str(tmp_path / "absent.mid"))


@pytest.mark.parametrize("form", ["roll", "melody"])
def test_a_saved_codec_reads_and_writes_as_before(tmp_path: Path, form: str) -> None:
    data = Config.of(notes=form, frames_per_beat=2, transpose=2).data
    codec = codecs.make("notes", data).fit(["C4 E4+G4 r D4/2"])
    codec.save(tmp_path, "input_codec")
    loaded = codecs.load(tmp_path, "input_codec")
    array = codec.encode("C4 E4+G4 D4/2")
    assert np.array_equal(loaded.encode("C4 E4+G4 D4/2"), array)
    assert loaded.decode(array) == codec.decode(array)
    assert loaded.describe() == codec.describe()
    assert loaded.augments
    text = (tmp_path / "input_codec.json").read_text(encoding="utf-8")
    (tmp_path / "input_codec.json").write_text(text.replace(f'"{form}"', '"chant"'), encoding="utf-8")
    with pytest.raises(RunError, match="roll or melody"):
        codecs.load(tmp_path, "input_codec")


def test_shown_on_one_line() -> None:
    assert rolls().show([[60, 64], [60, 64], [62]], 40) == "C4+E4 D4"
    assert len(rolls().show([[60 + step % 12] for step in range(100)], 40)) == 40
    assert NotesCodec("melody", frames_per_beat=1).show("C4 D4 E4", 40) == "C4 D4 E4"


def test_without_symusic_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(module: str, extra: str) -> None:
        raise MissingExtraError(module, hint=f'pip install "recur-nn[{extra}]"')

    monkeypatch.setattr("recur.codecs.midi.require", absent)
    with pytest.raises(errors.MissingExtraError) as caught:
        rolls().write_midi([[60]], tmp_path / "a.mid")
    assert caught.value.hint == 'pip install "recur-nn[music]"'
    assert not (tmp_path / "a.mid").exists()
