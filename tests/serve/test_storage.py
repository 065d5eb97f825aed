"""The folder of a server: sessions that survive a restart, and its key."""

from __future__ import annotations

import http.client
import json
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
from starlette.testclient import TestClient

from recur.errors import ConfigError, RecurError
from recur.model import Model
from recur.serve import Limits, create_app
from recur.serve.storage import Storage
from tests.serve.asking import opened, refused, told
from tests.serve.servers import PATIENCE
from tests.serve.test_sockets import started
from tests.tolerances import SHOWN

CLOSED = (http.client.RemoteDisconnected, ConnectionError)  # between two requests; half an answer is another error


@contextmanager
def start(folder: Path, models: dict[str, Model], limits: Limits | None = None) -> Iterator[tuple[TestClient, str]]:
    """A server from its start to its end; what it restores."""
    storage = Storage(folder)
    app = create_app(models, limits, signer=storage.signer)
    state = app.state.recur
    restored, lost = storage.restore(state)
    with TestClient(app, "http://localhost") as client:
        yield client, f"{restored} restored, {lost} lost"
    storage.save(state)
    storage.close()


def test_sessions_survive_a_restart(models: dict[str, Model], tmp_path: Path) -> None:
    both = {name: models[name] for name in ("lines", "series")}
    key = {"Idempotency-Key": "k1"}
    with start(tmp_path / "state", both) as (client, said):
        assert said == "0 restored, 0 lost"
        first = opened(client, "lines", text="the clouds are")
        second = opened(client, "series")
        told(client, f"/sessions/{second}/read", {"values": [0.1, 0.4]})
        answer = client.post(f"/sessions/{first}/read", json={"text": "in"}, headers=key).json()
        other = opened(client, "lines", text="the clouds are in")
        told(client, f"/sessions/{second}/read", {"values": [0.2]})
        expected = told(client, f"/sessions/{other}/read", {"text": "the"})["candidates"]
    with start(tmp_path / "state", both) as (client, said):
        assert said == "3 restored, 0 lost"
        assert client.get(f"/sessions/{second}").json()["items"] == 3
        again = client.post(f"/sessions/{first}/read", json={"text": "in"}, headers=key)
        assert again.json() == answer, "the key is remembered too"
        found = told(client, f"/sessions/{first}/read", {"text": "the"})["candidates"]
        assert [one["value"] for one in found] == [one["value"] for one in expected]
        assert [one["probability"] for one in found] == pytest.approx(
            [one["probability"] for one in expected], rel=SHOWN
        )
        assert client.get("/health").json()["session_bytes"] > 0
        client.delete(f"/sessions/{other}")
    with start(tmp_path / "state", {"lines": models["lines"]}) as (_, said):
        assert said == "1 restored, 1 lost"
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0
    assert (tmp_path / "state" / "key").stat().st_mode & 0o077 == 0


def test_a_signal_under_load_loses_no_request_that_was_answered(models: dict[str, Model], tmp_path: Path) -> None:
    models["lines"].save(tmp_path / "lines")
    process, port = started(tmp_path / "lines", 1024, "--state", str(tmp_path / "state"))
    answered: dict[str, int] = {}
    enough = threading.Event()

    def talk(number: int) -> None:
        headers, name = {"Content-Type": "application/json"}, ""
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection, suppress(*CLOSED):
            while True:
                body = "{}" if not name else '{"text": "the"}'
                connection.request("POST", f"/sessions/{name}/read" if name else "/sessions", body, headers)
                answer = connection.getresponse()
                found = json.loads(answer.read())
                assert answer.status in (200, 201), found
                name = found["session"]
                answered[name] = found["items"]
                if number == 0 and found["items"] > 20:
                    enough.set()

    try:
        with ThreadPoolExecutor(12) as pool:
            talks = [pool.submit(talk, number) for number in range(12)]
            assert enough.wait(PATIENCE)
            process.send_signal(signal.SIGTERM)
            assert process.communicate(timeout=PATIENCE)[1] == "12 sessions saved\nstopped\n"
            for one in talks:
                one.result(PATIENCE)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()
    with start(tmp_path / "state", {"lines": models["lines"]}) as (client, said):
        assert said == "12 restored, 0 lost"
        assert {name: client.get(f"/sessions/{name}").json()["items"] for name in answered} == answered


def test_sessions_of_a_changed_network_and_unused_ones_are_not_restored(
    models: dict[str, Model], tmp_path: Path
) -> None:
    with start(tmp_path, {"a": models["lines"]}) as (client, _):
        name = opened(client, "a")
    with start(tmp_path, {"a": models["stream"]}) as (client, said):
        assert said == "0 restored, 1 lost"
        assert client.get(f"/sessions/{name}").status_code == 404
        opened(client, "a")
    with start(tmp_path, {"a": models["stream"]}, Limits(idle=1e-9)) as (_, said):
        assert said == "0 restored, 1 lost"


