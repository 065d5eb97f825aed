"""Numbers as people read them: the whole part in full, as many decimals as say something."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recur.codecs import NumbersCodec
from recur.figures import short


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [
        (124071.996, None, "124072"),
        (124071.996, 9000.0, "124072"),
        (124071.996, 0.02, "124071.996"),
        (-124071.996, 3.0, "-124071.996"),
        (1e15, None, "1000000000000000"),
        (1e16, None, "1e+16"),
        (99.9944, 30.0, "99.99"),
        (20.0, 0.5, "20"),
        (0.0, 1.0, "0"),
        (0.25, None, "0.25"),
        (0.000123456, None, "0.0001235"),
        (1e-9, 1.0, "1e-09"),
        (math.nan, 1.0, "nan"),
        (5.0, math.inf, "5"),
        (5.0, 0.0, "5"),
    ],
)
def test_numbers_keep_their_whole_part(value: float, scale: float | None, text: str) -> None:
    assert short(value, scale=scale) == text


def test_numbers_of_a_column_are_as_fine_as_the_column_varies() -> None:
    codec = NumbersCodec(sequence=True, columns=["price [EUR]"]).fit([[124071.996, 124072.0, 124072.004]])
    assert codec.show([124071.996]) == "124071.996 EUR"
    wide = NumbersCodec(sequence=True, columns=["price"]).fit([np.linspace(0, 1e6, 50)])
    assert wide.show([124071.996]) == "124072"
    assert "e+" not in wide.describe()
