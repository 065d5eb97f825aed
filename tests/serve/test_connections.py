"""Connections of a server that runs: deadlines, their number, and its end."""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

from recur.errors import ConfigError
from recur.model import Model
from recur.serve import Limits, create_app
from recur.serve.connections import Server, Sparse
from recur.serve.listening import listen

PATIENCE = 30.0
HALF_HEAD = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
HALF_BODY = b"POST /next HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
WHOLE = HALF_HEAD + b"Connection: close\r\n\r\n"


@contextmanager
def running(models: dict[str, Model], limits: Limits) -> Iterator[tuple[Server, int]]:
    """A server in a thread, and its port."""
    app = create_app({"lines": models["lines"]}, limits)
    sockets = listen("127.0.0.1", 0)
    server = Server(app, sockets, limits, stop=app.state.recur.stop)
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


@pytest.mark.parametrize(("data", "part"), [(b"", "headers"), (HALF_HEAD, "headers"), (HALF_BODY, "body")])
def test_a_request_that_does_not_arrive_is_refused_in_time(models: dict[str, Model], data: bytes, part: str) -> None:
    with running(models, Limits(head=0.3, transfer=0.3)) as (_, port):
        head, _, content = received(opened(port, data)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 ")
        said = f"the {part} of the request did not arrive within 0.3 s"
        assert json.loads(content)["error"]["message"] == said


@pytest.mark.parametrize(("start", "byte"), [(b"GET /", b"a"), (HALF_BODY, b" ")])
def test_a_byte_now_and_then_extends_no_deadline(models: dict[str, Model], start: bytes, byte: bytes) -> None:
    with running(models, Limits(head=0.5, transfer=0.5)) as (_, port), closing(opened(port, start)) as one:
        began = time.monotonic()
        one.settimeout(0.05)
        found = b""
        while not found and time.monotonic() - began < PATIENCE:
            try:
                one.sendall(byte)
                found = one.recv(1000)
            except TimeoutError:
                continue
            except OSError:
                return  # closed
        assert found.startswith(b"HTTP/1.1 408 ")


def test_an_answer_that_is_not_read_is_cut(models: dict[str, Model]) -> None:
    with running(models, Limits(transfer=0.3)) as (server, port):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", port))
        for _ in range(200):  # more pages than the system buffers
            try:
                one.setblocking(False)
                one.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            except OSError:
                break
        deadline = time.monotonic() + PATIENCE
        while server.server_state.connections:
            assert time.monotonic() < deadline, "the connection stays"
            time.sleep(0.05)
        one.close()


def test_half_open_connections_make_room_for_a_whole_request(models: dict[str, Model]) -> None:
    with running(models, Limits(connections=20)) as (server, port):
        half = [opened(port, HALF_HEAD) for _ in range(60)]
        assert received(opened(port, WHOLE)).startswith(b"HTTP/1.1 200 ")
        assert len(server.server_state.connections) <= 20
        for one in half:
            one.close()


def test_where_all_connections_are_busy_one_more_is_refused(models: dict[str, Model]) -> None:
    with running(models, Limits(connections=3)) as (server, port):
        busy = [opened(port, HALF_BODY) for _ in range(3)]
        deadline = time.monotonic() + PATIENCE
        while len(server.server_state.tasks) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        answer = received(opened(port, b""))
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"too many connections" in answer
        for one in busy:
            one.close()


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_what_is_no_http_is_answered_with_a_sentence(models: dict[str, Model], data: bytes) -> None:
    with running(models, Limits()) as (_, port):
        head, _, content = received(opened(port, data + b"\r\n\r\n")).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert "no HTTP/1.1 request" in json.loads(content)["error"]["message"]


def test_the_end_waits_for_half_a_body_no_longer_than_it_says(models: dict[str, Model]) -> None:
    with running(models, Limits(grace=0.3)) as (server, port), closing(opened(port, HALF_BODY)):
        deadline = time.monotonic() + PATIENCE
        while not server.server_state.tasks:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        server.should_exit = True
        while server.server_state.connections:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.parametrize(
    ("host", "port", "says"),
    [
        ("127.0.0.1", 99999, "99999 is not a port"),
        ("127.0.0.1", -1, "-1 is not a port"),
        ("a b", 0, "is not an address"),
        ("x" * 300, 0, "is not an address"),
        ("192.0.2.1", 0, "192.0.2.1 is not an address of this machine"),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_named(host: str, port: int, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        listen(host, port)


def test_a_port_in_use_is_an_error_before_a_network_is_loaded(tmp_path: Path) -> None:
    [taken] = listen("127.0.0.1", 0)
    with closing(taken):
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "recur", "serve", str(tmp_path / "none"), "--port", str(port)]
        found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert found.returncode == 2
    assert f"port {port} of 127.0.0.1 is in use" in found.stderr
    assert "serving" not in found.stderr


def started(folder: Path, files: int) -> tuple[subprocess.Popen[str], int]:
    """`recur serve` in a process of its own, with a limit of open files; and its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "recur", "serve", str(folder), "--port", "0"], stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
    )  # fmt: skip
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "serving" in line, line
    return process, int(line.split("  ")[0].rsplit(":", 1)[1])


def test_a_process_with_few_files_answers_beside_half_open_connections_and_ends(
    models: dict[str, Model], tmp_path: Path
) -> None:
    models["lines"].save(tmp_path / "lines")
    process, port = started(tmp_path / "lines", 400)
    half = []
    try:
        half = [opened(port, HALF_HEAD) for _ in range(450)]
        assert received(opened(port, WHOLE)).startswith(b"HTTP/1.1 200 ")
        half.append(opened(port, HALF_BODY))
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)  # the second one waits for nobody
        assert process.wait(PATIENCE) == 1
        assert process.stderr is not None
        said = process.stderr.read()
        assert len(said.splitlines()) < 20, said
        assert "Traceback" not in said
    finally:
        process.kill()
        process.communicate()
        for one in half:
            one.close()


def test_a_server_without_requests_ends_at_once(models: dict[str, Model], tmp_path: Path) -> None:
    models["lines"].save(tmp_path / "lines")
    process, _ = started(tmp_path / "lines", min(1024, os.sysconf("SC_OPEN_MAX")))
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=PATIENCE)[1] == "stopped\n"
    assert process.returncode == 0


def test_alike_log_records_are_left_out_and_counted() -> None:
    sparse = Sparse(most=2, seconds=10)

    def seen(at: float, text: str = "broken") -> str | None:
        record = logging.LogRecord("x", logging.WARNING, "", 0, text, (), None)
        record.created = at
        return record.getMessage() if sparse.filter(record) else None

    assert [seen(0), seen(1), seen(2), seen(3), seen(3, "other")] == ["broken", "broken", None, None, "other"]
    assert seen(11) == "broken (2 alike were left out)"
    assert [seen(12), seen(13)] == ["broken", None]
