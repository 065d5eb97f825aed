"""Pictures from the file to the answer: trained, kept, opened, asked; on the command line too."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import recur
from recur.errors import ConfigError, DataError
from tests.cli.running import run
from tests.pictures import noise, square, write_picture, write_video

OPTIONS = {"epochs": 6, "hidden_size": 16, "convolutions": [8, 8], "lr": 0.01, "progress": False}


@pytest.fixture(scope="module")
def corners(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of squares in two corners, and a damaged file."""
    folder = tmp_path_factory.mktemp("corners")
    for place in range(80):
        write_picture(folder / ("left", "right")[place % 2] / f"{place}.png", square(place))
    return folder


def test_a_folder_of_classes_is_learned_kept_and_asked(corners: Path, tmp_path: Path) -> None:
    model = recur.fit(corners, out=tmp_path / "run", **OPTIONS)
    assert model.roles.sentence == "images, label -> one-to-one, images -> 2 classes"
    assert model.evaluate(corners)["accuracy"] > 0.9
    again = recur.load(tmp_path / "run")
    one, array = corners / "left" / "0.png", square(0)
    assert again.predict(one).value == again.predict(str(one)).value == again.predict(array).value == "left"
    assert [answer.value for answer in again.predict([one, corners / "right" / "1.png"])] == ["left", "right"]
    assert [answer.value for answer in again.predict(np.stack([square(0), square(1)]))] == ["left", "right"]
    # the same command again resumes, from another folder too
    assert recur.fit(corners, out=tmp_path / "run", **OPTIONS).metrics == again.metrics


def test_augmented_training_goes_on_where_it_stopped(corners: Path, tmp_path: Path) -> None:
    options = {**OPTIONS, "augment": ["shift", "flip"], "dropout": 0.2, "schedule": "constant"}
    whole = recur.fit(corners, out=tmp_path / "whole", **{**options, "epochs": 2})
    recur.fit(corners, out=tmp_path / "parts", **{**options, "epochs": 1})
    parts = recur.fit(corners, out=tmp_path / "parts", **{**options, "epochs": 2})
    assert parts.metrics["held_out"] == whole.metrics["held_out"]


def test_a_damaged_picture_is_left_out_of_an_evaluation_and_counted(corners: Path, tmp_path: Path) -> None:
    model = recur.fit(corners, damaged="skip", **{**OPTIONS, "epochs": 1})
    for place in range(4):
        write_picture(tmp_path / ("left", "right")[place % 2] / f"{place}.png", square(place))
    (tmp_path / "left" / "bad.png").write_bytes(b"no picture")
    figures = model.evaluate(tmp_path)
    assert (figures["rows"], figures["damaged"]) == (4, 1)
    model.config.data.damaged = "error"
    with pytest.raises(DataError, match=r"bad.png is damaged"):
        model.evaluate(tmp_path)


def test_options_of_pictures_are_refused_elsewhere() -> None:
    rows = [{"text": f"a text {place}", "label": "ab"[place % 2]} for place in range(20)]
    pictures = {"convolutions": [4], "augment": "flip", "image_size": 8, "image_steps": "rows", "frame_rate": 2.0}
    for option in ({name: value} for name, value in pictures.items()):
        with pytest.raises(ConfigError, match="has no effect here"):
            recur.fit(rows, progress=False, **option)


def test_sizes_that_are_none_are_refused(corners: Path) -> None:
    for option in ({"image_size": 0}, {"image_size": [1, 2, 3]}, {"convolutions": [0]}):
        with pytest.raises(ConfigError, match=r"of 1 (or more|to 1,000,000)"):
            recur.fit(corners, progress=False, **option)


def test_videos_with_a_label_each(tmp_path: Path) -> None:
    rows = []
    for place in range(24):
        frames = [np.repeat(square(place + 2 * step, 16)[:, :, None], 3, axis=2) for step in range(3)]
        write_video(tmp_path / f"{place}.mkv", frames)
        rows.append({"video": f"{place}.mkv", "label": ("left", "right")[place % 2]})
    with (tmp_path / "videos.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["video", "label"])
        writer.writeheader()
        writer.writerows(rows)
    model = recur.fit(tmp_path / "videos.csv", image_color="gray", **OPTIONS)
    assert model.roles.sentence == "video, label -> many-to-one, frames -> 2 classes"
    assert model.evaluate(tmp_path / "videos.csv")["accuracy"] > 0.9
    assert model.predict(tmp_path / "0.mkv").value == "left"
    assert model.predict(noise(3, 16, 16)).value in ("left", "right")


def test_the_command_line_reads_pictures(corners: Path, tmp_path: Path) -> None:
    checked = run("check", str(corners))
    assert checked.code == 0
    assert "images, label -> one-to-one, images -> 2 classes" in checked.out
    assert "images: 12 x 12, gray" in checked.out
    out = tmp_path / "run"
    options = {"epochs": 4, "hidden-size": 16, "convolutions": 8, "lr": 0.01, "image-size": 12}
    typed = [word for name, value in options.items() for word in (f"--{name}", value)]
    assert run("train", str(corners), "--out", str(out), *typed).code == 0
    asked = run("predict", str(out), str(corners / "left" / "0.png"), str(corners / "right" / "1.png"))
    assert [line.split(",")[2] for line in asked.out.splitlines()] == ["label", "left", "right"]
    assert run("evaluate", str(out), str(corners)).code == 0
    missing = run("predict", str(out), str(corners / "none.png"))
    assert missing.code == 2
    assert "none.png is missing" in missing.err
