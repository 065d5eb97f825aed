"""Several processes behind one port: a request reaches the process that has its session.

    client -> any process -> (UNIX socket) -> the process whose number the name of the session begins with

Any process accepts a connection; a session stays in the memory of the one that opened it. A request for a session of
another one is passed on whole, and checked, counted and answered there alone. The metrics of all processes are added.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import h11

from recur.serve import metrics
from recur.serve.group import Group
from recur.serve.guard import CURRENT, SESSION_HEADER, refuse
from recur.serve.problems import RequestError

FOR = b"recur-relayed-for"  # the address of the client, between processes
_IDLE = 2.0  # seconds for which a connection is used again; the server closes idle ones after five
_PIECE = 65_536  # bytes
_PATIENCE = 2.0  # seconds within which the other processes tell their metrics
_HOP = frozenset({b"connection", b"keep-alive", b"te", b"trailer", b"upgrade", b"proxy-connection"})
_ADDED = frozenset({b"date", b"transfer-encoding"})  # to an answer, by the server that sends it


class Relay:
    """ASGI middleware around everything else.

    Parameters
    ----------
    app : ASGI application
    group : Group
    """

    def __init__(self, app: Any, group: Group) -> None:
        self.app, self.group = app, group
        self._links: list[list[_Link]] = [[] for _ in range(group.count)]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request here, or pass it on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            if scope["type"] == "lifespan":  # the server has ended
                self.close()
            return
        if scope.get("client") is None:  # from another process, over a UNIX socket
            await self.app(_as_sent(scope), receive, send)
            return
        owner = self._owner(scope)
        if scope["path"] == "/metrics" and self.group.count > 1:
            await self._metrics(scope, receive, send)
        elif owner == self.group.own:
            await self.app(scope, receive, send)
        else:
            await self._pass_on(owner, scope, receive, send)

    def close(self) -> None:
        """Close the connections to other processes."""
        for links in self._links:
            while links:
                links.pop().close()

    def _owner(self, scope: dict[str, Any]) -> int:
        path = scope["path"]
        parts = path.split("/")
        if len(parts) < 3 or parts[1] != "sessions" or path == "/sessions/restore":
            return self.group.own
        if parts[2] == CURRENT.rpartition("/")[2]:
            header = SESSION_HEADER.encode()
            names = [value.decode("latin-1") for key, value in scope["headers"] if key == header]
            return self.group.owner(names[0]) if len(names) == 1 else self.group.own
        return self.group.owner(parts[2])

    async def _pass_on(self, owner: int, scope: dict[str, Any], receive: Any, send: Any) -> None:
        link = await self._link(owner)
        if link is None:
            await refuse(
                send, RequestError(503, "the process that has this session does not answer", "try again later")
            )
            return
        asked = asyncio.ensure_future(link.ask(scope, receive))
        try:
            fine = await link.answer(send)
        except (OSError, h11.RemoteProtocolError, EOFError):
            link.close()
            if link.left:
                return
            if link.answering:
                raise
            problem = RequestError(
                503, "the process that has this session ended while it answered",
                "open a new session; whether the request was read is not known",
            )  # fmt: skip
            await refuse(send, problem)
            return
        finally:
            asked.cancel()
            with suppress(asyncio.CancelledError, OSError, h11.LocalProtocolError):
                await asked
        if fine and link.reusable:
            link.since = asyncio.get_running_loop().time()
            self._links[owner].append(link)
        else:
            link.close()

    async def _link(self, owner: int) -> _Link | None:
        now, kept = asyncio.get_running_loop().time(), self._links[owner]
        while kept:
            link = kept.pop()
            if now - link.since < _IDLE and not link.over:
                return link
            link.close()
        try:
            return _Link(*await asyncio.open_unix_connection(self.group.path(owner)))
        except OSError:
            return None

    async def _metrics(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """The metrics of all processes that answer, added."""
        own = _Kept()
        await self.app(scope, receive, own)
        pages = [own.body.decode()]
        if own.start["status"] == 200:
            others = [number for number in range(self.group.count) if number != self.group.own]
            pages += [page for page in await asyncio.gather(*(self._page(n, scope) for n in others)) if page]
        body = metrics.added(pages).encode() if own.start["status"] == 200 else own.body
        headers = [(key, value) for key, value in own.start["headers"] if key != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({**own.start, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _page(self, number: int, scope: dict[str, Any]) -> str:
        """The metrics of another process; empty where it does not answer."""
        kept = _Kept()

        async def nothing() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        try:
            async with asyncio.timeout(_PATIENCE):
                await self._pass_on(number, scope, nothing, kept)
        except (TimeoutError, OSError, h11.ProtocolError, EOFError):
            return ""
        return kept.body.decode() if kept.start["status"] == 200 else ""


class _Link:
    """A connection to another process, for one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._http = h11.Connection(h11.CLIENT)
        self.since = 0.0
        self.answering = False  # whether a part of the answer was sent on
        self.left = False  # whether the client went away

    @property
    def over(self) -> bool:
        """Whether the other process closed it."""
        return self._reader.at_eof() or self._writer.is_closing()

    @property
    def reusable(self) -> bool:
        """Whether another request can be sent; the connection is then ready for it."""
        try:
            self._http.start_next_cycle()
        except h11.LocalProtocolError:
            return False
        self.answering = False
        return not self.over

    def close(self) -> None:
        """Close it; the other process then stops what it computes for it."""
        self._writer.close()

    async def ask(self, scope: dict[str, Any], receive: Any) -> None:
        """Send a request, and close the connection when its client goes away."""
        target = scope.get("raw_path") or scope["path"].encode()
        if scope.get("query_string"):
            target += b"?" + scope["query_string"]
        address = str((scope.get("client") or ("",))[0]).encode()
        headers = [(key, value) for key, value in scope["headers"] if key not in _HOP and key != FOR]
        await self._send(h11.Request(method=scope["method"], target=target, headers=[*headers, (FOR, address)]))
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            if message.get("body"):
                await self._send(h11.Data(message["body"]))
            if not message.get("more_body"):
                await self._send(h11.EndOfMessage())
        self.left = True
        self.close()

    async def answer(self, send: Any) -> bool:
        """Send the answer on; return whether it is complete."""
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                data = await self._reader.read(_PIECE)
                if not data and self._http.their_state is h11.SEND_RESPONSE:
                    raise EOFError
                self._http.receive_data(data)
            elif isinstance(event, h11.Response):
                self.answering = True
                headers = [(key, value) for key, value in event.headers if key not in _HOP | _ADDED]
                await send({"type": "http.response.start", "status": event.status_code, "headers": headers})
            elif isinstance(event, h11.Data):
                await send({"type": "http.response.body", "body": bytes(event.data), "more_body": True})
            elif isinstance(event, h11.EndOfMessage):
                await send({"type": "http.response.body", "body": b""})
                return True
            else:  # it is closed, or paused
                return False

    async def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)
            await self._writer.drain()


class _Kept:
    """Takes an answer instead of a client."""

    def __init__(self) -> None:
        self.start: dict[str, Any] = {"status": 500, "headers": []}
        self.body = b""

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")


def _as_sent(scope: dict[str, Any]) -> dict[str, Any]:
    """A request from another process, as its client sent it."""
    address = next((value.decode("latin-1") for key, value in scope["headers"] if key == FOR), "")
    headers = [(key, value) for key, value in scope["headers"] if key != FOR]
    return {**scope, "headers": headers, "client": (address, 0)}
