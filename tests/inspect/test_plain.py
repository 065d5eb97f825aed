"""Numbers are rounded to the digits that count."""

from __future__ import annotations

import numpy as np

from recur.inspect.plain import rounded


def test_numbers_are_rounded_to_the_digits_that_count() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal(2000) * 10.0 ** rng.integers(-30, 30, 2000)
    for dtype in (np.float32, np.float64):
        given = np.append(values.astype(dtype), np.array([0.0, 0.1, 1e-5, 99999.5], dtype))
        found = rounded(given)
        np.testing.assert_allclose(found, given.astype(float), rtol=6e-5)
        usual = [one for one in found if 1e-12 < abs(one) < 1e12]
        assert all(len(f"{abs(one):.17g}".rstrip("0")) < 8 or one == float(f"{one:.5g}") for one in usual)
    assert rounded(np.array([[1.0, np.nan], [np.inf, -2.5]])) == [[1.0, None], [None, -2.5]]
