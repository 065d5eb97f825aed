"""Shares of the steps in a gradient, from their factors."""

from __future__ import annotations

import numpy as np
import pytest

from recur.inspect.paths import path_of


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("pairs", [1, 2])
@pytest.mark.parametrize("vector", [False, True])
def test_shares_are_those_that_would_be_formed_one_by_one(rows: int, pairs: int, vector: bool) -> None:
    rng = np.random.default_rng(0)
    factors = tuple(
        (rng.normal(size=(5, rows, 4)), None if vector else rng.normal(size=(5, rows, 3))) for _ in range(pairs)
    )
    path = path_of("W", "input to hidden", factors)
    expected = sum(dz.sum(1) if v is None else np.einsum("tbm,tbn->tmn", dz, v) for dz, v in factors)
    np.testing.assert_allclose(path.shares(), expected)
    np.testing.assert_allclose(path.gradient, np.sum(expected, axis=0))
    flat = np.reshape(expected, (5, -1))
    np.testing.assert_allclose(path.norm, np.linalg.norm(flat, axis=1))
    gradient = path.gradient.ravel()
    np.testing.assert_allclose(path.fraction, flat @ gradient / np.square(gradient).sum())
    assert path.fraction.sum() == pytest.approx(1)


def test_a_gradient_of_zero_has_shares_of_zero() -> None:
    path = path_of("W", "bias", ((np.zeros((3, 1, 2)), None),))
    assert not path.fraction.any()
    assert not path.norm.any()
