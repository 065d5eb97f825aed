"""Columns that float32 does not hold are refused by every export: their answers would be those to other numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recur.codecs import NumbersCodec
from recur.errors import ConfigError
from recur.export import export_model, export_nam, export_python, export_rtneural
from recur.export.c import export_c
from recur.export.web import export_web
from recur.modes.synced import Synced
from tests.export.c.networks import config

FORMS = {
    "c": export_c, "model.py": export_python, "model.html": export_web, "model.json": export_rtneural,
    "model.nam": export_nam, "model.onnx": export_model,
}  # fmt: skip


def column(mean: float, deviation: float) -> NumbersCodec:
    values = np.random.default_rng(0).normal(size=(50, 1)) * deviation + mean
    return NumbersCodec(sequence=True, columns=["time"]).fit([values])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("mean", "deviation", "message"),
    [
        (1.7e9, 100.0, r'column "time" has mean 1.7e\+09 .* float32, whose numbers there are 1.3e\+02 apart'),
        (0.0, 1e-42, 'column "time" has numbers that float32 does not hold'),
        (0.0, 1e39, 'column "time" has numbers that float32 does not hold'),
    ],
)
def test_a_column_that_float32_does_not_hold_is_refused(
    form: str, mean: float, deviation: float, message: str, tmp_path: Path
) -> None:
    given, plain = column(mean, deviation), column(0, 1)
    for read, answered in ((given, plain), (plain, given)):
        with pytest.raises(ConfigError, match=message):
            FORMS[form](Synced(read, answered, config(cell="lstm")), tmp_path / form)
    assert list(tmp_path.iterdir()) == []


def test_a_column_of_usual_size_is_written(tmp_path: Path) -> None:
    pressure = column(101_325, 500)
    export_rtneural(Synced(pressure, pressure, config(cell="lstm")), tmp_path / "model.json")
    assert (tmp_path / "model.json").is_file()
