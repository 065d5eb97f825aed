"""Probes are answered first, and nobody starves."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
from recur.model import Model
from recur.serve import Limits
from recur.serve.fairness import AT_ONCE, FairSelector, new_loop
from tests.serve.servers import opened, running

BUSY = b"POST /sessions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
PROBE = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"


def status(connection: socket.socket) -> int:
    """The status of an answer that is read whole."""
    found = b""
    while not found.endswith(b"}"):
        found += connection.recv(4096)
    return int(found.split()[1])


@pytest.fixture
def ready() -> Iterator[list[socket.socket]]:
    """Connections on which something waits to be read."""
    with ExitStack() as stack:
        pairs = [socket.socketpair() for _ in range(3 * AT_ONCE)]
        for pair in pairs:
            for one in pair:
                stack.enter_context(one)
            pair[1].send(b"x")
        yield [one for one, _ in pairs]


def test_few_are_handled_at_once_probes_first_and_each_in_turn(ready: list[socket.socket]) -> None:
    with FairSelector() as selector:
        for one in ready:
            selector.register(one, selectors.EVENT_READ)
        probe, new = ready[-1], ready[-2]
        selector.urgent.add(probe.fileno())
        selector.new.add(new.fileno())
        order: list[object] = []
        while found := selector.select(0):
            assert len(found) <= AT_ONCE
            for key, _ in found:
                order.append(key.fileobj)
                key.fileobj.recv(1)  # type: ignore[union-attr]
    assert order[0] == ready[0], "the pipe by which threads report comes first"
    assert order[1:3] == [probe, new]
    assert set(order) == set(ready)
    assert len(order) == len(ready)


def test_a_loop_runs_on_it() -> None:
    loop = new_loop(FairSelector())
    try:
        assert loop.run_until_complete(loop.run_in_executor(None, lambda: 7)) == 7
    finally:
        loop.close()


def test_among_many_busy_connections_all_are_answered_once(models: dict[str, Model]) -> None:
    count = 4 * AT_ONCE
    with running(models, Limits()) as (_, port), ExitStack() as stack:
        probe = stack.enter_context(opened(port, PROBE))
        assert status(probe) == 200
        busy = [stack.enter_context(opened(port, BUSY)) for _ in range(count)]
        for one in busy:
            assert status(one) == 201
        for one in busy:
            one.sendall(BUSY)
        probe.sendall(PROBE)
        assert status(probe) == 200
        for one in busy:
            assert status(one) == 201
