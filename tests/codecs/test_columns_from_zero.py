"""Columns whose zero means nothing: divided by their mean, masks as they are, nothing missing or negative."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from recur.codecs import NumbersCodec, load, make
from recur.codecs.columns_from_zero import ColumnsFromZero
from recur.errors import ConfigError, DataError, RunError

NAMES = ["a", "gap", "known"]
VALUES = [[[1.0, 0.0, 1], [3.0, 4.0, 0]], [[5.0, 8.0, 1]]]


def fitted() -> NumbersCodec:
    return NumbersCodec(sequence=True, columns=NAMES, from_zero=["gap", "known"]).fit(VALUES)


def test_a_column_is_divided_by_its_mean_and_a_mask_is_kept() -> None:
    codec = fitted()
    encoded = codec.encode(VALUES[0])
    np.testing.assert_allclose(encoded[:, 1], np.array([0.0, 1.0], np.float32))  # the mean of 0, 4 and 8 is 4
    np.testing.assert_allclose(encoded[:, 2], np.array([1.0, 0.0], np.float32))
    assert encoded[:, 0].min() < 0
    np.testing.assert_allclose(np.array(codec.decode(encoded)), np.array(VALUES[0]))
    assert codec.describe() == "numbers: 3 columns (a 3 ± 1.63, gap in units of 4, known in units of 1)"


def test_a_column_of_zeros_stays_zero() -> None:
    codec = NumbersCodec(sequence=True, columns=["a", "gap"], from_zero=["gap"]).fit([[[1.0, 0.0], [2.0, 0.0]]])
    assert codec.encode([[1.0, 3.0]])[0, 1] == 3.0


@pytest.mark.parametrize(("number", "message"), [(-0.5, "-0.5 is negative"), (math.nan, "a number is missing")])
@pytest.mark.parametrize("missing", ["error", "mean", "previous"])
def test_negative_and_missing_numbers_are_refused_in_training_and_after(
    number: float, message: str, missing: str
) -> None:
    codec = NumbersCodec(sequence=True, columns=NAMES, from_zero=["gap"], missing=missing)
    wrong = [[1.0, 0.0, 1], [1.0, number, 1]]
    for action in (lambda: codec.fit([wrong]), lambda: codec.fit(VALUES).encode(wrong)):
        with pytest.raises(DataError) as refused:
            action()
        assert message in refused.value.message
        assert 'in column "gap" at step 2' in refused.value.message


def test_a_saved_codec_keeps_them(tmp_path: Path) -> None:
    codec = fitted()
    codec.save(tmp_path, "input")
    again = load(tmp_path, "input")
    assert tuple(again.from_zero) == ("gap", "known")
    np.testing.assert_allclose(again.encode(VALUES[0]), codec.encode(VALUES[0]))
    text = (tmp_path / "input.json").read_text(encoding="utf-8")
    (tmp_path / "input.json").write_text(text.replace('"known"\n ]\n}', '"other"\n ]\n}'), encoding="utf-8")
    with pytest.raises(RunError, match="from_zero"):
        load(tmp_path, "input")


def test_only_series_of_numbers_have_such_columns() -> None:
    for kind, sequence in (("words", True), ("numbers", False)):
        with pytest.raises(ConfigError, match="a cell reads gap at every step"):
            make(kind, sequence=sequence, from_zero=["gap"])
    with pytest.raises(ConfigError, match='Did you mean "gap"'):
        ColumnsFromZero(["gapp"]).places(NAMES)
