"""Observers: who is told, for how long, and that each context has its own."""

from __future__ import annotations

from contextvars import copy_context
from typing import Any

import pytest

from recur.engine import observers

FIRST: Any = object()
SECOND: Any = object()


def test_nobody_observes_unless_asked_to() -> None:
    assert observers.current() is None
    assert observers.gradient_observer() is None


def test_the_innermost_observer_is_told_and_the_outer_one_afterwards_again() -> None:
    with observers.observed_by(FIRST):
        with observers.observed_by(SECOND):
            assert observers.current() is SECOND
        assert observers.current() is FIRST
        with observers.unobserved():
            assert observers.current() is None
        assert observers.current() is FIRST
    assert observers.current() is None


def test_a_listener_is_apart_from_an_observer() -> None:
    with observers.gradients_observed_by(FIRST):
        assert (observers.gradient_observer(), observers.current()) == (FIRST, None)
        with observers.unobserved():
            assert observers.gradient_observer() is FIRST
    assert observers.gradient_observer() is None


@pytest.mark.parametrize("within", [observers.observed_by, observers.gradients_observed_by])
def test_an_error_ends_the_observation(within: Any) -> None:
    with pytest.raises(KeyError), within(FIRST):
        raise KeyError
    assert (observers.current(), observers.gradient_observer()) == (None, None)


def test_another_context_is_not_observed() -> None:
    other = copy_context()
    with observers.observed_by(FIRST):
        assert other.run(observers.current) is None
        assert copy_context().run(observers.current) is FIRST
