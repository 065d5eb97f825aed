"""Limits per client: requests in progress, requests per second, and open sessions.

A client is the token of its requests, where tokens are required, and its address otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from recur.serve.limits import Limits
from recur.serve.problems import RequestError

_KNOWN = 10_000  # clients, beyond which idle ones are forgotten

CLIENT: ContextVar[str] = ContextVar("client", default="")
"""The client of the request that is being answered."""


@dataclass
class Use:
    """What one client uses: its running requests, and a bucket of requests that refills at the allowed rate."""

    running: int
    allowed: float
    since: float


class Clients:
    """What all clients use.

    Parameters
    ----------
    limits : Limits
        ``client_requests`` and ``client_rate``.
    clock : callable, optional
        Seconds.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits, clock
        self._uses: dict[str, Use] = {}
        self._burst = max(1.0, limits.client_rate)

    def __len__(self) -> int:
        return len(self._uses)

    def enter(self, name: str) -> Use:
        """Count a request of a client; ``running`` of what is returned is lowered after the answer.

        Raises
        ------
        RequestError
            429 where the client has too many.
        """
        use, limits = self._use(name), self._limits
        if use.running >= limits.client_requests:
            raise RequestError(
                429, f"{use.running:,} requests of this client are being answered, which is the limit", "wait for them"
            )
        if use.allowed < 1:
            raise RequestError(
                429, f"this client sends more than {limits.client_rate:g} requests per second", "send fewer"
            )
        use.allowed -= 1
        use.running += 1
        return use

    def _use(self, name: str) -> Use:
        now = self._clock()
        use = self._uses.get(name)
        if use is None:
            if len(self._uses) >= _KNOWN:
                # a client whose bucket is full again is as good as new
                filled = self._burst / self._limits.client_rate
                self._uses = {key: one for key, one in self._uses.items() if one.running or now - one.since < filled}
            use = self._uses[name] = Use(0, self._burst, now)
        use.allowed = min(self._burst, use.allowed + (now - use.since) * self._limits.client_rate)
        use.since = now
        return use
