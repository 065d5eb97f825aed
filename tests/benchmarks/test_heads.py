"""Rows of the tasks with a class, a tag or a forecast: what is on which side, and that nothing is altered."""

from __future__ import annotations

import csv
import json
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from benchmarks.tasks import heads

from recur import config_file

TASKS = Path(heads.__file__).parent
MINE = (
    "adding", "airline", "copy_memory", "etth1", "gesture_phase", "japanese_vowels", "names", "sst2", "sunspots",
    "ud_english_ewt",
)  # fmt: skip
PARTS = ("train", "dev", "test")


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


@pytest.mark.parametrize("key", ["prepare", "report"])
@pytest.mark.parametrize("name", MINE)
def test_a_task_is_a_configuration_that_train_takes(name: str, key: str) -> None:
    values = tomllib.loads((TASKS / f"{name}.toml").read_text(encoding="utf-8"))
    about = values.pop("task")
    assert {"title", "mode", "data", "figure", "target", "better", "published", "minutes"} <= set(about)
    assert config_file.from_mapping(values, name=name).model.mode == about["mode"]
    if key in about:
        module, _, function = about[key].partition(":")
        assert hasattr(__import__(module, fromlist=[function]), function)


def test_surnames_are_divided_within_each_language_and_never_on_two_sides(data_folder: Path, tmp_path: Path) -> None:
    heads.names(data_folder, tmp_path)
    parts = {part: rows(tmp_path / f"{part}.csv") for part in PARTS}
    assert sum(map(len, parts.values())) == 20_050
    sides = [{row["name"] for row in part} for part in parts.values()]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]  # noqa: PT018
    whole = Counter(row["language"] for part in parts.values() for row in part)
    assert len(whole) == 18
    for part in ("dev", "test"):
        found = Counter(row["language"] for row in parts[part])
        # a name of two languages goes with the first of them, so shares are near a tenth and not exact
        assert all(0.04 * count <= found[language] <= 0.16 * count for language, count in whole.items())


def test_gesture_videos_are_whole_on_one_side_with_every_phase_spelled_alike(data_folder: Path, tmp_path: Path) -> None:
    heads.gesture_phase(data_folder, tmp_path)
    parts = {part: rows(tmp_path / f"{part}.csv") for part in PARTS}
    phases = {row["phase"] for part in parts.values() for row in part}
    assert phases == {"Rest", "Preparation", "Stroke", "Hold", "Retraction"}
    assert {row["video"] for row in parts["test"]} == {"a3", "c3"}
    assert len(parts["test"]) == 1830 + 1444
    frames = {part: {tuple(row.values())[1:] for row in parts[part]} for part in PARTS}
    assert not frames["train"] & frames["dev"]
    learned = {row["video"].split()[0] for row in parts["train"]}
    assert learned == {row["video"] for row in parts["dev"]} == set(heads.GESTURE_TRAIN)


def test_ett_is_cut_as_others_cut_it(data_folder: Path, tmp_path: Path) -> None:
    heads.etth1(data_folder, tmp_path)
    parts = {part: rows(tmp_path / f"{part}.csv") for part in PARTS}
    assert [len(part) for part in parts.values()] == [8640, 2880 + 96, 2880 + 96]
    assert parts["dev"][96]["date"] == "2017-06-26 00:00:00"
    assert parts["dev"][:96] == parts["train"][-96:]
    assert parts["test"][:96] == parts["dev"][-96:]


@pytest.mark.parametrize("name", ["airline", "sunspots"])
def test_a_series_is_cut_by_time(name: str, data_folder: Path, tmp_path: Path) -> None:
    getattr(heads, name)(data_folder, tmp_path)
    parts = [[row["Month"] for row in rows(tmp_path / f"{part}.csv")] for part in PARTS]
    assert all(part == sorted(part) for part in parts)
    assert parts[0][-1] < parts[1][-1] < parts[2][-1]
    # the past of a part that is measured was learned from, or chosen on
    assert parts[1][0] in parts[0]


def test_marked_numbers_add_up_and_symbols_are_said_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {"train": 3, "dev": 2, "test": 2}
    monkeypatch.setattr(heads, "ADDING_ROWS", few)
    monkeypatch.setattr(heads, "COPY_ROWS", few)
    heads.adding(tmp_path, tmp_path)
    for part, count in few.items():
        lines = (tmp_path / f"{part}.jsonl").read_text().splitlines()
        assert len(lines) == count
        for row in map(json.loads, lines):
            marked = [step for step, (_, mark) in enumerate(row["series"]) if mark]
            assert len(row["series"]) == 600
            assert marked[0] < 300 <= marked[1]
            assert row["target"] == pytest.approx(sum(row["series"][step][0] for step in marked))
    heads.copy_memory(tmp_path, tmp_path)
    for row in map(json.loads, (tmp_path / "test.jsonl").read_text().splitlines()):
        assert len(row["input"]) == len(row["target"]) == 120
        assert row["target"][-10:] == row["input"][:10]
        assert row["input"].index("say") == 109
        assert set(row["target"][:-10]) == set(row["input"][-10:]) == {"_"}
