"""Which host names and origins are answered."""

from __future__ import annotations

import socket

import pytest

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

from recur.model import Model
from recur.serve import Hosts, create_app
from recur.serve.hosts import same_origin

EVIL = ["evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "a b", "[::1", "@"]


@pytest.mark.parametrize("bound", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
@pytest.mark.parametrize(
    ("host", "allowed"),
    [(one, True) for one in ("127.0.0.1", "127.0.0.2:80", "LOCALHOST:8000", "[::1]:8000", "localhost.")]
    + [(one, False) for one in (*EVIL, "10.0.0.1", "0.0.0.0", "[2001:db8::1]")],
)
def test_a_loopback_server_answers_to_loopback_names_alone(bound: str, host: str, allowed: bool) -> None:
    assert Hosts.of(bound).allow(host) is allowed


@pytest.mark.parametrize("bound", ["0.0.0.0", "::", "10.0.0.1"])
@pytest.mark.parametrize(
    ("host", "allowed"),
    [(one, True) for one in ("127.0.0.1", "10.0.0.1:8000", "[2001:db8::1]", socket.gethostname(), "Recur.Example.org")]
    + [(one, False) for one in EVIL],
)
def test_an_open_server_answers_to_addresses_and_names_that_are_allowed(bound: str, host: str, allowed: bool) -> None:
    assert Hosts.of(bound, ["recur.example.org"]).allow(host) is allowed


def test_any_name_is_answered_to_where_that_is_asked_for() -> None:
    assert Hosts.of("0.0.0.0", ["*"]).allow("evil.example")


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("http://LOCALHOST:8000", "localhost:8000", True),
        ("http://localhost", "localhost:80", True),
        ("https://recur.example.org", "recur.example.org:443", True),
        ("http://localhost:8001", "localhost:8000", False),
        ("http://evil.example", "localhost:8000", False),
        ("null", "localhost:8000", False),
        ("null", "null", False),
        ("://", "", False),
        ("http://", "", False),
        ("", "", False),
    ],
)
def test_an_origin_is_the_host_itself_or_foreign(origin: str, host: str, same: bool) -> None:
    assert same_origin(origin, host) is same


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "file://", "http://localhost:1", ""])
@pytest.mark.parametrize(("method", "path"), [("POST", "/sessions/restore"), ("GET", "/health"), ("OPTIONS", "/next")])
def test_another_pages_script_is_refused(client: TestClient, origin: str, method: str, path: str) -> None:
    answer = client.request(method, path, headers={"Origin": origin})
    assert answer.status_code == 403
    assert "may not use this server" in answer.json()["error"]["message"]


def test_of_two_origins_none_may_be_foreign(client: TestClient) -> None:
    headers = [("Origin", "http://evil.example"), ("Origin", "http://localhost")]
    assert client.post("/sessions", json={}, headers=headers).status_code == 403


def test_a_page_of_the_server_itself_is_answered(client: TestClient) -> None:
    body = {"model": "lines", "texts": ["the"]}
    assert client.post("/complete", json=body, headers={"Origin": "http://localhost"}).status_code == 200


def test_a_foreign_name_for_this_machine_is_refused_by_default(models: dict[str, Model]) -> None:
    with TestClient(create_app({"lines": models["lines"]}), base_url="http://localhost") as client:
        assert client.get("/health").status_code == 200
        answer = client.get("/health", headers={"Host": "evil.example"})
        assert answer.status_code == 403
        assert "--allow-host" in answer.json()["error"]["hint"]
