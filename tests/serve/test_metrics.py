"""Prometheus' text format."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
from recur.serve.metrics import BUCKETS, Histogram, sample


def test_latencies_are_counted_in_the_class_of_their_upper_bound() -> None:
    one = Histogram()
    for seconds in (0.0, 0.001, 0.0011, 59.0, 61.0):
        one.add(seconds)
    lines = list(one.lines("x", ()))
    assert lines[0] == 'x_bucket{le="0.001"} 2'
    assert lines[1] == 'x_bucket{le="0.0025"} 3'
    assert lines[len(BUCKETS) - 1] == 'x_bucket{le="60"} 4'
    assert lines[-3:] == ['x_bucket{le="+Inf"} 5', "x_sum 120.0021", "x_count 5"]


def test_labels_are_escaped() -> None:
    assert sample("a", 1, (("model", 'x"\\\n'),)) == 'a{model="x\\"\\\\\\n"} 1'
