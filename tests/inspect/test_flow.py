"""The gradient over distance: the measure that networks are compared by."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recur import inspect as inspector
from recur.inspect.flow import Flow, flow
from tests.inspect.helpers import learned, two_runs
from tests.modes.helpers import Row


def test_a_flow_says_how_much_arrives_and_where_it_falls_below_one_percent() -> None:
    forgets = Flow("layer 1", np.array([1.0, 0.1, 0.002]), np.ones(3), 2.0)
    assert forgets.sentence == (
        "a step 2 back receives 0.2 % of the gradient of the last one; it falls below 1 % after 2 steps"
    )
    keeps = Flow("layer 1", np.array([1.0, 0.2, 0.2]), np.ones(3), math.inf)
    assert keeps.sentence == "a step 2 back receives 20 % of the gradient of the last one; it stays above 1 %"


TEXTS = ["the dog ran to a cat", "a dog", "the cat sat"]


def test_the_gradient_over_distance_is_that_of_the_ledger() -> None:
    mode = learned("synced", "words", None, {})
    [one] = flow(mode, [Row(TEXTS[0], TEXTS[0])])
    [layer] = inspector.bptt(mode, TEXTS[0]).itemised.values()
    last = layer["message"][-1][::-1]
    assert one.relative == pytest.approx(last / last[0], rel=1e-6)


def test_runs_are_compared_layer_by_layer() -> None:
    data = two_runs()
    assert [run["label"] for run in data["runs"]] == [
        "elman (layer 1)", "elman (layer 2)", "lstm (layer 1)", "lstm (layer 2)",
    ]  # fmt: skip
    assert all(run["relative"][0] == pytest.approx(1) for run in data["runs"])
    # what training recorded stands with the last layer of its run
    assert [bool(run["recorded"]) for run in data["runs"]] == [False, True, False, True]
    assert data["distances"] == list(range(max(len(run["relative"]) for run in data["runs"])))


def test_a_distance_counts_while_a_quarter_of_the_rows_have_it() -> None:
    mode = learned("synced", "words", None, {})
    short, long = Row("the dog", "the dog"), Row(" ".join(["dog"] * 12), " ".join(["dog"] * 12))
    [many] = flow(mode, [short] * 8 + [long])
    assert len(many.relative) == 3
    [few] = flow(mode, [short] * 3 + [long])
    assert len(few.relative) == 13
    assert few.counts.tolist() == [4.0] * 3 + [1.0] * 10
