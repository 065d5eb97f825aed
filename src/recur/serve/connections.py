"""The HTTP server: uvicorn, with time limits for open connections and a limit on their number.

    TLS         must be agreed on within ``Limits.head`` seconds        else the connection is closed
    headers     must arrive within ``Limits.head`` seconds              else 408, and the connection is closed
    body        must arrive within ``Limits.transfer`` seconds          else 408, and the connection is closed
    answer      must be read within ``Limits.transfer`` seconds         else the connection is aborted
    connections at most ``Limits.connections``: one more takes the place of the one that has waited longest without a
                request; where all of them are being answered it gets 503
    shutdown    SIGTERM or Ctrl-C: running requests have ``Limits.grace`` seconds; a second signal ends them at once

uvicorn itself has a deadline between requests only (``timeout_keep_alive``).
"""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from types import FrameType
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from recur.serve.fairness import QUICK, FairSelector, new_loop
from recur.serve.limits import Limits
from recur.serve.problems import RequestError
from recur.serve.sockets import QUEUE
from recur.serve.tls import Renewal

ACCEPTED = 100  # connections that are accepted in one turn of the loop
HEADERS = 32_768  # bytes of the request line and all headers
_TICKS = 5  # tenths of a second between two checks of the deadlines
_LOOKS = 50  # tenths of a second between two looks at the files of the certificate


