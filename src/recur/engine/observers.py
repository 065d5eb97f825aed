"""Observers of recurrences and of their backward passes, through which the inspector sees a network run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from torch import Tensor

from recur.context import setting
from recur.engine.backend_interface import Call, Result


class Observer(Protocol):
    """An observer of every recurrence and every readout; its return value replaces what it was given."""

    def recurrence(self, call: Call, result: Result) -> Result:
        """Called after one direction of one layer has run."""
        ...

    def answer(self, output: object, vectors: Tensor, targets: Tensor, mask: Tensor | None) -> Tensor:
        """Called before vectors (B, T, H) or (B, H) are read out and compared with targets."""
        ...


_observer: ContextVar[Observer | None] = ContextVar("observer", default=None)


def current() -> Observer | None:
    """The current observer."""
    return _observer.get()


@contextmanager
def observed_by(observer: Observer) -> Iterator[None]:
    """Register an observer of the recurrences in this context."""
    with setting(_observer, observer):
        yield


@contextmanager
def unobserved() -> Iterator[None]:
    """Suspend observers in this context."""
    with setting(_observer, None):
        yield


class GradientObserver(Protocol):
    """An observer of backward passes: it receives the norms of dE/dstates."""

    def backward_pass(self, pointers: Sequence[int], states: Sequence[str], reverse: bool, squares: Tensor) -> None:
        """Called after one backward pass.

        Parameters
        ----------
        pointers : sequence of int
            Addresses of the matrices and vectors.
        states : sequence of str
            Of the equation, in order.
        reverse : bool
            Whether the recurrence runs from the last step to the first.
        squares : Tensor
            (states, T) float64, the sum over rows and units of (dE/dstate_t)^2, total derivatives.
        """
        ...


_gradient_observer: ContextVar[GradientObserver | None] = ContextVar("listener", default=None)


def gradient_observer() -> GradientObserver | None:
    """The current observer of backward passes."""
    return _gradient_observer.get()


@contextmanager
def gradients_observed_by(observer: GradientObserver) -> Iterator[None]:
    """Register an observer of the backward passes of the recurrences in this context (native backend only)."""
    with setting(_gradient_observer, observer):
        yield
