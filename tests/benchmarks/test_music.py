"""The rows of the tasks of music and speech: as many as published, by the published split, none on two sides."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from benchmarks.tasks import FOLDER, music
from benchmarks.tasks.task import read

ROWS = {"jsb": (229, 76, 77), "nottingham": (694, 173, 170)}
STEPS = {"jsb": (13807, 4602, 4725), "nottingham": (176561, 45513, 44463)}


@pytest.mark.parametrize("name", ["jsb", "nottingham", "fsdd"])
def test_a_task_names_functions_that_are_there(name: str, tmp_path: Path) -> None:
    task = read(FOLDER / f"{name}.toml")
    assert callable(task.function("prepare"))
    assert callable(task.function("report"))
    assert task.config(tmp_path, tmp_path).data.source == str(
        tmp_path / f"train.{'csv' if name == 'fsdd' else 'jsonl'}"
    )


@pytest.mark.parametrize("name", ROWS)
def test_piano_rolls_are_written_by_the_published_split(name: str, data_folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    getattr(music, name)(data_folder, tmp_path)
    counts, steps = [], []
    for part in ("train", "dev", "test"):
        lines = (tmp_path / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
        pieces = [json.loads(line)["notes"] for line in lines]
        counts.append(len(pieces))
        steps.append(sum(map(len, pieces)))
        assert all(21 <= pitch <= 108 for piece in pieces for step in piece for pitch in step)
    assert tuple(counts) == ROWS[name]
    assert tuple(steps) == STEPS[name]


def test_spoken_digits_are_split_as_their_authors_say(data_folder: Path, tmp_path: Path) -> None:
    music.fsdd(data_folder, tmp_path)
    parts = {}
    for part in ("train", "dev", "test"):
        with (tmp_path / f"{part}.csv").open(encoding="utf-8", newline="") as file:
            parts[part] = list(csv.DictReader(file))
    assert {part: len(rows) for part, rows in parts.items()} == {"train": 2400, "dev": 300, "test": 300}
    for rows in parts.values():
        assert len({row["digit"] for row in rows}) == 10
        assert all(Path(row["audio"]).stem.startswith(row["digit"] + "_") for row in rows)
    indices = {part: {int(Path(row["audio"]).stem.split("_")[2]) for row in rows} for part, rows in parts.items()}
    assert indices["test"] == set(range(5))
    assert indices["dev"] == set(range(5, 10))
    assert min(indices["train"]) == 10
