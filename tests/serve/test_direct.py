"""Reading past the framework answers, and refuses, as the route itself does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("fastapi")
from fastapi import Response
from starlette.testclient import TestClient

from recur.cancellation import CancelledError
from recur.model import Model
from recur.serve import create_app
from recur.serve.direct import Direct
from recur.serve.requests import OpenSession, Read
from tests.serve.asking import opened

JSON = {"Content-Type": "application/json"}
# the same bodies with another spelling of their type take the usual way
USUAL = {"Content-Type": "application/json;charset=UTF-8"}


@pytest.fixture(scope="module")
def client(models: dict[str, Model]) -> Iterator[TestClient]:
    """A client of one server for all tests."""
    with TestClient(create_app({"lines": models["lines"]}), "http://localhost") as found:
        yield found


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b'{"text": "the clouds", "top": 3}', {}, 200),
        (b'{"text": "the", "top": 0}', {}, 200),
        (b'{"text": "the", "values": null}', {}, 200),
        (b'{"text": "the", "top": "3"}', {}, 200),
        (b'{"text": ""}', {}, 200),
        (b'{"text": "the", "top": 1001}', {}, 400),
        (b'{"text": "the", "more": 1}', {}, 400),
        (b'{"text": "the", "text": "a"}', {}, 400),
        (b'{"text": 1}', {}, 400),
        (b'{"values": ["the"]}', {}, 200),
        (b'{"values": [NaN]}', {}, 400),
        (b'{"text": "the", "values": ["the"]}', {}, 400),
        (b"{}", {}, 400),
        (b"", {}, 400),
        (b"[]", {}, 400),
        (b"\xff", {}, 400),
        (b'{"text": "' + b"the " * 10_000 + b'"}', {}, 200),
        (b'{"text": "' + b"the " * 30_000 + b'"}', {}, 413),
        (b'{"text": "the"}', {"Content-Encoding": "gzip"}, 415),
    ],
)
def test_an_answer_does_not_depend_on_the_way(
    client: TestClient, content: bytes, headers: dict[str, str], status: int
) -> None:
    found = []
    for way in (JSON, USUAL):
        name = opened(client, "lines", text="a")
        answer = client.post(f"/sessions/{name}/read", content=content, headers=way | headers)
        items = client.get(f"/sessions/{name}").json()["items"]
        body = answer.json()
        assert body.pop("session", name) == name
        found.append((answer.status_code, body, items))
    assert found[0] == found[1]
    assert found[0][0] == status


@pytest.mark.parametrize(
    ("body", "status"),
    [({}, 201), ({"text": "the clouds"}, 201), ({"model": "none"}, 404), ({"text": 1}, 400), ({"more": 1}, 400)],
)
def test_a_session_is_opened_either_way(client: TestClient, body: dict[str, Any], status: int) -> None:
    content = json.dumps(body).encode()
    first, second = (client.post("/sessions", content=content, headers=way) for way in (JSON, USUAL))
    assert first.status_code == second.status_code == status
    if status == 201:
        assert len({answer.json().pop("session") for answer in (first, second)}) == 2
        assert first.json()["items"] == second.json()["items"]
    else:
        assert first.json() == second.json()


@pytest.mark.parametrize("path", ["/sessions/none/read", "/sessions/%2e%2e/read", "/sessions/a%20b/read"])
def test_a_session_that_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    first, second = (client.post(path, content=b'{"text": "a"}', headers=way) for way in (JSON, USUAL))
    assert first.status_code == second.status_code == 404
    assert first.json() == second.json()


@pytest.mark.parametrize(
    "path", ["/sessions//read", "/sessions/read", "/sessions/a/b/read", "/sessions/a/read/", "/sessionsa/read", "/next"]
)
def test_other_paths_are_passed_on(path: str) -> None:
    assert answered(path, RuntimeError("not called")) == (299, b"")


def test_a_body_in_parts_is_passed_on_whole() -> None:
    parts = [b'{"text": ', b'"the"}']
    assert answered("/sessions/a/read", RuntimeError("not called"), parts) == (299, b"".join(parts))


@pytest.mark.parametrize("path", ["/sessions/a/read", "/sessions"])
@pytest.mark.parametrize(("error", "status"), [(MemoryError("x"), 413), (CancelledError(), 503)])
def test_errors_of_the_server_have_their_status(path: str, error: Exception, status: int) -> None:
    assert answered(path, error)[0] == status


def test_a_fault_is_raised_and_not_answered_as_an_error_of_the_request() -> None:
    with pytest.raises(ZeroDivisionError):
        answered("/sessions/a/read", ZeroDivisionError())


class Failing:
    """Routes of sessions that fail."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def read(self, name: str, body: Read, key: str | None) -> Response:
        del name, body, key
        raise self.error

    async def open_session(self, body: OpenSession) -> Response:
        del body
        raise self.error


def answered(path: str, error: Exception, parts: list[bytes] | None = None) -> tuple[int, bytes]:
    """Status and body of the answer; 299 and the body of the request where it is passed on."""
    parts = parts or [b'{"text": "the"}']
    messages = [{"type": "http.request", "body": one, "more_body": one is not parts[-1]} for one in parts]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    async def rest(scope: Any, receive: Any, send: Any) -> None:
        body = b""
        more = path == "/sessions/a/read"
        while more:
            message = await receive()
            body, more = body + message["body"], message["more_body"]
        await Response(body, 299)(scope, receive, send)

    scope = {"type": "http", "method": "POST", "path": path, "headers": [(b"content-type", b"application/json")]}
    asyncio.run(Direct(rest, Failing(error))(scope, receive, send))  # type: ignore[arg-type]
    body = sent[1]["body"]
    if sent[0]["status"] >= 400:
        assert json.loads(body)["error"]["code"] == sent[0]["status"]
    return sent[0]["status"], body
