"""Batches made ahead of training by a thread, and the time that training waited for them."""

from __future__ import annotations

import queue
import threading
import time
import weakref
from collections.abc import Iterable
from contextlib import suppress

from recur.evaluation.feed import Feed
from recur.figures import duration
from recur.network import Batch
from recur.network.batch import Encoded

BATCHES = 8
"""Batches that are ready at most."""
_PATIENCE = 0.2  # seconds after which the thread looks whether anybody still wants its batches


class Ahead:
    """A feed whose next batches are made while the network computes.

    The thread reads and pads; the compiled loops of the network and the system's read calls run without the
    interpreter's lock. Batches are those of the feed, in any order of asking: when another one is asked for than the
    next, the thread begins again there.

    Parameters
    ----------
    feed : Feed
    batches : int
        Batches that are ready at most.

    Attributes
    ----------
    waited : float
        Seconds that callers of `batch` waited.
    """

    def __init__(self, feed: Feed, batches: int = BATCHES) -> None:
        self.feed, self.waited = feed, 0.0
        self._most = batches
        self._worker: _Worker | None = None
        self._next = (-1, -1)

    @property
    def carries(self) -> bool:
        """As the feed's."""
        return self.feed.carries

    def __len__(self) -> int:
        return len(self.feed)

    def batch(self, epoch: int, index: int) -> Batch:
        started = time.perf_counter()
        if self._worker is None or self._next != (epoch, index):
            self.close()
            self._worker = _Worker(self.feed, epoch, index, self._most)
            weakref.finalize(self, self._worker.stop)
        made = self._worker.take()
        self.waited += time.perf_counter() - started
        if isinstance(made, BaseException):
            self.close()
            raise made
        self._next = _after(epoch, index, len(self.feed))
        return made

    def where(self, epoch: int, index: int) -> list[str]:
        # the thread must not use the feed meanwhile
        self.close()
        return self.feed.where(epoch, index)

    def encoded(self) -> Iterable[Encoded]:
        return self.feed.encoded()

    @property
    def ready(self) -> int:
        """Batches that are ready."""
        return 0 if self._worker is None else self._worker.ready

    def describe(self, seconds: float) -> str:
        """Return how long training waited, in words.

        Parameters
        ----------
        seconds : float
            Time of all updates.
        """
        share = 100 * self.waited / max(seconds, 1e-9)
        return f"waited for data: {duration(self.waited)}, {share:.1f} % of {duration(seconds)} of training"

    def close(self) -> None:
        """Stop the thread; the next batch starts another one."""
        if self._worker is not None:
            self._worker.stop()
            self._worker = None


class _Worker:
    """The thread: knows the feed and not the object that asks, so that this one can be collected."""

    def __init__(self, feed: Feed, epoch: int, index: int, most: int) -> None:
        self._made: queue.Queue[Batch | BaseException] = queue.Queue(most)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(feed, epoch, index), daemon=True, name="recur-ahead")
        self._thread.start()

    def _run(self, feed: Feed, epoch: int, index: int) -> None:
        while not self._stopped.is_set():
            made: Batch | BaseException
            try:
                made = feed.batch(epoch, index)
            except BaseException as error:  # it is raised where the batch is asked for
                made = error
            if not self._put(made) or isinstance(made, BaseException):
                return
            epoch, index = _after(epoch, index, len(feed))

    def _put(self, made: Batch | BaseException) -> bool:
        while not self._stopped.is_set():
            try:
                self._made.put(made, timeout=_PATIENCE)
            except queue.Full:
                continue
            return True
        return False

    def take(self) -> Batch | BaseException:
        """Return the next batch, or the error that making it ended with."""
        return self._made.get()

    @property
    def ready(self) -> int:
        """Batches that are ready."""
        return self._made.qsize()

    def stop(self) -> None:
        """Stop, and wait until the feed is not used any more."""
        self._stopped.set()
        while self._thread.is_alive():
            # a full queue keeps the thread waiting
            with suppress(queue.Empty):
                self._made.get_nowait()
            self._thread.join(_PATIENCE)


def _after(epoch: int, index: int, batches: int) -> tuple[int, int]:
    return (epoch, index + 1) if index + 1 < batches else (epoch + 1, 0)
