"""Probes, metrics and the access log: what those who operate a server see."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

from recur.model import Model
from recur.serve import Tokens, create_app
from recur.serve.access_log import AccessLog
from tests.serve.asking import opened, told
from tests.serve.test_tokens import TOKEN

_LINE = re.compile(r'[a-z_]+(\{[a-z]+="[^"\n]*"(,[a-z]+="[^"\n]*")*\})? [0-9.e+-]+')


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("log") / "access.jsonl"


@pytest.fixture(scope="module")
def watched(models: dict[str, Model], log: Path) -> Iterator[TestClient]:
    """A client of a server that logs and requires a token."""
    app = create_app({"lines": models["lines"]}, tokens=Tokens([TOKEN]), access_log=AccessLog(str(log)))
    with TestClient(app, "http://localhost", headers={"Authorization": f"Bearer {TOKEN}"}) as found:
        yield found


def page(client: TestClient) -> dict[str, float]:
    """The samples of the page of metrics, by name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = {}
    for line in answer.text.splitlines():
        if not line.startswith("#"):
            assert _LINE.fullmatch(line), line
            name, _, value = line.rpartition(" ")
            assert name not in samples
            samples[name] = float(value)
    return samples


def test_probes_are_answered_without_a_token_and_metrics_with_one(watched: TestClient) -> None:
    bare = TestClient(watched.app, "http://localhost")
    for path in ("/healthz", "/readyz"):
        assert bare.get(path).json() == {"status": "ok"}
        assert bare.get(path, headers={"Host": "evil.example"}).status_code == 403
    assert bare.get("/metrics").status_code == 401


def test_metrics_count_requests_tokens_and_sessions(watched: TestClient) -> None:
    before = page(watched)
    name = opened(watched, "lines")
    told(watched, f"/sessions/{name}/read", {"text": "the clouds are"})
    told(watched, "/generate", {"prompt": "the", "length": 4, "stop": []})
    told(watched, "/predict", {"inputs": ["the clouds"]})
    watched.post("/predict", json={"inputs": []})
    watched.get(f"/sessions/{name}/none")
    watched.request("BREW", "/coffee")
    after = page(watched)

    def more(key: str) -> float:
        return after[key] - before.get(key, 0)

    route = 'route="/sessions/{name}/read"'
    assert more(f'recur_requests_total{{{route},method="POST",status="200"}}') == 1
    assert more('recur_requests_total{route="/predict",method="POST",status="400"}') == 1
    assert more('recur_requests_total{route="other",method="other",status="404"}') == 1
    assert more(f"recur_request_seconds_count{{{route}}}") == 1
    assert (
        after[f'recur_request_seconds_bucket{{{route},le="+Inf"}}'] == after[f"recur_request_seconds_count{{{route}}}"]
    )
    assert more("recur_sessions") == 1
    assert more("recur_session_bytes") > 0
    assert more('recur_tokens_read_total{model="lines"}') >= 6
    assert 1 <= more('recur_tokens_written_total{model="lines"}') <= 4
    assert after["recur_requests_in_progress"] == 1
    assert not any(name in key for key in after), "no secret is a label"


def test_the_access_log_has_a_line_per_request_and_no_secret(watched: TestClient, log: Path) -> None:
    name = opened(watched, "lines")
    begin = len(log.read_text().splitlines())
    told(watched, f"/sessions/{name}/read?a={name}", {"text": "the"})
    watched.get(f"/sessions/{name}/none%0A")
    watched.get("/models", headers={"Authorization": "Bearer wrong"})
    lines = [json.loads(line) for line in log.read_text().splitlines()[begin:]]
    assert [(one["method"], one["path"], one["status"]) for one in lines[:1]] == [
        ("POST", "/sessions/{name}/read", 200)
    ]
    assert lines[1]["path"].startswith("/sessions/{name}/none")
    assert [one["status"] for one in lines] == [200, 404, 401]
    assert lines[0]["client"] == "testclient"
    assert lines[0]["received"] == len('{"text": "the"}')
    assert lines[0]["sent"] > 100
    assert 0 < lines[0]["seconds"] < 60
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", lines[0]["time"])
    assert name not in log.read_text()
    assert TOKEN not in log.read_text()
