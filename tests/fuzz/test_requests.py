"""Requests of every kind to a server: what is at fault in them is a status of 4xx with a sentence, never one of 500.

Three sources: what our own OpenAPI description allows and forbids (schemathesis), valid requests with odd values in
them, and changed bytes (bodies, snapshots, raw HTTP). ``RECUR_FUZZ`` is the number of cases; a case is drawn from its
number, and a failure names it.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import random
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")
from hypothesis import HealthCheck, Phase, given, seed, settings
from starlette.testclient import TestClient

from recur.model import Model
from recur.serve import Limits, create_app
from tests.serve.conftest import models  # noqa: F401  a fixture
from tests.serve.servers import running

CASES = int(os.environ.get("RECUR_FUZZ", "150"))
LIMITS = Limits(seconds=5, items=300, length=64, written=256, steps=3000, explained=12)
JSON = {"Content-Type": "application/json"}
BUSY = (503, 504)

NUMBERS: list[Any] = [0, -1, 1, 0.5, 2**31, 2**63, -(2**63), 10**19, 1e308, -1e308, 3e38, 1e-320, True, False, None]
TEXTS = [
    "", " ", "a", "\x00", "\ud800", "é" * 50,
    "a" * 5000, "a" + "!" * 300 + "a", "\u202e\u200f", "../x", "/etc/passwd", "nan", "-inf", "1e5",
    "data:image/png;base64,", "data:audio/midi;base64,AAAA", "C4 D4", "C4/0", "C99", "R4", "C4 " * 200,
]  # fmt: skip
NESTED: list[Any] = [
    [], [[]], [[1], 2], [[[1], 2]], [[[1, 2], [3]]], [None], [[None]], [""], ["a", 1], [1.5], [[1e308, -1e308]],
    [[3e38]] * 3, [[300] * 3] * 3, [[0] * 6] * 6, [[[0, 0, 0]] * 6] * 6, [[-1]], [60, 64], [[60], [999]], [{}], {},
    {"value": 1}, {"value": [1, [2]]}, {"": 1}, {"words": ["w1"]}, {"picture": "x"},
]  # fmt: skip
ODD = [*NUMBERS, *TEXTS, *NESTED]

Body = dict[str, Any]
VALID: list[tuple[str, Body]] = [
    ("/predict", {"model": "reviews", "inputs": ["a good film"], "top": 2}),
    ("/predict", {"model": "series", "inputs": [[0.1, 0.2]], "length": 3}),
    ("/predict", {"model": "pictures", "inputs": [[[0] * 6] * 6]}),
    ("/predict", {"model": "tags", "inputs": [["w1", "w2"]]}),
    ("/predict", {"model": "notes", "inputs": ["C4 D4"], "length": 3}),
    ("/predict", {"model": "lines", "inputs": ["the"], "length": 4, "beam": 3, "stop": ["sky"], "no_repeat_ngram": 2}),
    ("/complete", {"model": "stream", "texts": ["the clouds"], "top": 3}),
    ("/generate", {"model": "lines", "prompt": "the", "length": 5, "seed": 1, "top_k": 3, "top_p": 0.9}),
    ("/generate", {"model": "stream", "prompt": "the", "length": 5, "stream": True, "repetition_penalty": 1.2}),
    ("/play", {"model": "notes", "opening": "C4 D4", "length": 4, "temperature": 1}),
    ("/next", {"model": "lines", "text": "the", "top": 3, "temperature": 0.5, "top_k": 2, "top_p": 0.5}),
    ("/explain", {"model": "reviews", "value": "a film", "target": "good", "parts": ["influence"], "options": 1}),
    ("/explain", {"model": "tags", "value": ["w1", "w2"], "at": 1, "parts": ["states"]}),
    ("/explain", {"model": "series", "value": [0.1, 0.2], "parts": ["unrolled", "flow"]}),
    ("/sessions", {"model": "lines", "text": "the"}),
    ("/sessions/OPEN/read", {"text": "clouds", "top": 3}),
    ("/sessions/SERIES/read", {"values": [0.1, 0.2]}),
    ("/sessions/OPEN/write", {"length": 3, "seed": 1, "temperature": 1}),
    ("/v1/completions", {"model": "stream", "prompt": ["the"], "max_tokens": 4, "n": 2, "logprobs": 0, "echo": True}),
    ("/v1/completions", {"model": "lines", "prompt": "the", "stream": True, "stop": "sky", "seed": 3}),
]


@pytest.fixture(scope="module")
def client(models: dict[str, Model]) -> Iterator[TestClient]:  # noqa: F811
    app = create_app(models, LIMITS)
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as found:
        yield found


def checked(answer: Any, case: object) -> None:
    """An answer is one, or says what is wrong in a sentence."""
    status = answer.status_code
    assert status < 500 or status in BUSY, f"{case}: {status} {answer.text[:300]}"
    if status >= 400:
        error = answer.json()["error"]
        assert error["code"] == status
        assert error["message"], case


def opened(client: TestClient, model: str) -> str:
    return str(client.post("/sessions", json={"model": model}).json()["session"])


def changed(value: Any, draw: random.Random) -> Any:
    """A JSON value with one place of it put to something odd."""
    if isinstance(value, dict) and value and draw.random() < 0.85:
        name = draw.choice(sorted(value))
        return {**value, name: changed(value[name], draw)}
    if isinstance(value, list) and value and draw.random() < 0.6:
        place = draw.randrange(len(value))
        return [*value[:place], changed(value[place], draw), *value[place + 1 :]]
    return draw.choice(ODD)


def broken(data: bytes, draw: random.Random) -> bytes:
    """Bytes of which some are cut, doubled or replaced."""
    found = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 8])):
        start = draw.randrange(len(found) + 1)
        stop = min(len(found), start + draw.choice([0, 1, 1, 4, 40]))
        part = draw.choice(
            [b"", draw.randbytes(stop - start), bytes(found[start:stop]) * 2, b"\xff", b'"', b"[" * 9, b"9" * 30]
        )
        found[start:stop] = part
    return bytes(found)


def test_odd_values_in_valid_requests_are_refused_with_a_sentence(client: TestClient) -> None:
    for number in range(CASES):
        draw = random.Random(number)
        path, body = copy.deepcopy(draw.choice(VALID))
        path = path.replace("OPEN", opened(client, "lines")).replace("SERIES", opened(client, "series"))
        for _ in range(draw.choice([1, 1, 2])):
            body = changed(body, draw)
        data = json.dumps(body).encode()
        checked(client.post(path, content=data, headers=JSON), f"case {number}: {path} {data[:300]!r}")


def test_broken_bodies_are_refused_with_a_sentence(client: TestClient) -> None:
    for number in range(CASES):
        draw = random.Random(number)
        path, body = draw.choice(VALID)
        data = broken(json.dumps(body).encode(), draw)
        kind = draw.choice(
            ["application/json"] * 4 + ["text/plain", "application/json; charset=utf-16", "", "x/y+json"]
        )
        headers = {"Content-Type": kind, **draw.choice([{}, {}, {}, {"Content-Encoding": "gzip"}])}
        checked(client.post(path, content=data, headers=headers), f"case {number}: {path} {kind} {data!r}")


def test_broken_snapshots_are_refused_with_a_sentence(client: TestClient) -> None:
    data = client.get(f"/sessions/{opened(client, 'lines')}/snapshot").content
    size = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + size])
    for number in range(CASES):
        draw = random.Random(number)
        if draw.random() < 0.5:
            sent = broken(data, draw)
        else:
            other = copy.deepcopy(head)
            place = draw.choice(["__metadata__", "vector", "state.0"])
            other[place] = changed(other[place], draw) if draw.random() < 0.8 else draw.choice(ODD)
            if draw.random() < 0.3:
                other["__metadata__"] = {
                    **head["__metadata__"],
                    "count": draw.choice(["9" * 4301, "-1", "²", "1e5", ""]),
                }
            text = json.dumps(other).encode()
            values = draw.choice([data[8 + size :], b"\xff\x7f\x7f\x7f" * (len(data[8 + size :]) // 4)])
            sent = len(text).to_bytes(8, "little") + text + values
        answer = client.post("/sessions/restore?model=lines", content=sent)
        checked(answer, f"case {number}: {sent[:300]!r}")
        if answer.status_code == 201:
            name = answer.json()["session"]
            checked(client.post(f"/sessions/{name}/read", json={"text": "the clouds"}), f"case {number}: read")
            checked(client.post(f"/sessions/{name}/write", json={"length": 3}), f"case {number}: write")
            client.delete(f"/sessions/{name}")


HEADS = [
    b"DDS |\x00\x00\x00", b"BLP2\x01\x00\x00\x00", b"\x00\x00\x00\x1cftypavif", b"Extended Instrument: ", b"II*\x00",
    b"BM", b"MThd\x00\x00\x00\x06", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"RIFF\x00\x00\x00\x00WEBP",
    b"GIF89a\xff\xff\xff\xff", b"%PDF",
]  # fmt: skip
FILES: list[tuple[str, Callable[[str], Body]]] = [
    ("image/png", lambda data: {"model": "pictures", "inputs": [data]}),
    ("audio/midi", lambda data: {"model": "notes", "inputs": [data], "length": 2}),
]


def test_files_of_other_kinds_are_refused_with_a_sentence(client: TestClient) -> None:
    for number in range(CASES):
        draw = random.Random(number)
        kind, body = draw.choice(FILES)
        data = base64.b64encode(draw.choice(HEADS) + draw.randbytes(draw.choice([0, 8, 200]))).decode()
        sent = body(f"data:{kind};base64,{data}")
        checked(client.post("/predict", json=sent), f"case {number}: {sent}")


def test_the_description_is_what_the_server_does(models: dict[str, Model]) -> None:  # noqa: F811
    schemathesis = pytest.importorskip("schemathesis")
    checks = pytest.importorskip("schemathesis.specs.openapi.checks")
    from schemathesis.checks import not_a_server_error

    wanted = [
        not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
        checks.response_schema_conformance,
    ]  # fmt: skip
    with running(models, LIMITS) as (_, port):
        schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{port}/openapi.json")
        operations = [found.ok() for found in schema.get_all_operations()]
        assert len(operations) >= 17
        for number, operation in enumerate(operations):
            # a request without a body can hardly be wrong: every text may be the name of a session
            both = list(schemathesis.GenerationMode)
            for mode in both if operation.body else [schemathesis.GenerationMode.POSITIVE]:
                strategy = operation.as_strategy(generation_mode=mode)

                @seed(number)
                @settings(
                    max_examples=max(2, CASES // (2 * len(operations))), deadline=None, database=None,
                    suppress_health_check=list(HealthCheck), phases=[Phase.generate],
                )  # fmt: skip
                @given(case=strategy)
                def look(case: Any) -> None:
                    case.call_and_validate(checks=wanted)

                look()


def test_changed_bytes_of_http_are_answered_or_closed_and_the_server_lives(models: dict[str, Model]) -> None:  # noqa: F811
    whole = (
        b"POST /next HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 30\r\n"
        b'Connection: close\r\n\r\n{"model": "lines", "text": ""}'
    )
    with running(models, Limits(head=0.2, transfer=0.2)) as (_, port):
        for number in range(max(10, CASES // 3)):
            draw = random.Random(number)
            with socket.create_connection(("127.0.0.1", port), 10) as one:
                one.sendall(broken(whole, draw))
                found = b""
                deadline = time.monotonic() + 10
                try:
                    while part := one.recv(65536):
                        found += part
                        assert time.monotonic() < deadline, f"case {number} is never closed"
                except ConnectionResetError:
                    continue
                except TimeoutError:
                    pytest.fail(f"case {number} is never closed: {broken(whole, random.Random(number))!r}")
            assert not found or found.startswith(b"HTTP/1."), f"case {number}: {found[:100]!r}"
            assert not found.startswith(b"HTTP/1.1 500"), f"case {number}: {found[:500]!r}"
        with socket.create_connection(("127.0.0.1", port), 10) as one:
            one.sendall(b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
            assert one.recv(100).startswith(b"HTTP/1.1 200 ")
