"""Work that nobody waits for ends."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

from recur.cancellation import CancelledError, cancellable, check_cancelled
from recur.model import Model
from recur.serve import Limits, create_app
from tests.serve.asking import Json, refused

ENDLESS: list[tuple[str, Json]] = [
    ("/predict", {"model": "lines", "inputs": ["a"], "length": 10**7}),
    ("/predict", {"model": "lines", "inputs": ["a"], "length": 10**7, "beam": 3}),
    ("/predict", {"model": "lines", "inputs": ["a"] * 3, "length": 10**7, "temperature": 1}),
    ("/predict", {"model": "series", "inputs": [[0.5]], "length": 10**7}),
    ("/play", {"model": "notes", "opening": "C4", "length": 10**7, "no_repeat_ngram": 0}),
]


@pytest.fixture
def hurried(models: dict[str, Model]) -> TestClient:
    """A server that answers within a fifth of a second, or not at all."""
    limits = Limits(seconds=0.2, length=10**9, written=10**12)
    return TestClient(create_app(models, limits), base_url="http://localhost")


@pytest.mark.parametrize(("path", "body"), ENDLESS)
def test_work_behind_an_answer_that_came_too_late_ends(
    hurried: TestClient, path: str, body: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a line that may end would end by itself
    monkeypatch.setattr("recur.continuation.text.endings", lambda mode: (None, mode.symbols.never))
    with hurried as client:
        assert refused(client, path, body, 504) == "no answer within 0.2 s"
        # it is the same thread that computes: nothing is answered before it has ended
        monkeypatch.undo()
        deadline = time.monotonic() + 20
        while client.post("/next", json={"model": "lines", "text": "the"}).status_code != 200:
            assert time.monotonic() < deadline, "the work continues"


def test_ending_the_server_ends_what_is_computed(models: dict[str, Model]) -> None:
    app = create_app(models, Limits(seconds=100, length=10**9, written=10**12))
    with TestClient(app, base_url="http://localhost") as client, ThreadPoolExecutor(1) as pool:
        path, body = ENDLESS[3]
        answer = pool.submit(client.post, path, json=body)
        while not app.state.recur.worker.executor._threads:
            assert not answer.done(), answer.result().text
            time.sleep(0.01)
        app.state.recur.stop()
        assert answer.result(20).status_code == 503
        assert "shutting down" in answer.result().json()["error"]["message"]


def test_only_cancellable_work_is_cancelled() -> None:
    over = threading.Event()
    check_cancelled()
    with cancellable(over.is_set):
        check_cancelled()
        over.set()
        with pytest.raises(CancelledError):
            check_cancelled()
    check_cancelled()
