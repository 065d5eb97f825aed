"""Routes of the server itself: what is there, and what is not."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from recur.model import Model
from tests.serve.asking import refused


def test_health_and_models_say_what_is_there(client: TestClient, models: dict[str, Model]) -> None:
    health = client.get("/health").json()
    assert (health["status"], health["models"], health["sessions"]) == ("ok", list(models), 0)
    facts = {one["name"]: one for one in client.get("/models").json()}
    assert facts["lines"]["sentence"] == "text -> synced, words -> the next one"
    assert (facts["lines"]["sessions"], facts["reviews"]["sessions"]) == (True, False)
    assert facts["lines"]["parameters"] == sum(p.numel() for p in models["lines"].mode.parameters())


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/json"}])
def test_what_is_not_there_is_named(client: TestClient, headers: Any) -> None:
    assert 'Did you mean "lines"?' in refused(client, "/complete", {"model": "line", "texts": ["x"]}, 404)
    answer = client.get("/nowhere")
    assert (answer.status_code, answer.json()["error"]["hint"]) == (404, "GET /docs lists the routes")
    assert client.get("/predict").status_code == 405
    answer = client.post("/predict", content=b"{not json", headers=headers)
    assert answer.status_code == 400
    assert "the body is not JSON" in answer.json()["error"]["message"]
