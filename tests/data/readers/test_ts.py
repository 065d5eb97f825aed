"""Series of the UEA and UCR archives."""

from __future__ import annotations

from pathlib import Path

import pytest

from recur import data
from recur.config import Config, DataConfig
from recur.errors import DataError

HEAD = "# a comment\n@problemName Two\n@timeStamps false\n@dimensions 2\n@classLabel true a b\n@data\n"


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path) -> data.Table:
    return data.read(path, DataConfig())


def test_channels_become_the_columns_of_steps(tmp_path: Path) -> None:
    table = read(write(tmp_path / "two.ts", HEAD + "1,2,3:4,5,6:a\n7:8:b\n"))
    assert table.columns == ["series", "class"]
    assert table[0] == {"series": [["1", "4"], ["2", "5"], ["3", "6"]], "class": "a"}
    assert table[1] == {"series": [["7", "8"]], "class": "b"}
    assert table.where(1) == "two.ts:8"


def test_a_file_without_classes_and_one_with_a_target_are_read(tmp_path: Path) -> None:
    bare = read(write(tmp_path / "bare.ts", HEAD.replace("@classLabel true a b", "@classLabel false") + "1,2:3,4\n"))
    assert bare.columns == ["series"]
    assert bare[0] == {"series": [["1", "3"], ["2", "4"]]}
    head = HEAD.replace("@classLabel true a b", "@targetlabel true")
    assert read(write(tmp_path / "t.ts", head + "1,2:3,4:0.5\n"))[0]["target"] == "0.5"


WRONG = {
    "no data": ("@problemName x\n1,2:3,4:a\n", "no line @data"),
    "nothing after data": (HEAD, "no series"),
    "uneven channels": (HEAD + "1,2:3:a\n", "channels of 1, 2 values"),
    "other channels": (HEAD + "1,2:3,4:a\n1,2:a\n", "1 channels where the first series has 2"),
    "times": (HEAD.replace("@timeStamps false", "@timeStamps true") + "(0,1):a\n", "time stamp at every value"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_with_its_place(case: str, tmp_path: Path) -> None:
    text, said = WRONG[case]
    with pytest.raises(DataError, match=said):
        read(write(tmp_path / "x.ts", text))


def test_roles_are_a_series_and_its_class(tmp_path: Path) -> None:
    rows = "".join(f"{n},{n + 1}:{n},{n}:{'ab'[n % 2]}\n" for n in range(40))
    dataset = data.load(Config.of(source=str(write(tmp_path / "x.ts", HEAD + rows))))
    assert dataset.roles.sentence == "series, class -> many-to-one, numbers -> class"


@pytest.mark.parametrize(("part", "rows"), [("TRAIN", 270), ("TEST", 370)])
def test_japanese_vowels_are_read_whole(part: str, rows: int, data_folder: Path) -> None:
    table = read(data_folder / "japanese_vowels" / f"JapaneseVowels_{part}.ts")
    assert len(table) == rows
    lengths = [len(table[index]["series"]) for index in range(rows)]
    assert min(lengths) >= 7
    assert max(lengths) <= 29
    assert all(len(table[index]["series"][0]) == 12 for index in range(rows))
    assert {table[index]["class"] for index in range(rows)} == set("123456789")
