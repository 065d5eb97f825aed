"""Which targets are known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recur.codecs.codec import NO_TARGET
from recur.heads.known_targets import known, known_in


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (np.array([1, NO_TARGET, 0]), [True, False, True]), (np.array(NO_TARGET), False),
        (np.array([[1.0, np.nan]]), [[True, False]]), (np.array([float(NO_TARGET)]), [True]),
    ],
    ids=["ids", "id", "numbers", "a number like the id"],
)  # fmt: skip
def test_a_target_is_known_unless_it_is_marked_as_missing(targets: np.ndarray, expected: object) -> None:
    assert known_in(targets).tolist() == expected
    assert known(torch.from_numpy(np.atleast_1d(targets))).tolist() == np.atleast_1d(np.array(expected)).tolist()
