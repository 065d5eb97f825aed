"""Rows whose file cannot be read, left out and counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recur.data import Dataset, fit_codecs, load
from recur.errors import DataError
from recur.training.check import check
from tests.data.pictured import classes, config, table
from tests.data.reading import written


def damaged(folder: Path) -> Path:
    classes(folder)
    (folder / "corner0" / "bad.png").write_bytes(b"no picture")
    return folder


def test_a_damaged_picture_is_refused_with_its_row(tmp_path: Path) -> None:
    # whichever side it is on, it is named
    dataset = load(config(damaged(tmp_path)))
    everything = Dataset(dataset.roles, [*dataset.train, *dataset.dev], [], None, "")
    with pytest.raises(DataError, match=r"corner0/bad.png.* is damaged or not a picture"):
        fit_codecs(config(tmp_path), dataset.roles, everything.train)


def test_damaged_pictures_are_left_out_and_counted(tmp_path: Path) -> None:
    settings = config(damaged(tmp_path), damaged="skip")
    dataset = load(settings)
    assert len(dataset.train) + len(dataset.dev) == 12
    (said,) = dataset.damaged
    assert said.startswith("corner0/bad.png: ")
    report = check(settings)
    assert report.damaged == dataset.damaged
    assert "damaged   1 row is left out:\n          corner0/bad.png: " in str(report)


def test_a_part_with_nothing_whole_is_refused(tmp_path: Path) -> None:
    classes(tmp_path / "train", 3)
    for name in ("corner0", "corner1"):
        written(tmp_path / "test" / name / "bad.png", b"no picture")
    with pytest.raises(DataError, match="every file of the test rows is damaged"):
        load(config(tmp_path, damaged="skip"))


def test_damaged_features_are_left_out_too(tmp_path: Path) -> None:
    rows = []
    for place in range(20):
        np.save(tmp_path / f"{place}.npy", np.random.default_rng(place).normal(size=7))
        rows.append({"features": f"{place}.npy", "label": "ab"[place % 2]})
    written(tmp_path / "7.npy", b"no array")
    path = table(tmp_path / "rows.csv", rows)
    (said,) = load(config(path, damaged="skip")).damaged
    assert said.startswith("rows.csv:9: ")
