"""Words that read a vector as a whole: what each means in numbers, with large numbers too, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from recur.equations import Symbol, vectors
from recur.errors import EquationError
from tests.equations.test_language import value, vector
from tests.tolerances import EXACT


def _softmax(v: np.ndarray) -> np.ndarray:
    raised = np.exp(v - v.max())
    return raised / raised.sum()


@pytest.mark.parametrize("numbers", [[0.5, -1.5, 2.0, 0.25], [900.0, -900.0, 899.0, 0.0], [3.0, 3.0, 3.0, 3.0]])
@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        (vectors.softmax, _softmax),
        (vectors.largest, lambda v: v.max(keepdims=True)),
        (vectors.logsumexp, lambda v: np.log(np.exp(v - v.max()).sum(keepdims=True)) + v.max()),
        (vectors.one_hot_of_largest, lambda v: (v == v.max()).astype(float)),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_word_means_what_it_says(
    word: Callable[[Symbol], Symbol], meaning: Callable[[np.ndarray], np.ndarray], numbers: list[float]
) -> None:
    v, given = vector(), np.array(numbers)
    np.testing.assert_allclose(value(word(v), (v, given)), meaning(given), rtol=EXACT)


@pytest.mark.parametrize(
    "word", [vectors.softmax, vectors.largest, vectors.logsumexp, vectors.one_hot_of_largest], ids=lambda w: w.__name__
)
def test_a_number_is_no_vector(word: Callable[[object], Symbol]) -> None:
    with pytest.raises(EquationError, match="takes a vector of the equation, got 1.0"):
        word(1.0)
