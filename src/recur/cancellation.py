"""Cooperative cancellation: long computations check between steps whether the caller still waits.

The caller passes a function that returns True once the result is no longer needed (`cancellable`); loops over steps,
batches and candidates call `check_cancelled`. Outside `cancellable` nothing is cancelled.

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
    """The work was stopped because its caller no longer waits."""


@contextmanager
def cancellable(over: Callable[[], bool]) -> Iterator[None]:
    """Stop the work in the block at its next step once ``over()`` returns True."""
    with setting(_over, over):
        yield


def check_cancelled() -> None:
    """Raise if the work was cancelled.

    Raises
    ------
    CancelledError
    """
    over = _over.get()
    if over is not None and over():
        raise CancelledError("the client no longer waits for the answer")
