"""Limits per client: requests in progress, requests per second, open sessions."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

from recur.model import Model
from recur.serve import Limits, Tokens, create_app
from recur.serve.clients import Clients
from recur.serve.problems import RequestError
from tests.serve.asking import opened, refused
from tests.serve.test_tokens import OTHER, TOKEN


def test_requests_in_progress_are_limited_per_client() -> None:
    clients = Clients(Limits(client_requests=2))
    first = clients.enter("a")
    clients.enter("a")
    clients.enter("b")
    with pytest.raises(RequestError, match="2 requests of this client are being answered") as caught:
        clients.enter("a")
    assert caught.value.status == 429
    first.running -= 1
    clients.enter("a")


def test_requests_per_second_are_limited_per_client() -> None:
    now = [0.0]
    clients = Clients(Limits(client_rate=3), lambda: now[0])
    for _ in range(3):
        clients.enter("a")
    with pytest.raises(RequestError, match="more than 3 requests per second"):
        clients.enter("a")
    clients.enter("b")
    now[0] = 0.4
    clients.enter("a")
    with pytest.raises(RequestError, match="more than 3 requests"):
        clients.enter("a")
    now[0] = 100
    for _ in range(3):
        clients.enter("a")


def test_less_than_one_request_per_second_may_be_allowed() -> None:
    now = [0.0]
    clients = Clients(Limits(client_rate=0.1), lambda: now[0])
    clients.enter("a")
    with pytest.raises(RequestError, match=r"more than 0\.1 requests"):
        clients.enter("a")
    now[0] = 10.1
    clients.enter("a")


def test_many_clients_that_send_nothing_more_are_forgotten_and_busy_ones_are_not() -> None:
    now = [0.0]
    clients = Clients(Limits(client_rate=1), lambda: now[0])
    busy = clients.enter("busy")
    for number in range(20_000):
        now[0] += 1
        clients.enter(str(number)).running -= 1
    assert len(clients) <= 10_001
    assert busy.running == 1
    assert clients.enter("busy") is busy


def test_a_client_is_a_token_and_its_sessions_are_limited(models: dict[str, Model]) -> None:
    app = create_app({"lines": models["lines"]}, Limits(client_sessions=2), tokens=Tokens([TOKEN, OTHER]))
    first, second = (
        TestClient(app, "http://localhost", headers={"Authorization": f"Bearer {t}"}) for t in (TOKEN, OTHER)
    )
    with first:
        names = [opened(first, "lines") for _ in range(2)]
        assert "2 sessions of this client are open" in refused(first, "/sessions", {}, 429)
        opened(second, "lines")
        first.delete(f"/sessions/{names[0]}")
        opened(first, "lines")
        assert refused(first, "/sessions", {}, 429)


def test_a_client_with_too_many_requests_is_refused_with_the_time_to_wait(models: dict[str, Model]) -> None:
    app = create_app({"lines": models["lines"]}, Limits(client_rate=0.001))
    with TestClient(app, "http://localhost") as client:
        assert client.get("/models").status_code == 200
        answer = client.get("/models")
        assert answer.status_code == 429
        assert answer.headers["retry-after"] == "1"
        assert client.get("/healthz").status_code == 200, "probes are not counted"
