"""One network behind the server: what is split where, and what is refused by its number."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from starlette.testclient import TestClient

from recur.model import Model
from tests.serve.asking import refused, told


def test_a_long_text_is_not_split_where_others_would_wait(
    client: TestClient, models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    codec, threads = models["lines"].mode.input_codec, []
    encode = type(codec).encode

    def seen(self: Any, value: Any) -> Any:
        threads.append(threading.current_thread().name)
        return encode(self, value)

    monkeypatch.setattr(type(codec), "encode", seen)
    for path, key in (("/next", "text"), ("/generate", "prompt"), ("/v1/completions", "prompt")):
        told(client, path, {"model": "lines", key: "the clouds are " * 1000})
        assert threads, path
        assert {name.split("_")[0] for name in threads} == {"recur-compute"}, path
        threads.clear()
        # what can only be too long is not split at all
        assert "2,000,000 characters" in refused(client, path, {"model": "lines", key: "a" * 2_000_000}, 413)
        assert threads == []
    assert "characters" in refused(client, "/explain", {"model": "lines", "value": "a" * 20_000}, 413)


def test_an_empty_series_is_refused_by_its_number(client: TestClient) -> None:
    whole = client.post("/predict", json={"model": "series", "inputs": [[1.0, 2.0, 3.0]]})
    assert whole.status_code == 200
    said = client.post("/predict", json={"model": "series", "inputs": [[1.0, 2.0, 3.0], []]})
    assert said.status_code == 400
    assert "input 2 is empty" in said.json()["error"]["message"]
