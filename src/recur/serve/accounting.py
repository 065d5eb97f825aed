"""Middleware that counts, times and logs every request."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

from recur.serve.access_log import AccessLog
from recur.serve.metrics import Requests

OTHER = "other"
_VERBS = frozenset({"GET", "POST", "DELETE", "HEAD", "OPTIONS", "PUT", "PATCH"})


class Accounting:
    """ASGI middleware around everything else.

    Parameters
    ----------
    app : ASGI application
    requests : Requests
        Where answers are counted.
    routes : collection of str
        The paths of the documented routes, with ``{name}`` in place of a session.
    log : AccessLog, optional
    """

    def __init__(self, app: Any, requests: Requests, routes: Collection[str], log: AccessLog | None = None) -> None:
        self.app, self.requests, self.routes, self.log = app, requests, frozenset(routes), log

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Pass a request to the application."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status, received, sent = 500, 0, 0

        async def receive_counted() -> Any:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        async def send_counted(message: Any) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            sent += len(message.get("body", b""))
            await send(message)

        self.requests.running += 1
        path, method = scope["path"], scope["method"]
        try:
            await self.app(scope, receive_counted, send_counted)
        finally:
            self.requests.running -= 1
            seconds = time.perf_counter() - began
            route = route_of(path, self.routes)
            self.requests.answered(route or OTHER, method if method in _VERBS else OTHER, status, seconds)
            if self.log is not None:
                client = (scope.get("client") or ("",))[0]
                self.log.write(client, method, route or _without_session(path), status, seconds, received, sent)


def _without_session(path: str) -> str:
    """An undocumented path as it may be logged: the name of a session is a secret."""
    parts = path.split("/")
    if len(parts) > 2 and parts[1] == "sessions":
        parts[2] = "{name}"
    return "/".join(parts)


def route_of(path: str, routes: Collection[str]) -> str | None:
    """The documented route of a path; None where there is none.

    >>> route_of("/sessions/abc/read", {"/sessions/{name}/read"}), route_of("/etc", {"/next"})
    ('/sessions/{name}/read', None)
    """
    if path in routes:
        return path
    template = _without_session(path)
    return template if template in routes else None
