"""Listening sockets: bound before a network is loaded, so that a port in use is reported first."""

from __future__ import annotations

import errno
import socket
from contextlib import suppress
from typing import Any

from recur.errors import ConfigError
from recur.serve.hosts import is_loopback

QUEUE = 8192  # connections that wait in the system until they are accepted
MOST_FILES = 65_536
RESERVED_FILES = 320  # files other than connections: libraries, logs, and what is accepted in one turn of the loop
_ABSENT = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


def listen(host: str, port: int) -> list[socket.socket]:
    """Bind and listen on every address of a host.

    Raises
    ------
    ConfigError
        When the port is no port or in use, or the host is no address of this machine.
    """
    if not 0 <= port <= 65_535:
        text = port if abs(port) < 10**9 else "a number of more than 9 digits"
        raise ConfigError(f"{text} is not a port, expected 0 to 65535", hint="--port 8000")
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, ValueError) as error:  # ValueError: a name that cannot be encoded
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(f'"{host}" is not an address: {reason}', hint="--host 127.0.0.1") from None
    sockets: list[socket.socket] = []
    absent: OSError | None = None
    for family, kind, protocol, _, address in dict.fromkeys(addresses):
        # where the system chooses the port, all addresses of a host share it
        own_port = sockets[0].getsockname()[1] if sockets else port
        try:
            sockets.append(_open(family, kind, protocol, (address[0], own_port, *address[2:])))
        except OSError as error:
            # a machine without IPv6 still resolves "localhost" to ::1
            absent = error
            if error.errno not in _ABSENT:
                for one in sockets:
                    one.close()
                raise _refusal(host, port, error) from None
    if absent is not None and not sockets:
        raise _refusal(host, port, absent)
    return sockets


def _open(family: int, kind: int, protocol: int, address: tuple[Any, ...]) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(QUEUE)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _refusal(host: str, port: int, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < 65_535 else 8000
        return ConfigError(f"port {port} of {host} is in use by another program", hint=f"--port {other}")
    if error.errno == errno.EACCES:
        return ConfigError(f"port {port} of {host} cannot be opened by this user", hint="--port 8000")
    if error.errno in _ABSENT:
        return ConfigError(f"{host} is not an address of this machine", hint="--host 127.0.0.1")
    return ConfigError(f"cannot listen on {url(host, port)}: {error.strerror or error}", hint="--port 8000")


def url(host: str, port: int, scheme: str = "http") -> str:
    """The address to type into a browser.

    >>> url("::1", 8000), url("0.0.0.0", 80)
    ('http://[::1]:8000', 'http://0.0.0.0:80')
    """
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def exposed(sockets: list[socket.socket]) -> list[str]:
    """The addresses, of those that sockets are bound to, that other machines can reach."""
    return [address for one in sockets if not is_loopback(address := str(one.getsockname()[0]))]


def raise_file_limit() -> int:
    """Raise the number of files that this process may open; return how many connections fit in it."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return MOST_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            soft = most
    files = MOST_FILES if soft == resource.RLIM_INFINITY else soft
    return max(16, files - RESERVED_FILES)
