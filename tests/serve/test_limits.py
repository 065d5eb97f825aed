"""Requests beyond the limits are refused before they are computed."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from tests.serve.asking import refused


def test_too_much_at_once_is_refused(tight: TestClient) -> None:
    assert "at most 4 are answered" in refused(tight, "/predict", {"inputs": ["x"] * 5}, 413)
    assert "at most 50 are written" in refused(tight, "/generate", {"length": 51}, 413)
    assert "at most 2,000 are read" in refused(tight, "/predict", {"inputs": ["x" * 3000]}, 413)

    def parts() -> Any:
        yield from (b"x" * 500 for _ in range(10))

    assert tight.post("/predict", content=parts()).status_code == 413


def test_what_is_too_large_is_refused_before_it_is_computed(client: TestClient) -> None:
    assert "at most 300 items are answered here" in refused(
        client, "/explain", {"model": "lines", "value": "a " * 400}, 413
    )
    many = {"model": "lines", "inputs": ["the " * 30_000]}
    assert "at most 20,000 items are answered here" in refused(client, "/predict", many, 413)
