"""Observers: who is told, for how long, and that each context has its own."""

from __future__ import annotations

from contextvars import copy_context
from typing import Any

import pytest

from recur.engine import watch

FIRST: Any = object()
SECOND: Any = object()


def test_nobody_observes_unless_asked_to() -> None:
    assert watch.current() is None
    assert watch.listening() is None


def test_the_innermost_observer_is_told_and_the_outer_one_afterwards_again() -> None:
    with watch.watched_by(FIRST):
        with watch.watched_by(SECOND):
            assert watch.current() is SECOND
        assert watch.current() is FIRST
        with watch.unwatched():
            assert watch.current() is None
        assert watch.current() is FIRST
    assert watch.current() is None


def test_a_listener_is_apart_from_an_observer() -> None:
    with watch.heard_by(FIRST):
        assert (watch.listening(), watch.current()) == (FIRST, None)
        with watch.unwatched():
            assert watch.listening() is FIRST
    assert watch.listening() is None


@pytest.mark.parametrize("within", [watch.watched_by, watch.heard_by])
def test_an_error_ends_the_observation(within: Any) -> None:
    with pytest.raises(KeyError), within(FIRST):
        raise KeyError
    assert (watch.current(), watch.listening()) == (None, None)


def test_another_context_is_not_observed() -> None:
    other = copy_context()
    with watch.watched_by(FIRST):
        assert other.run(watch.current) is None
        assert copy_context().run(watch.current) is FIRST
