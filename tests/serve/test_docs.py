"""The page of the documentation."""

from __future__ import annotations

from starlette.testclient import TestClient


def test_the_documentation_asks_no_other_host(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "/sessions/{name}/read" in page
    assert "http://" not in page
    assert "https://" not in page
