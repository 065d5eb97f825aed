"""Predicted notes, captions and tags as tables: a row for each step or picture, the same values in every form."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

import recur
from recur.codecs.notes import NotesCodec
from tests.cli.running import run
from tests.pictures import square, write_picture

TINY = {"hidden_size": 16, "batch_size": 4, "seed": 1, "device": "cpu", "progress": False, "lr": 0.05}
STEPS = {"a": [60, 64], "b": [67], "c": []}
NAMES = {"a": ["C4", "E4"], "b": ["G4"], "c": []}
WORDS = ["a b c", "c a", "b b a", "a", "b c", "c c b a"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs that write notes step by step, a continued piece, a line of notes, captions, and labels of steps."""
    folder = tmp_path_factory.mktemp("written")
    said = [{"text": text, "notes": [STEPS[word] for word in text.split()]} for text in WORDS * 5]
    recur.fit(said, mode="synced", input="text", target="notes", target_codec="notes", out=folder / "played",
              epochs=60, **TINY)  # fmt: skip
    pieces = folder / "pieces"
    pieces.mkdir()
    for place in range(4):
        NotesCodec().write_midi([[60], [62, 65], [], [60 + place]] * 4, pieces / f"{place}.mid")
    recur.fit(pieces, out=folder / "continued", max_steps=2, **TINY)
    lines = [{"notes": "C4 D4 E4/2 r G4" + " A4" * count} for count in range(8)]
    recur.fit(lines, notes="melody", input_codec="notes", out=folder / "melody", max_steps=2, **TINY)
    for place in range(8):
        write_picture(folder / "pictures" / f"{place}.png", square(place))
    captions = "".join(f'{place}.png,"{"one" if place % 2 else "two"}, here"\n' for place in range(8))
    (folder / "pictures" / "captions.csv").write_text("image,caption\n" + captions)
    recur.fit(folder / "pictures" / "captions.csv", target="caption", out=folder / "captions", max_steps=2, **TINY)
    return folder


def forms(folder: Path, name: str, words: list[Any], tmp_path: Path) -> dict[str, list[dict[str, Any]]]:
    """The answers of one command in each form."""
    found = {}
    for form in ("csv", "jsonl", "parquet"):
        out = tmp_path / f"o.{form}"
        if form == "parquet":
            pytest.importorskip("pyarrow.parquet", reason='the extra "data" is not installed')
        said = run("predict", folder / name, *words, "--out", out)
        assert said.code == 0, said.err
        if form == "csv":
            found[form] = list(csv.DictReader(io.StringIO(out.read_text())))
        elif form == "jsonl":
            found[form] = [json.loads(line) for line in out.read_text().splitlines()]
        else:
            found[form] = pytest.importorskip("pyarrow.parquet").read_table(out).to_pylist()
    found["json"] = json.loads(run("predict", folder / name, *words, "--json").out)
    return found


def test_notes_are_a_row_for_each_step_with_pitches_and_names(place: Path, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("text\na b c\nc a\n")
    found = forms(place, "played", ["--file", tmp_path / "in.csv"], tmp_path)
    expected = [
        {"row": row, "step": step, "text": word, "notes": " ".join(map(str, STEPS[word])),
         "notes names": " ".join(NAMES[word])}
        for row, text in enumerate(["a b c", "c a"], 1) for step, word in enumerate(text.split(), 1)
    ]  # fmt: skip
    assert found["parquet"] == expected
    assert found["csv"] == [{name: str(value) for name, value in record.items()} for record in expected]
    whole = [(text, [STEPS[word] for word in text.split()]) for text in ("a b c", "c a")]
    assert found["json"] == found["jsonl"]
    assert [(one["input"], one["value"]) for one in found["json"]] == whole
    assert [one["names"] for one in found["json"]] == [[NAMES[word] for word in text.split()] for text, _ in whole]
    frame = recur.load(place / "played").predict({"text": ["a b c", "c a"]}, as_frame=True)
    assert frame["notes"].tolist() == [STEPS[record["text"]] for record in expected]


def test_a_continued_piece_has_its_file_beside_every_step(place: Path, tmp_path: Path) -> None:
    piece = place / "pieces" / "1.mid"
    for words in (["--file", piece], [piece], ["--file", place / "pieces"]):
        found = forms(place, "continued", [*words, "--length", "3"], tmp_path)
        assert list(found["csv"][0]) == ["row", "step", "notes", "continuation", "continuation names"]
        count = len(found["json"])
        assert [(record["row"], record["step"]) for record in found["csv"]] == [
            (str(row), str(step)) for row in range(1, count + 1) for step in (1, 2, 3)
        ]
        values = [
            [[int(pitch) for pitch in record["continuation"].split()] for record in records[3 * row : 3 * row + 3]]
            for records in (found["csv"], found["parquet"]) for row in range(count)
        ]  # fmt: skip
        assert values == 2 * [one["value"] for one in found["json"]]
        assert {record["notes"] for record in found["csv"]} == {one["input"] for one in found["json"]}
        assert str(piece) in {record["notes"] for record in found["csv"]}


def test_a_melody_is_a_line_of_notes_for_each_row(place: Path, tmp_path: Path) -> None:
    found = forms(place, "melody", ["C4 D4", "--length", "2"], tmp_path)
    assert list(found["csv"][0]) == ["row", "notes", "continuation", "probability"]
    (answer,) = found["json"]
    assert found["jsonl"] == [answer]
    for records in (found["csv"], found["parquet"]):
        assert [(one["notes"], one["continuation"]) for one in records] == [("C4 D4", answer["value"])]


def test_captions_are_a_row_for_each_picture_with_its_file(place: Path, tmp_path: Path) -> None:
    pictures = place / "pictures"
    names = [str(pictures / f"{number}.png") for number in range(8)]
    found = forms(place, "captions", ["--file", pictures / "captions.csv"], tmp_path)
    for records in (found["csv"], found["parquet"]):
        assert [record["image"] for record in records] == names
        assert [record["caption"] for record in records] == [one["value"] for one in found["json"]]
    assert [one["input"] for one in found["json"]] == names
    assert found["json"] == found["jsonl"]
    alone = forms(place, "captions", ["--file", names[3]], tmp_path)
    assert [(record["row"], record["image"]) for record in alone["csv"]] == [("1", names[3])]
