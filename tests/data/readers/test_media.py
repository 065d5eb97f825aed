"""Folders and tables of sounds and notes: which codec reads them, where their paths lead, what a name says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur import data
from recur.codecs import NotesCodec
from recur.config import Config
from recur.data.readers.folder import read_folder
from recur.data.readers.media import CODEC_OF, codec_of
from recur.data.readers.npz import read_npz
from recur.errors import DataError
from tests.data.reading import refused

soundfile = pytest.importorskip("soundfile")


def sound(path: Path, hertz: float = 440.0) -> Path:
    """A tenth of a second of a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * hertz * np.arange(800) / 8000), 8000)
    return path


def piece(path: Path, pitch: int = 60) -> Path:
    """A piece of two notes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return NotesCodec().write_midi([[pitch], [pitch + 4]], path)


def config(source: Path, **options: Any) -> Config:
    return Config.of(source=str(source), **options)


def test_sounds_in_a_folder_for_each_class_become_rows_with_labels(tmp_path: Path) -> None:
    for label in ("dog", "cat"):
        for number in range(3):
            sound(tmp_path / label / f"{number}.wav", 400 + 100 * number)
    table = read_folder(tmp_path)
    assert table.columns == ["audio", "label"]
    assert len(table) == 6
    assert table[0] == {"audio": "cat/0.wav", "label": "cat"}
    assert table.where(0) == "cat/0.wav"
    roles = data.infer(table, config(tmp_path))
    assert (roles.mode, roles.input_codec, roles.target_codec) == ("many-to-one", "audio", "class")


def test_the_beginning_of_a_sounds_name_is_its_label(tmp_path: Path) -> None:
    for digit in (0, 1):
        for speaker in ("ann", "bob"):
            for take in (1, 2):
                sound(tmp_path / f"{digit}_{speaker}_{take}.wav")
    table = read_folder(tmp_path)
    assert table[0] == {"audio": "0_ann_1.wav", "label": "0", "part2": "ann", "part3": "1"}
    roles = data.infer(table, config(tmp_path))
    assert (roles.input, roles.target, roles.mode) == (["audio"], ["label"], "many-to-one")
    other = data.infer(table, config(tmp_path, target=["part2"]))
    assert (other.target, other.target_codec) == (["part2"], "class")


def test_names_that_share_nothing_are_no_labels(tmp_path: Path) -> None:
    for name in ("one_a", "two_b", "three_c"):
        sound(tmp_path / f"{name}.wav")
    assert read_folder(tmp_path).columns == ["audio"]


def test_pieces_of_a_folder_predict_their_next_step(tmp_path: Path) -> None:
    for number in range(4):
        piece(tmp_path / f"song_{number}.mid", 60 + number)
    table = read_folder(tmp_path)
    roles = data.infer(table, config(tmp_path))
    assert table.columns == ["notes"]
    assert (roles.mode, roles.input_codec, roles.own_future) == ("synced", "notes", True)
    assert roles.sentence == "notes -> synced, notes -> the next one"


def test_paths_of_a_table_begin_at_its_folder(tmp_path: Path) -> None:
    for name, hertz in (("a", 440.0), ("b", 550.0)):
        sound(tmp_path / "clips" / f"{name}.wav", hertz)
    table = tmp_path / "table.csv"
    table.write_text("file,label\n" + "clips/a.wav,x\nclips/b.wav,y\n" * 6, encoding="utf-8")
    found = data.load(config(table))
    assert (found.roles.mode, found.roles.input_codec) == ("many-to-one", "audio")
    assert {Path(example.input) for example in found.train} <= {tmp_path / "clips" / f"{name}.wav" for name in "ab"}


def test_names_of_files_that_are_not_there_are_text(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("text,label\n" + "one.wav,x\ntwo.wav,y\none.wav,y\ntwo.wav,x\n" * 10, encoding="utf-8")
    assert data.load(config(table)).roles.input_codec != "audio"


def test_lists_of_pitches_are_notes_and_lists_of_numbers_are_not() -> None:
    notes = [{"piece": [[60, 64], [], [62]]}, {"piece": [[60]]}] * 8
    assert data.load(Config(), notes).roles.input_codec == "notes"
    series = [{"series": [[1, 2], [3, 4]]}, {"series": [[5, 6]]}] * 8
    assert data.load(Config(), series).roles.input_codec == "numbers"


@pytest.mark.parametrize("damaged", ["error", "skip"])
def test_a_damaged_file_is_an_error_or_is_left_out_and_counted(tmp_path: Path, damaged: str) -> None:
    for number in range(12):
        piece(tmp_path / f"{number:02}.mid", 60 + number)
    (tmp_path / "05.mid").write_bytes(b"MThd, and no more")
    chosen = config(tmp_path, damaged=damaged)
    found = data.load(chosen)
    if damaged == "error":
        with pytest.raises(DataError, match=r"05\.mid is damaged"):
            data.fit_codecs(chosen, found.roles, [*found.train, *found.dev])
        return
    assert len(found.train) + len(found.dev) == 11
    assert len(found.damaged) == 1
    assert "05.mid" in found.damaged[0]
    data.fit_codecs(chosen, found.roles, [*found.train, *found.dev])


def test_columns_of_an_npz_file_are_columns_of_a_table(tmp_path: Path) -> None:
    np.savez(tmp_path / "table.npz", x=np.arange(24.0).reshape(4, 3, 2), label=np.array(["a", "b", "a", "b"]))
    table = read_npz(tmp_path / "table.npz")
    assert table.columns == ["x", "label"]
    assert len(table) == 4
    assert table[1]["x"].shape == (3, 2)
    assert table[1]["label"] == "b"


def test_arrays_of_several_lengths_are_sequences(tmp_path: Path) -> None:
    rolls = {f"piece{length}": np.eye(length, 88) for length in (3, 5, 4)}
    np.savez(tmp_path / "rolls.npz", **rolls)
    table = data.read(tmp_path / "rolls.npz", Config().data)
    assert table.columns == ["sequence"]
    assert [len(table[row]["sequence"]) for row in range(3)] == [3, 5, 4]
    codec = NotesCodec().fit(row["sequence"] for row in (table[0], table[1]))
    assert codec.decode(codec.encode(table[0]["sequence"])) == [[21], [22], [23]]


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"x": np.zeros((2, 3)), "y": np.zeros(5)}, "neither columns of one length nor sequences of one width"),
        ({"x": np.array(3.0)}, "a single number"),
        ({"x": np.zeros((0, 3)), "y": np.zeros(0)}, "has no rows"),
    ],
)
def test_arrays_that_are_no_table_are_refused(tmp_path: Path, arrays: dict[str, np.ndarray], said: str) -> None:
    np.savez(tmp_path / "bad.npz", **arrays)
    assert said in refused(lambda: read_npz(tmp_path / "bad.npz")).message


def test_an_npz_file_that_is_damaged_or_holds_objects_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04 and no more")
    np.savez(tmp_path / "objects.npz", x=np.array([{"a": 1}], dtype=object))
    for name, said in (("cut", "is damaged or not a file of arrays"), ("objects", "holds Python objects")):
        with pytest.raises(DataError, match=said):
            read_npz(tmp_path / f"{name}.npz")


def test_labels_that_name_the_folders_of_the_files_are_labels(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image").new("L", (4, 4))
    rows = ["image,label"]
    for number in range(12):
        label = "ab"[number % 2]
        (tmp_path / label).mkdir(exist_ok=True)
        image.save(tmp_path / label / f"{number}.png")
        rows.append(f"{label}/{number}.png,{label}")
    (tmp_path / "table.csv").write_text("\n".join(rows) + "\n")
    roles = data.infer(data.read(tmp_path / "table.csv", config(tmp_path).data), config(tmp_path))
    assert (roles.input_codec, roles.target_codec) == ("images", "class")


@given(st.lists(st.sampled_from([".", "/", "\\", "a", "wav", ".wav", ".PNG", "mid", " "]), max_size=6).map("".join))
def test_the_codec_of_a_name_follows_its_suffix(name: str) -> None:
    assert codec_of(name) == CODEC_OF.get(Path(name).suffix.lower())
