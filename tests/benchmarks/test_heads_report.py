"""Reports of the tasks, on rows made small: every figure is there, and the pictures are pictures."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from benchmarks.tasks import heads, heads_report

import recur

FEW = {"train": 24, "dev": 6, "test": 6}


def is_picture(path: object) -> bool:
    return Path(str(path)).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def write(file: Path, header: list[str], rows: list[list[object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened).writerows([header, *rows])


def fit(out: Path, suffix: str, **options: object) -> Path:
    source, dev = out / f"train.{suffix}", str(out / f"dev.{suffix}")
    recur.fit(source, out=out / "run", dev=dev, epochs=1, hidden_size=4, progress=False, **options)
    return out / "run"


@pytest.mark.parametrize("task", ["adding", "copy_memory"])
def test_cells_stand_side_by_side(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ADDING_ROWS": FEW, "COPY_ROWS": FEW, "ADDING_STEPS": 12, "COPY_BLANKS": 5}.items():
        monkeypatch.setattr(heads, name, value)
    getattr(heads, task)(tmp_path, tmp_path)
    options: dict[str, object] = {"input": "series", "target": "target"}
    if task == "copy_memory":
        options = {
            "input": "input",
            "target": "target",
            "input_codec": "tags",
            "target_codec": "tags",
            "mode": "synced",
        }
    run = fit(tmp_path, "jsonl", cell="lstm", bidirectional=False, memory_steps=10, **options)
    found = heads_report.curves(run, tmp_path, tmp_path)
    key = "mse" if task == "adding" else "recalled"
    assert {f"{cell} {key}" for cell in heads_report.SIDE_BY_SIDE} <= set(found)
    # the cell of the task's own file, whichever cell is best on the test rows
    assert found[key] == found[f"lstm {key}"]
    assert is_picture(found["picture"])


def test_a_linear_model_stands_beside_the_frames(tmp_path: Path) -> None:
    for part, videos in {"train": ("a", "b"), "dev": ("c",), "test": ("d",)}.items():
        rows: list[list[object]] = [
            [video, math.sin(step + seed), step % 5, "Rest" if step % 5 < 2 else "Stroke"]
            for seed, video in enumerate(videos)
            for step in range(20)
        ]
        write(tmp_path / f"{part}.csv", ["video", "x", "y", "phase"], rows)
    run = fit(tmp_path, "csv", target="phase", group="video", mode="synced")
    found = heads_report.gesture_phase(run, tmp_path, tmp_path)
    # the phase is a threshold on y, which a line can say
    assert found["linear_accuracy"] == found["linear_macro_f1"] == 1.0
    assert found["above_linear"] <= 0
    assert {"label", "f1", "linear_f1"} <= set(found["by_class"][0])
    assert is_picture(found["picture"])


def test_only_training_frames_are_taken_once(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", step % 3, ["Rest", "Stroke"][step % 3 > 0]] for step in range(12)]
    for part in FEW:
        write(tmp_path / f"{part}.csv", ["video", "x", "phase"], rows)
    model = recur.load(fit(tmp_path, "csv", target="phase", group="video", mode="synced"))
    assert [len(part) for part in heads_report._frames(model, tmp_path / "train.csv", once=True)] == [3, 3]
    inputs, labels = heads_report._frames(model, tmp_path / "test.csv", once=False)
    assert (len(inputs), labels.tolist()) == (12, [0, 1, 1] * 4)


def test_forecasts_are_drawn_and_compared(tmp_path: Path) -> None:
    for part in FEW:
        write(tmp_path / f"{part}.csv", ["load"], [[5 + math.sin(step / 2)] for step in range(80)])
    run = fit(tmp_path, "csv", forecast="direct", horizon=4, window=12, season=12, input="load")
    found = heads_report.forecast(run, tmp_path, tmp_path)
    assert found["below_seasonal_naive"] < 1
    assert len(found["by_step"]) == 4
    assert is_picture(found["picture"])


def test_languages_are_counted_and_drawn(tmp_path: Path) -> None:
    for part in FEW:
        rows: list[list[object]] = [[f"{'abc'[n % 3] * 3}{n}", ["x", "y", "z"][n % 3]] for n in range(30)]
        write(tmp_path / f"{part}.csv", ["name", "language"], rows)
    run = fit(tmp_path, "csv", input="name", target="language", input_codec="characters")
    found = heads_report.names(run, tmp_path, tmp_path)
    assert {"accuracy", "macro_accuracy", "macro_f1", "majority_class_accuracy"} <= set(found)
    assert is_picture(found["picture"])
