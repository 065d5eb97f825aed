"""Ledgers are drawn, and say how far back a gradient reaches."""

from __future__ import annotations

import math

import numpy as np
import pytest

import recur
from recur.inspect import bptt
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


@pytest.fixture(scope="module")
def model() -> recur.Model:
    rows = [{"text": "a fine film", "label": "good"}, {"text": "a dull <film>", "label": "bad"}] * 8
    return recur.fit(rows, epochs=2, hidden_size=8, bidirectional=False, progress=False, seed=1)


def test_the_ledger_is_drawn_with_a_pair_of_axes_for_each_layer(model: recur.Model) -> None:
    pytest.importorskip("matplotlib")
    ledger = bptt(model, ("a fine film", "good"))
    figure = ledger.plot()
    assert len(figure.axes) == 2 * len(ledger.layers)
    labels = {line.get_label() for line in figure.axes[1].lines}
    assert labels == {name for name, path in ledger.layers[0].paths.items() if path.kind != "bias"}
