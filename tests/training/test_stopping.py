"""What evaluations decide."""

from __future__ import annotations

import math

from recur.training.stopping import Progression


def test_best_and_patience() -> None:
    seen = Progression(higher_is_better=False)
    assert [seen.add(v, s) for s, v in enumerate((3.0, 2.0, 2.5, math.nan))] == [True, True, False, False]
    assert (seen.best, seen.best_step, seen.since_best) == (2.0, 1, 2)
    assert seen.should_stop(2)
    assert not seen.should_stop(3)
    assert not seen.should_stop(None)


def test_higher_is_better_turns_it_round() -> None:
    seen = Progression(higher_is_better=True)
    assert [seen.add(v, 0) for v in (0.5, 0.4, 0.6)] == [True, False, True]


def test_averaging_begins_when_the_newest_is_worse_than_the_best_of_the_older_ones() -> None:
    seen = Progression(higher_is_better=False)
    started = []
    for step, value in enumerate((10.0, 9.0, 8.0, 8.1, 8.2, 8.0, 7.9, 8.1, 9.5)):
        seen.add(value, step)
        started.append(seen.should_average())
    # at the ninth the best of the first three, 8.0, is better than 9.5
    assert started == [False] * 8 + [True]
