"""The order in which an event loop serves its connections.

An event loop handles everything that is ready before it looks again, so with thousands of busy sessions a probe would
wait for all of them. Here few connections are handled at a time. Those of probes come first, then new ones, which may
be probes; the others keep their order.
"""

from __future__ import annotations

import asyncio
import selectors
import sys
from typing import Any

AT_ONCE = 64  # connections that are handled before the loop looks again: a few milliseconds
QUICK = frozenset({"/health", "/healthz", "/readyz", "/metrics"})
"""Paths whose connections come first: their answers are there already."""


class FairSelector(selectors.DefaultSelector):
    """A selector that returns few of the files that are ready, the urgent ones first.

    The others are returned by a later call, because they are still ready then.

    Attributes
    ----------
    urgent, new : set of int
        Descriptors of the files that come first, and of those that come next.
    """

    def __init__(self) -> None:
        super().__init__()
        self.urgent: set[int] = set()
        self.new: set[int] = set()

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Register a file."""
        key = super().register(fileobj, events, data)
        if len(self.get_map()) == 1:
            # the first one is the loop's own pipe, by which threads report their results
            self.urgent.add(key.fd)
        return key

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait until files are ready; return at most `AT_ONCE` of each kind."""
        ready = super().select(timeout)
        if len(ready) <= AT_ONCE:
            return ready
        urgent: list[tuple[selectors.SelectorKey, int]] = []
        new: list[tuple[selectors.SelectorKey, int]] = []
        others: list[tuple[selectors.SelectorKey, int]] = []
        for one in ready:
            (urgent if one[0].fd in self.urgent else new if one[0].fd in self.new else others).append(one)
        return urgent[:AT_ONCE] + new[: AT_ONCE // 2] + others[: AT_ONCE // 2]


def new_loop(selector: FairSelector) -> asyncio.AbstractEventLoop:
    """Return an event loop that serves its connections in this order; on Windows, the usual one."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    return asyncio.SelectorEventLoop(selector)
