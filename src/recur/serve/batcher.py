"""Dynamic batching: requests that wait at the same time are computed together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from recur.cancellation import CancelledError
from recur.serve.problems import RequestError
from recur.serve.worker import Worker, as_memory_error

_RESUMED = 32  # requests that continue before the event loop looks again

Item = TypeVar("Item")
Answer = TypeVar("Answer")


def apart(work: Callable[[Sequence[Item]], Sequence[Answer]], items: Sequence[Item]) -> Sequence[Answer | Exception]:
    """Compute items together; if that fails, each alone, so that one bad item does not affect the others."""
    try:
        return list(work(items))
    except CancelledError:
        raise
    except Exception as error:
        if len(items) == 1:
            return [error]
    return [apart(work, [item])[0] for item in items]


class Batcher(Generic[Item, Answer]):
    """Collects items from many tasks and passes them to one function.

    No item waits for a batch to fill: a batch is what arrived while the previous one ran.

    Parameters
    ----------
    work : callable
        Items -> an answer each, or an exception in its place.
    worker : Worker
        The thread that computes, which all batchers of a network share.
    most : int
        Largest number of items in a batch.
    waiting : int
        Largest number of items that wait; one more is refused.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Item]], Sequence[Answer | Exception]],
        worker: Worker,
        *,
        most: int,
        waiting: int,
    ) -> None:
        self._work, self._worker = work, worker
        self._most, self._limit = most, waiting
        self._items: deque[tuple[Item, asyncio.Future[Answer]]] = deque()
        self._running: asyncio.Task[None] | None = None
        self.batches = self.items = 0

    @property
    def queue(self) -> int:
        """Number of items that wait."""
        return len(self._items)

    async def __call__(self, item: Item) -> Answer:
        """Return the answer to one item.

        Raises
        ------
        RequestError
            503 when too many wait.
        """
        if len(self._items) >= self._limit:
            raise RequestError(503, f"{len(self._items):,} calls are waiting, which is the limit", "try again later")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._items.append((item, future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._items:
            # requests whose caller has disconnected are skipped
            batch: list[tuple[Item, asyncio.Future[Answer]]] = []
            while self._items and len(batch) < self._most:
                item, future = self._items.popleft()
                if not future.done():
                    batch.append((item, future))
            if not batch:
                continue
            answers: Sequence[Answer | Exception]
            try:
                answers = await self._worker(self._work, [item for item, _ in batch], over=_abandoned(batch))
            except Exception as error:  # the batch as a whole failed: every caller gets the error
                answers = [error] * len(batch)
            self.batches += 1
            self.items += len(batch)
            for number, ((_, future), answer) in enumerate(zip(batch, answers, strict=True), 1):
                if number % _RESUMED == 0:
                    await asyncio.sleep(0)  # probes are answered in between
                if future.done():
                    continue
                if isinstance(answer, Exception):
                    future.set_exception(as_memory_error(answer))
                else:
                    future.set_result(answer)


def _abandoned(batch: Sequence[tuple[Item, asyncio.Future[Answer]]]) -> Callable[[], bool]:
    """Return a function that tells whether no caller waits for the batch any more."""
    return lambda: all(future.done() for _, future in batch)
