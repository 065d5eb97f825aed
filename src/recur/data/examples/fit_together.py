"""Both codecs fitted in one pass over rows that stay on the disk: one reads, the other is fed by it in a thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

from recur.data.examples.examples import Example

_CHUNK = 512  # examples that are handed over at once
_CHUNKS = 4


def fed_together(
    examples: Iterator[Example], rest: Callable[[], Iterator[Example]], first: Callable[[Iterator[Example]], Any],
    second: Callable[[Iterator[Example]], Any],
) -> tuple[Any, Any]:  # fmt: skip
    """Run two functions over the same examples, which are read once.

    Parameters
    ----------
    examples : iterator of Example
        For both.
    rest : callable
        Returns further examples for the second function, after those of both.
    first, second : callable
        Each takes an iterator of examples.

    Returns
    -------
    tuple
        The results of both.

    Raises
    ------
    BaseException
        What the function raised that failed first.
    """
    handed: queue.Queue[list[Example]] = queue.Queue(_CHUNKS)
    outcome: list[Any] = []
    failed: list[BaseException] = []
    over = threading.Event()

    def received() -> Iterator[Example]:
        while chunk := handed.get():
            yield from chunk

    def work() -> None:
        try:
            outcome.append(second(received()))
        except BaseException as error:
            failed.append(error)
        finally:
            over.set()

    thread = threading.Thread(target=work, daemon=True, name="recur-fit")
    thread.start()

    def hand(chunk: list[Example]) -> bool:
        while not over.is_set():
            try:
                handed.put(chunk, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def shared() -> Iterator[Example]:
        while chunk := list(islice(examples, _CHUNK)):
            if not hand(chunk) and failed:
                return
            yield from chunk

    try:
        own = first(shared())
        more = rest()
        while not failed and (chunk := list(islice(more, _CHUNK))):
            hand(chunk)
    finally:
        hand([])
        thread.join()
    if failed:
        raise failed[0]
    return own, outcome[0]


def each(examples: Sequence[Example], first: int = 0) -> Iterator[Example]:
    """Return examples one by one."""
    return (examples[index] for index in range(first, len(examples)))
