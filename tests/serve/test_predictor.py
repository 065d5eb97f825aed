"""Inputs that are answered together."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient


def test_one_bad_input_does_not_spoil_the_others_of_its_batch(client: TestClient) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def ask(value: Any) -> int:
        return client.post("/predict", json={"model": "series", "inputs": [value]}).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(ask, [[1.0, 2.0, 0.5], ["a"], [0.1], ["b"], [0.2, 0.3], [0.4]] * 3))
    assert codes == [200, 400, 200, 400, 200, 200] * 3
