"""The page of the documentation."""

from __future__ import annotations

from starlette.testclient import TestClient


def test_the_documentation_asks_no_other_host(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "/sessions/{name}/read" in page
    assert "http://" not in page
    assert "https://" not in page


def test_routes_that_can_send_events_say_so(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    sending = {
        path for path, verbs in paths.items()
        if "text/event-stream" in verbs.get("post", {}).get("responses", {}).get("200", {}).get("content", {})
    }  # fmt: skip
    assert sending == {"/generate", "/sessions/{name}/write", "/v1/completions", "/v1/chat/completions"}
    assert all("application/json" in paths[path]["post"]["responses"]["200"]["content"] for path in sending)
