"""A server that listens, and connections to it, whole and half open."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
from recur.model import Model
from recur.serve import Limits, create_app
from recur.serve.connections import Hooks, Server
from recur.serve.sockets import listen

PATIENCE = 30.0

HALF_HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"

HALF_BODY = b"POST /next HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"

WHOLE = HALF_HEAD + b"Connection: close\r\n\r\n"


@contextmanager
def running(models: dict[str, Model], limits: Limits, **more: Any) -> Iterator[tuple[Server, int]]:
    """A server in a thread, and its port."""
    app = create_app({"lines": models["lines"]}, limits)
    sockets = listen("127.0.0.1", 0)
    state = app.state.recur
    server = Server(
        app, sockets, limits, hooks=Hooks(closing=state.close, stop=state.stop, refused=state.refused), **more
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server, sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive()


def opened(port: int, data: bytes) -> socket.socket:
    found = socket.create_connection(("127.0.0.1", port), PATIENCE)
    found.sendall(data)
    return found


def received(connection: socket.socket) -> bytes:
    """What comes until the connection is closed."""
    found = b""
    with closing(connection):
        while True:
            try:
                part = connection.recv(65536)
            except ConnectionResetError:
                return found
            if not part:
                return found
            found += part
