"""Requests that are passed on to another process, without processes: a second application behind a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
import uvicorn

from recur.serve.group import Group
from recur.serve.relay import FOR, Relay

Message = dict[str, Any]


async def asked(
    other: Callable[..., Awaitable[None]], scope: Message, body: bytes, *, gone: bool = False
) -> tuple[list[Message], Message]:
    """What the client of a first process gets that passes a request on to a second one, and what that one was sent."""
    group = Group.listening(2)
    seen: Message = {}

    async def second(scope: Message, receive: Any, send: Any) -> None:
        seen.update(scope)
        await other(scope, receive, send)

    group.own = 1
    server = uvicorn.Server(uvicorn.Config(Relay(second, group), log_level="critical", lifespan="off"))
    task = asyncio.create_task(server.serve([group.sockets[1]]))
    got: list[Message] = []
    parts = [{"type": "http.request", "body": body[:5], "more_body": True}, {"type": "http.request", "body": body[5:]}]

    async def receive() -> Message:
        if parts:
            return parts.pop(0)
        if gone:
            return {"type": "http.disconnect"}
        await asyncio.sleep(60)
        raise AssertionError

    async def send(message: Message) -> None:
        got.append(message)

    async def nowhere(scope: Message, receive: Any, send: Any) -> None:
        del scope, receive, send
        raise AssertionError("the request was answered here")

    first = Relay(nowhere, Group(2, 0, group.sockets))
    try:
        await first(scope, receive, send)
    finally:
        first.close()
        server.should_exit = True
        await task
        group.close()
    return got, seen


def request(*headers: tuple[bytes, bytes]) -> Message:
    return {
        "type": "http", "method": "POST", "path": "/sessions/1-name/read", "raw_path": b"/sessions/1-name/read",
        "query_string": b"a=b", "client": ("203.0.113.7", 5),
        "headers": [(b"host", b"localhost"), (b"content-length", b"11"), *headers],
    }  # fmt: skip


async def echo(scope: Message, receive: Any, send: Any) -> None:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 207, "headers": [(b"x-query", scope["query_string"])]})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b"!"})


def test_body_query_status_and_headers_arrive_whole() -> None:
    got, seen = asyncio.run(asked(echo, request((b"authorization", b"Bearer x")), b"hello world"))
    assert got[0]["status"] == 207
    assert (b"x-query", b"a=b") in got[0]["headers"]
    assert b"".join(one.get("body", b"") for one in got) == b"hello world!"
    assert not got[-1].get("more_body")
    assert (b"authorization", b"Bearer x") in seen["headers"]


def test_the_address_of_the_client_is_the_real_one_whatever_it_claims() -> None:
    _, seen = asyncio.run(asked(echo, request((FOR, b"127.0.0.1")), b"hello world"))
    assert seen["client"] == ("203.0.113.7", 0)
    assert all(key != FOR for key, _ in seen["headers"])


def test_a_client_that_goes_away_ends_the_request_in_the_other_process() -> None:
    ended = asyncio.Event()

    async def waits(scope: Message, receive: Any, send: Any) -> None:
        del scope, send
        while (await receive())["type"] != "http.disconnect":
            pass
        ended.set()

    got, _ = asyncio.run(asyncio.wait_for(asked(waits, request(), b"hello world", gone=True), 30))
    assert got == []
    assert ended.is_set()


def test_a_process_that_ends_while_it_answers_is_said() -> None:
    async def ends(scope: Message, receive: Any, send: Any) -> None:
        del scope, receive, send
        raise OSError("gone")

    got, _ = asyncio.run(asked(ends, request(), b"hello world"))
    assert got[0]["status"] == 500


def test_a_process_that_is_not_there_is_said() -> None:
    async def alone() -> list[Message]:
        group, got = Group.listening(2), list[Message]()
        group.sockets[1].close()
        paths = Group(2, 0, [])
        paths.path = lambda number: f"/nowhere/{number}"  # type: ignore[method-assign]

        async def send(message: Message) -> None:
            got.append(message)

        async def nothing(*_: Any) -> None:
            raise AssertionError

        await Relay(nothing, paths)(request(), nothing, send)
        group.close()
        return got

    got = asyncio.run(alone())
    assert got[0]["status"] == 503
    assert b"does not answer" in got[1]["body"]
