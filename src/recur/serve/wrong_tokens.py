"""A limit on wrong tokens: an address that sends too many of them is not heard for a while.

Its requests are then refused without a look at their token, so that a token cannot be guessed at the rate of the
network. Loopback addresses are counted but always heard: the programs there are the machine's own, or a proxy, whose
other clients would be refused as well.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from recur.serve.hosts import is_loopback
from recur.serve.problems import RequestError

_KNOWN = 10_000  # addresses, beyond which those that may send again are forgotten
_MINUTE = 60.0


class WrongTokens:
    """How many wrong tokens each address has sent lately.

    Parameters
    ----------
    most : float
        Wrong tokens of one address per minute; as many as in one minute may come at once. The address of a client with
        IPv6 is its network, the first 64 bits.
    clock : callable, optional
        Seconds.
    """

    def __init__(self, most: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._counts: dict[str, tuple[float, float]] = {}  # what is counted, and since when

    def __len__(self) -> int:
        return len(self._counts)

    def check(self, address: str) -> None:
        """Refuse a request from an address that has sent too many.

        Raises
        ------
        RequestError
            429, with the seconds to wait.
        """
        count = self._count(_network(address))
        if count > max(self._most - 1, 0) and not _is_own(address):
            seconds = max(1, round((count - max(self._most - 1, 0)) * _MINUTE / self._most + 0.5))
            raise RequestError(
                429, f"this address has sent more than {self._most:g} wrong tokens per minute",
                f"wait {seconds:,} s, then send the right one",
            )  # fmt: skip

    def add(self, address: str) -> None:
        """Count a wrong token."""
        name = _network(address)
        if name not in self._counts and len(self._counts) >= _KNOWN:
            self._counts = {key: one for key, one in self._counts.items() if self._count(key) > 0}
            if len(self._counts) >= _KNOWN:  # an attack from everywhere: the oldest is forgotten
                del self._counts[next(iter(self._counts))]
        self._counts[name] = self._count(name) + 1, self._clock()

    def _count(self, name: str) -> float:
        count, since = self._counts.get(name, (0.0, 0.0))
        return max(0.0, count - (self._clock() - since) * self._most / _MINUTE)


def _network(address: str) -> str:
    """What belongs to one sender: an address of IPv4, or 64 bits of one of IPv6."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped) if found.ipv4_mapped else found.exploded[:19]
    return str(found)


def _is_own(address: str) -> bool:
    return not address or is_loopback(address)
