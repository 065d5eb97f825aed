"""Arrays of .npz files as tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recur.config import DataConfig
from recur.data import load, read
from recur.errors import DataError
from tests.data.pictured import config, table
from tests.data.reading import refused, written


def test_arrays_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    cut = written(tmp_path / "cut.npy", b"\x93NUMPY\x01\x00v\x00")
    for path in (tmp_path / "objects.npy", cut, tmp_path / "none.npy"):
        assert str(path) in refused(lambda path=path: read(path, DataConfig())).message
    np.save(tmp_path / "deep.npy", np.zeros((2, 2, 2)))
    rows = [{"x": "deep.npy", "label": "ab"[place % 2]} for place in range(20)]
    with pytest.raises(DataError, match="expected numbers"):
        load(config(table(tmp_path / "rows.csv", rows)))
