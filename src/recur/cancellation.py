"""Cooperative cancellation: long computations check between their steps whether the caller has given up.

The one who waits says when the work is over (`cancellable`); loops over steps, batches and candidates call
`check_cancelled`. Outside of `cancellable` nothing is ever cancelled.

    >>> with cancellable(lambda: True):
    ...     check_cancelled()
    Traceback (most recent call last):
    recur.cancellation.CancelledError: the client no longer waits for the answer
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from recur.context import setting

_over: ContextVar[Callable[[], bool] | None] = ContextVar("over", default=None)


class CancelledError(Exception):
    """Work was stopped because its caller has given up."""


@contextmanager
def cancellable(over: Callable[[], bool]) -> Iterator[None]:
    """Stop the work inside at its next step once ``over`` says so."""
    with setting(_over, over):
        yield


def check_cancelled() -> None:
    """Stop here if the work is over.

    Raises
    ------
    CancelledError
    """
    over = _over.get()
    if over is not None and over():
        raise CancelledError("the client no longer waits for the answer")
