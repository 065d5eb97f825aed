"""Connections that are slow, half open or no HTTP take nothing from the others."""

from __future__ import annotations

import json
import logging
import socket
import time
from contextlib import closing

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
from recur.model import Model
from recur.serve import Limits
from recur.serve.connections import RateLimitedLog
from tests.serve.servers import HALF_BODY, HALF_HEAD, PATIENCE, WHOLE, opened, received, running


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
        assert "not an HTTP/1.1 request" in json.loads(content)["error"]["message"]


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


def test_alike_log_records_are_left_out_and_counted() -> None:
    sparse = RateLimitedLog(most=2, seconds=10)

    def seen(at: float, text: str = "broken") -> str | None:
        record = logging.LogRecord("x", logging.WARNING, "", 0, text, (), None)
        record.created = at
        return record.getMessage() if sparse.filter(record) else None

    assert [seen(0), seen(1), seen(2), seen(3), seen(3, "other")] == ["broken", "broken", None, None, "other"]
    assert seen(11) == "broken (2 similar ones were left out)"
    assert [seen(12), seen(13)] == ["broken", None]
