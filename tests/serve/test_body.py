"""The JSON of a request: what is read, and what is refused with a sentence."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

from recur.serve import body
from recur.serve.problems import RequestError

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b'{"a": [1, -2.5, null, true, "\\u00e9"]}', {"a": [1, -2.5, None, True, "é"]}),
        (b"9223372036854775807", 2**63 - 1),
        (b"100000000000000000000000000000", 1e29),
        (b'"\\ud83d\\ude00 \\\\ud800"', "\U0001f600 \\ud800"),
        (b"[" * body.DEPTH + b"]" * body.DEPTH, None),
    ],
)
def test_json_is_read(data: bytes, value: Any) -> None:
    found = body.read(data)
    assert value is None or found == value


@pytest.mark.parametrize(
    ("data", "status", "says"),
    [
        (b"{", 400, "line 1, column 2"),
        (b"", 400, "the body is not JSON"),
        (b"\xff\xfe{", 400, "not UTF-8: byte 0 is 0xff"),
        ("{}".encode("utf-16"), 400, "not UTF-8"),
        (b"\xef\xbb\xbf{}", 400, "the body is not JSON"),
        (b'{"a": 1, "a": 2}', 400, 'the key "a" is given twice'),
        (b'[{"b": {"a": 1, "a": 1}}]', 400, 'the key "a" is given twice'),
        (b"[NaN]", 400, "NaN is no number"),
        (b'{"a": ["x\\ud800"]}', 400, r"the body has \\ud800, half of a character"),
        (b'{"\\uDC01": 1}', 400, r"the body has \\udc01, half of a character"),
        (b"[-Infinity]", 400, "-Infinity is no number"),
        (b"[1e999]", 400, "the number 1e999 is too large"),
        (b"[" + b"9" * 5000 + b"]", 400, "of 5,000 characters is too large"),
        (b"[" * 50_000 + b"]" * 50_000, 400, "more than 64 levels deep"),
        (b"[" * 65 + b"]" * 65, 400, "more than 64 levels deep"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, 400, "more than 64 levels deep"),
        (b"[" + b"0," * body.VALUES + b"0]", 413, "commas and brackets"),
        (json.dumps({f"k{n}": n for n in range(100)}).encode(), 400, "the body has 100 keys"),
    ],
)
def test_what_is_no_plain_json_is_refused(data: bytes, status: int, says: str) -> None:
    with pytest.raises(RequestError, match=says) as caught:
        body.read(data)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("content", "headers", "status", "says"),
    [
        (gzip.compress(b"{}", mtime=0), {**JSON, "Content-Encoding": "gzip"}, 415, 'compressed ("gzip")'),
        (b"{}", {"Content-Type": "application/json; charset=latin-1"}, 415, "JSON is UTF-8"),
        (b"{}", {"Content-Type": "text/plain"}, 400, "not JSON, or its Content-Type is another one"),
        (b"{}", {}, 400, "not JSON, or its Content-Type is another one"),
        (
            b"{}",
            {"Content-Type": "application/x-www-form-urlencoded"},
            400,
            "not JSON, or its Content-Type is another one",
        ),
        (b"[1]", JSON, 400, "the body: Input should be"),
        (b"", JSON, 400, "the request has no body"),
    ],
)
def test_a_body_of_another_kind_is_refused(
    client: TestClient, content: bytes, headers: dict[str, str], status: int, says: str
) -> None:
    answer = client.post("/next", content=content, headers=headers)
    assert answer.status_code == status
    assert says in answer.json()["error"]["message"]


def test_a_wrong_list_is_answered_with_its_first_error(client: TestClient) -> None:
    content = json.dumps({"model": "lines", "texts": [1] * 100_000})
    answer = client.post("/complete", content=content, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("texts.0: ")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "HEAD", "OPTIONS", "TRACE", "PROPFIND"])
def test_another_method_names_those_that_are_answered(client: TestClient, method: str) -> None:
    answer = client.request(method, "/health")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    "path",
    ["/../etc/passwd", "/%2e%2e/etc/passwd", "/sessions/%00", "/sessions/%ff/snapshot", "/x//health", "/docs/../x"],
)
def test_a_path_that_is_no_route_is_not_there(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]["hint"]
