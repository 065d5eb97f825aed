"""How far a gradient reaches: the measure that networks are compared by."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recur.inspect.flow import Flow
from recur.inspect.ledgers import distance_of_memory


@pytest.mark.parametrize(
    ("norms", "steps"),
    [
        ([1.0, 1.0, 1.0], math.inf),
        # half at each step back: 2^-7 is the first below 1 %
        ([0.5**k for k in range(10)][::-1], 7.0),
        # most of it leaves at the first step back, and what the cell state has stays
        ([0.2, 0.2, 0.2, 0.2, 1.0], math.inf),
        ([0.001, 1.0], 1.0),
        ([0.5, 0.0], 0.0),
        ([], 0.0),
    ],
)
def test_a_memory_ends_where_less_than_one_percent_arrives(norms: list[float], steps: float) -> None:
    assert distance_of_memory(np.array(norms)) == steps


def test_a_flow_says_how_much_arrives_and_where_it_falls_below_one_percent() -> None:
    forgets = Flow("layer 1", np.array([1.0, 0.1, 0.002]), np.ones(3), 2.0)
    assert forgets.sentence == (
        "a step 2 back receives 0.2 % of the gradient of the last one; it falls below 1 % after 2 steps"
    )
    keeps = Flow("layer 1", np.array([1.0, 0.2, 0.2]), np.ones(3), math.inf)
    assert keeps.sentence == "a step 2 back receives 20 % of the gradient of the last one; it stays above 1 %"
