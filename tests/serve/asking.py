"""Requests of the tests: what is answered, refused and streamed, and what they carry."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

Json = dict[str, Any]


def told(client: TestClient, path: str, body: Any, status: int = 200) -> Any:
    # all of it in ASCII, so that what UTF-8 cannot hold is sent too
    answer = client.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(client: TestClient, path: str, body: Any, status: int = 400) -> str:
    error = told(client, path, body, status)["error"]
    assert error["code"] == status
    return str(error["message"])


def sent(client: TestClient, path: str, body: Any) -> list[Any]:
    """The events of a streamed answer."""
    with client.stream("POST", path, json=body) as answer:
        assert answer.status_code == 200
        lines = [line.removeprefix("data: ") for line in answer.iter_lines() if line]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]


def as_data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def picture(value: int) -> bytes:
    Image = pytest.importorskip("PIL.Image")
    buffer = io.BytesIO()
    Image.fromarray(np.full((6, 6), value, np.uint8)).save(buffer, "png")
    return buffer.getvalue()


def opened(client: TestClient, model: str, **body: Any) -> str:
    return str(told(client, "/sessions", {"model": model, **body}, 201)["session"])
