"""The worker thread: runs one computation at a time and stops it when its client disconnects."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from recur.cancellation import cancellable

Answer = TypeVar("Answer")
_NO_MEMORY = ("not enough memory", "can't allocate memory", "invalid buffer size")  # in messages of torch


class Worker:
    """A single thread.

    Parameters
    ----------
    name : str
        The name of the thread.
    """

    def __init__(self, name: str) -> None:
        self.executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._closing = threading.Event()
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """How long the computation that runs now has been running; 0 where none runs."""
        since = self._since
        return 0.0 if since is None else time.monotonic() - since

    async def __call__(
        self, work: Callable[..., Answer], *arguments: object, over: Callable[[], bool] | None = None
    ) -> Answer:
        """Run a function in the thread; it is stopped between two of its steps when the caller is cancelled.

        Parameters
        ----------
        work, arguments
            The function and its arguments.
        over : callable, optional
            Whether the result is no longer needed for another reason.
        """
        cancelled = threading.Event()

        def is_over() -> bool:
            return cancelled.is_set() or self._closing.is_set() or (over is not None and over())

        def run() -> Answer:
            self._since = time.monotonic()
            try:
                with cancellable(is_over):
                    return work(*arguments)
            finally:
                self._since = None

        try:
            return await asyncio.get_running_loop().run_in_executor(self.executor, run)
        except RuntimeError as error:
            raise as_memory_error(error) from None
        except asyncio.CancelledError:
            cancelled.set()
            raise

    def stop(self) -> None:
        """Stop the running computation at its next step, and all later ones."""
        self._closing.set()

    def close(self) -> None:
        """Stop, and wait for the thread."""
        self.stop()
        self.executor.shutdown(wait=True, cancel_futures=True)


def as_memory_error(error: Exception) -> Exception:
    """An error, or a `MemoryError` where the message of torch says that memory ran out."""
    if isinstance(error, RuntimeError) and any(phrase in str(error) for phrase in _NO_MEMORY):
        return MemoryError(str(error))
    return error
