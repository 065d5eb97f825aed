"""Which host names a server answers to: the guard against DNS rebinding.

A page of another site can make a browser send requests here once the name of that site resolves to this machine. Such a
request carries the name in its Host header, and an IP address in that header is never such a name. So:

    bound to a loopback address     loopback names and addresses (localhost, 127.0.0.0/8, ::1)
    bound to any other address      those, every IP address, this machine's own name, and the names of ``--allow-host``

A request without a Host header (HTTP/1.0) comes from no browser.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

ANY = "*"
_AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/?#@\s]+)(?::(\d{1,5}))?")
_PORTS = {"http": "80", "https": "443"}


@dataclass(frozen=True)
class Hosts:
    """The host names that requests may carry.

    Attributes
    ----------
    names : collection of str
        Names beside those of loopback; ``"*"`` allows any.
    addresses : bool
        Whether every IP address is allowed, not only those of loopback.
    """

    names: Collection[str] = ()
    addresses: bool = True

    @classmethod
    def of(cls, bound: str, names: Collection[str] = ()) -> Hosts:
        """Return the hosts of a server that listens on an address."""
        if is_loopback(bound):
            return cls(tuple(name.lower() for name in names), addresses=False)
        return cls((*(name.lower() for name in names), socket.gethostname().lower()))

    def allow(self, host: str) -> bool:
        """Whether a Host header, with or without a port, is one of these."""
        if ANY in self.names:
            return True
        name, _ = split(host)
        if not name:
            return False
        return is_loopback(name) or name in self.names or (self.addresses and _address(name) is not None)


def split(authority: str, scheme: str = "http") -> tuple[str, str]:
    """Return (name, port) of ``name:port`` in lower case; an empty name where it is not one.

    >>> split("LocalHost:8000"), split("[::1]"), split("a b")
    (('localhost', '8000'), ('[::1]', '80'), ('', ''))
    """
    match = _AUTHORITY.fullmatch(authority.lower())
    if match is None:
        return "", ""
    return match[1].rstrip("."), match[2] or _PORTS.get(scheme, "")


def same_origin(origin: str, host: str) -> bool:
    """Whether the Origin of a request is the host that it was sent to.

    >>> same_origin("http://localhost:8000", "localhost:8000"), same_origin("null", "localhost:8000")
    (True, False)
    """
    scheme, separator, authority = origin.partition("://")
    return bool(separator) and bool(split(host)[0]) and split(authority, scheme) == split(host, scheme)


def is_loopback(name: str) -> bool:
    """Whether a name or an address is loopback."""
    address = _address(name)
    if address is None:
        return name.lower() == "localhost" or name.lower().endswith(".localhost")
    embedded = getattr(address, "ipv4_mapped", None)
    return bool((embedded or address).is_loopback)


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(name.strip("[]"))
    except ValueError:
        return None
