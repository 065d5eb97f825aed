"""Pages of other hosts are refused."""

from __future__ import annotations

from starlette.testclient import TestClient


def test_another_pages_script_is_refused(client: TestClient) -> None:
    answer = client.post("/sessions/restore?model=lines", content=b"", headers={"Origin": "http://evil.example"})
    assert answer.status_code == 403
    assert "a page of evil.example may not use this server" in answer.json()["error"]["message"]
    own = client.post("/complete", json={"model": "lines", "texts": ["the"]}, headers={"Origin": "http://localhost"})
    assert own.status_code == 200