def test_after_a_crash_no_outdated_session_is_restored(models: dict[str, Model], tmp_path: Path) -> None:
    with start(tmp_path, {"a": models["lines"]}) as (client, _):
        name = opened(client, "a")
    storage = Storage(tmp_path)
    app = create_app({"a": models["lines"]})
    assert storage.restore(app.state.recur) == (1, 0)
    storage.close()  # and nothing is saved
    with start(tmp_path, {"a": models["lines"]}) as (client, said):
        assert said == "0 restored, 0 lost"
        assert client.get(f"/sessions/{name}").status_code == 404


def test_snapshots_are_signed_by_the_key_of_the_server(models: dict[str, Model], tmp_path: Path) -> None:
    with start(tmp_path / "a", {"lines": models["lines"]}) as (client, _):
        data = client.get(f"/sessions/{opened(client, 'lines', text='the')}/snapshot").content
        altered = data[:-1] + bytes([data[-1] ^ 1])
        for content, says in (
            (altered, "signature does not fit"),
            (data[47:], "is not signed"),
            (b"", "is not signed"),
        ):
            answer = client.post("/sessions/restore", content=content)
            assert answer.status_code == 400
            assert says in answer.json()["error"]["message"]
    with start(tmp_path / "a", {"lines": models["lines"]}) as (client, _):
        assert client.post("/sessions/restore", content=data).json()["items"] == 2
    with start(tmp_path / "b", {"lines": models["lines"]}) as (client, _):
        assert "another key" in client.post("/sessions/restore", content=data).json()["error"]["message"]
    with TestClient(create_app({"lines": models["lines"]}), "http://localhost") as client:
        assert "has no key" in client.post("/sessions/restore", content=data).json()["error"]["message"]


def test_a_folder_that_cannot_be_trusted_is_refused(models: dict[str, Model], tmp_path: Path) -> None:
    folder = tmp_path / "state"
    storage = Storage(folder)
    with pytest.raises(ConfigError, match="another server uses"):
        Storage(folder)
    storage.close()
    with start(folder, {"lines": models["lines"]}) as (client, _):
        opened(client, "lines")
    sessions = folder / "sessions"
    content = sessions.read_bytes()
    sessions.write_bytes(content[:-1] + b"?")
    with pytest.raises(ConfigError, match="cannot be restored: the signature does not fit"), start(folder, models):
        pass
    (folder / "key").write_text("short")
    with pytest.raises(ConfigError, match="has no key|another server"):
        Storage(folder)
    folder.chmod(0o755)
    with pytest.raises(ConfigError, match="other users can read"):
        Storage(folder)
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(RecurError, match="link"):
        Storage(tmp_path / "link")


def test_a_read_with_a_key_happens_once(client: TestClient) -> None:
    name = opened(client, "lines")
    path, key = f"/sessions/{name}/read", {"Idempotency-Key": "request-1"}
    first = client.post(path, json={"text": "the"}, headers=key)
    again = client.post(path, json={"top": 5, "text": "the"}, headers=key)
    assert again.json() == first.json()
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    assert client.get(f"/sessions/{name}").json()["items"] == 2
    # the same key with another body is no repetition
    other = client.post(path, json={"text": "a"}, headers=key)
    assert other.status_code == 409
    assert "with another body" in other.json()["error"]["message"]
    assert client.get(f"/sessions/{name}").json()["items"] == 2
    # a key belongs to its session
    assert client.post(f"/sessions/{opened(client, 'lines')}/read", json={"text": "a"}, headers=key).status_code == 200
    before = client.get("/health").json()["session_bytes"]
    for number in range(20):
        told(client, path, {"text": "a"})
        client.post(path, json={"text": "the"}, headers={"Idempotency-Key": f"more-{number}"})
    assert client.get("/health").json()["session_bytes"] < before + 8 * 2000, "few answers are kept"
    client.delete(f"/sessions/{name}")
    assert refused(client, path, {"text": "the"}, 404)


@pytest.mark.parametrize("keys", [[""], ["a b"], ["x" * 129], ["a", "b"]])
def test_a_key_that_is_none_is_refused_and_nothing_is_read(client: TestClient, keys: list[str]) -> None:
    name = opened(client, "lines")
    headers = [("Idempotency-Key", key) for key in keys]
    assert client.post(f"/sessions/{name}/read", json={"text": "the"}, headers=headers).status_code == 400
    assert client.get(f"/sessions/{name}").json()["items"] == 1