class Connection(H11Protocol):
    """One connection, with the deadline of what it waits for."""

    limits = Limits()
    refused: Counter[int]  # by status
    selector: FairSelector
    waiting: dict[Connection, None]  # those that have sent no complete request headers, oldest first

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection, or refuse it if there are too many."""
        self._phase, self._since = "head", self.loop.time()
        self._unread: float | None = None  # since when an answer waits to be read
        self._file = transport.get_extra_info("socket").fileno()
        self.selector.new.add(self._file)
        full = len(self.connections) >= self.limits.connections
        super().connection_made(transport)
        if full:
            oldest = next(iter(self.waiting), None)
            if oldest is None:
                self.refuse(RequestError(503, "too many connections are open", "try again later"))
                return
            del self.waiting[oldest]
            oldest.transport.abort()
        self.waiting[self] = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self.waiting.pop(self, None)
        self.selector.new.discard(self._file)
        self.selector.urgent.discard(self._file)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read the data, and set which part of a request is expected next."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.scope is not None:
            self.selector.new.discard(self._file)
            (self.selector.urgent.add if self.scope["path"] in QUICK else self.selector.urgent.discard)(self._file)
        self._note(started=True)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._note(started=False)

    def send_400_response(self, msg: str) -> None:
        """Answer a request that is not HTTP."""
        self.refuse(RequestError(400, f"this is not an HTTP/1.1 request: {msg.lower().rstrip('.')}"))

    def refuse(self, problem: RequestError) -> None:
        """Send a problem as the last answer of the connection."""
        cycle = self.cycle
        if cycle is not None and cycle.response_started and not cycle.response_complete:
            self.transport.abort()  # no answer can follow half of another one
            return
        self._phase = ""
        self.refused[problem.status] += 1
        self.waiting.pop(self, None)
        body = json.dumps(problem.body()).encode()
        status = HTTPStatus(problem.status)
        head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()

    def look(self, now: float) -> None:
        """Close a connection whose deadline has passed."""
        limits = self.limits
        if self.transport.get_write_buffer_size() == 0:
            self._unread = None
        elif self._unread is None:
            self._unread = now
        elif now - self._unread > limits.transfer:
            self.transport.abort()
            return
        if self.transport.is_closing():
            return
        limit = limits.head if self._phase == "head" else limits.transfer
        if self._phase and now - self._since > limit:
            part = "headers" if self._phase == "head" else "body"
            self.refuse(RequestError(408, f"the {part} of the request did not arrive within {limit:g} s"))

    @property
    def arriving(self) -> bool:
        """Whether a request has begun and is not complete."""
        return bool(self._phase)

    def _note(self, *, started: bool) -> None:
        their = self.conn.their_state
        phase = "body" if their is h11.SEND_BODY else "head" if started and their is h11.IDLE else ""
        if phase != self._phase:
            self._phase, self._since = phase, self.loop.time()
        if their is h11.IDLE and not self.transport.is_closing():
            self.waiting.setdefault(self)
        else:
            self.waiting.pop(self, None)


def _no_op() -> None:
    pass


@dataclass(frozen=True)
class Hooks:
    """What a server tells, and to whom.

    Attributes
    ----------
    ready : callable
        Called when connections are accepted and signals are handled.
    closing : callable
        Called when the server begins to shut down: running requests have some seconds to finish.
    stop : callable
        Called when running computations need not finish.
    refused : Counter
        Counts the connections that are closed before their request is complete, by status.
    """

    ready: Callable[[], None] = _no_op
    closing: Callable[[], None] = _no_op
    stop: Callable[[], None] = _no_op
    refused: Counter[int] = field(default_factory=Counter)


class Server(uvicorn.Server):
    """A server on sockets that already listen.

    Parameters
    ----------
    app : ASGI application
    sockets : list of socket
        From `listen`.
    limits : Limits
    tls : Renewal, optional
        For HTTPS: the context of a certificate, and its renewal.
    inside : socket, optional
        Where other processes of the same server send requests, without TLS.
    hooks : Hooks, optional
    """

    def __init__(
        self, app: Any, sockets: list[socket.socket], limits: Limits,
        *, tls: Renewal | None = None, hooks: Hooks | None = None, inside: socket.socket | None = None,
    ) -> None:  # fmt: skip
        self._hooks = hooks or Hooks()
        self._selector = FairSelector()
        shared = {"limits": limits, "waiting": {}, "refused": self._hooks.refused, "selector": self._selector}
        self._protocol: type[Connection] = type("LimitedConnection", (Connection,), shared)
        super().__init__(
            uvicorn.Config(
                app, http=self._protocol, ws="none", log_level="warning", access_log=False, server_header=False,
                proxy_headers=False, backlog=ACCEPTED, h11_max_incomplete_event_size=HEADERS,
                timeout_graceful_shutdown=int(limits.grace) + 2,
            )
        )  # fmt: skip
        self.sockets, self.limits, self.tls, self._inside = sockets, limits, tls, inside
        for name in ("uvicorn.error", "asyncio", "recur.serve"):
            logging.getLogger(name).addFilter(RateLimitedLog())

    def serve_forever(self) -> None:
        """Answer until a signal comes."""
        self._selector.urgent.update(one.fileno() for one in self.sockets)
        with asyncio.Runner(loop_factory=lambda: new_loop(self._selector)) as runner:
            runner.run(self.serve(self.sockets))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections; the system may queue more of them than are accepted in one turn of the loop."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(1)
        # what uvicorn does for sockets that listen, and a limit on the time that agreeing on TLS may take
        context = None if self.tls is None else self.tls.context
        seconds: Any = {} if context is None else {"ssl_handshake_timeout": self.limits.head}
        loop = asyncio.get_running_loop()
        self.servers = [
            await loop.create_server(self._connection, sock=one, ssl=context, backlog=ACCEPTED, **seconds)
            for one in sockets or []
        ]
        for one in sockets or []:
            one.listen(QUEUE)
        if self._inside is not None:
            self.servers.append(await loop.create_unix_server(self._connection, sock=self._inside))
        self.started = True
        self._hooks.ready()

    def _connection(self) -> asyncio.Protocol:
        return self._protocol(self.config, self.server_state, self.lifespan.state)

    async def on_tick(self, counter: int) -> bool:
        """Check the deadlines of all connections, and whether the certificate was renewed."""
        if counter % _TICKS == 0:
            now = asyncio.get_running_loop().time()
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.look(now)
        if self.tls is not None and counter % _LOOKS == 0:
            self.tls.look()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish running requests, for a limited time."""
        self._hooks.closing()
        last = asyncio.get_running_loop().call_later(self.limits.grace, self._abort)
        try:
            await super().shutdown(sockets)
        finally:
            last.cancel()
            self._abort()

    def _abort(self) -> None:
        self._hooks.stop()
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Treat signals as requests to stop; unlike in uvicorn itself, they are not raised again after the end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop: the first time after running requests finish, the second time at once."""
        del sig, frame
        if self.should_exit:
            self.force_exit = True
            self._hooks.stop()
            logging.getLogger("uvicorn.error").disabled = True  # tracebacks of aborted requests
        self.should_exit = True


class RateLimitedLog(logging.Filter):
    """Limits the rate of log records of one kind, and counts those that are left out."""

    def __init__(self, most: int = 5, seconds: float = 10.0) -> None:
        super().__init__()
        self._most, self._seconds = most, seconds
        self._counts: dict[str, tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written."""
        since, count = self._counts.get(str(record.msg), (record.created, 0))
        if record.created - since > self._seconds:
            if count > self._most:
                record.msg = f"{record.msg} ({count - self._most:,} similar ones were left out)"
            since, count = record.created, 0
        if len(self._counts) > 1000:
            self._counts.clear()
        self._counts[str(record.msg).partition(" (")[0]] = since, count + 1
        return count < self._most
