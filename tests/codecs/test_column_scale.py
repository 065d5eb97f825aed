"""Mean and deviation of columns."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recur.codecs import (
    NumbersCodec,
)
from recur.errors import DataError
from tests.tolerances import EXACT


def test_a_constant_column_keeps_its_scale() -> None:
    codec = NumbersCodec(sequence=False).fit([0.1] * 10)
    assert codec.deviation.tolist() == [1.0]
    assert codec.decode(codec.encode(0.3)) == pytest.approx(0.3)


numbers = st.floats(-1e6, 1e6, allow_nan=False, width=32)


@given(st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=2, max_size=20))
def test_mean_and_deviation_are_those_of_numpy(rows: list[list[float]]) -> None:
    codec = NumbersCodec(sequence=False).fit(rows)
    table = np.array(rows)
    largest = np.abs(table).max()
    assert np.abs(codec.mean - table.mean(axis=0)).max() <= EXACT * largest
    expected = table.std(axis=0)
    varies = expected > 1e-6 * (1 + largest)
    np.testing.assert_allclose(codec.deviation[varies], expected[varies], rtol=1e-6)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[1, None], [2, None]], 'column "b" has no numbers'), ([[None, None]], "there are no numbers to scale"),
        ([[0, 1e200], [0, -1e200]], 'column "b" has numbers whose squares are too large'),
    ],
)  # fmt: skip
def test_a_column_without_a_scale_is_refused(values: list[list[Any]], said: str) -> None:
    with pytest.raises(DataError, match=said):
        NumbersCodec(sequence=False, columns=["a", "b"], missing="mean").fit(values)
