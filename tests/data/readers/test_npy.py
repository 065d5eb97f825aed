"""Arrays computed beforehand: one file a row, or one array for all."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recur.config import DataConfig
from recur.data import load, read
from tests.data.pictured import config, table


def test_features_computed_beforehand_are_numbers(tmp_path: Path) -> None:
    rows = []
    for place in range(20):
        np.save(tmp_path / f"{place}.npy", np.random.default_rng(place).normal(size=7))
        rows.append({"features": f"{place}.npy", "label": "ab"[place % 2]})
    dataset = load(config(table(tmp_path / "rows.csv", rows)))
    assert dataset.roles.sentence == "features, label -> one-to-one, numbers -> class"
    assert dataset.train[0].input.shape == (7,)
    for place in range(20):
        np.save(tmp_path / f"{place}.npy", np.zeros((3 + place, 2)))
    assert load(config(tmp_path / "rows.csv")).roles.mode == "many-to-one"


def test_an_array_alone_is_a_table_of_numbers(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(40.0).reshape(20, 2))
    found = read(tmp_path / "a.npy", DataConfig())
    assert (len(found), found.columns, found.name) == (20, ["value 1", "value 2"], str(tmp_path / "a.npy"))
