"""Observers of recurrences as they run: how the inspector sees a network without the network knowing of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from torch import Tensor

from recur.engine.call import Call, Result


class Watcher(Protocol):
    """An observer of every recurrence and every error; what it returns takes the place of what it was given."""

    def recurrence(self, call: Call, result: Result) -> Result:
        """One direction of one layer has run."""
        ...

    def answer(self, output: object, vectors: Tensor, targets: Tensor, mask: Tensor | None) -> Tensor:
        """Vectors (B, T, H) or (B, H) are about to be read out and compared with targets."""
        ...


_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


def current() -> Watcher | None:
    """The present observer."""
    return _watcher.get()


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Observe recurrences in here."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


@contextmanager
def unwatched() -> Iterator[None]:
    """Suspend observers in here."""
    token = _watcher.set(None)
    try:
        yield
    finally:
        _watcher.reset(token)


class Listener(Protocol):
    """Receives the sizes of dE/dstates that a backward pass went through."""

    def hear(self, pointers: Sequence[int], states: Sequence[str], reverse: bool, squares: Tensor) -> None:
        """One backward pass has run.

        Parameters
        ----------
        pointers : sequence of int
            Addresses of the matrices and vectors.
        states : sequence of str
            Of the equation, in order.
        reverse : bool
            Whether time ran from the end.
        squares : Tensor
            (states, T) float64, the sum over rows and units of (dE/dstate_t)^2, as step t was told from outside itself.
        """
        ...


_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)


def listening() -> Listener | None:
    """The current observers of the sizes of gradients."""
    return _listener.get()


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Register an observer of the backward passes of what runs forward in this context (native backend only)."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
