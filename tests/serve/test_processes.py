"""Several processes of one server: sessions, metrics, sudden ends and restarts."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")
pytest.importorskip("uvicorn")
import httpx

from recur.errors import ConfigError
from recur.model import Model
from recur.serve import processes
from recur.serve.processes import check_workers
from tests.serve.servers import PATIENCE
from tests.serve.test_sockets import started
from tests.tolerances import SHOWN

if not hasattr(os, "fork"):
    pytest.skip("this system has no fork", allow_module_level=True)

Json = dict[str, Any]


@pytest.fixture(scope="module")
def folder(models: dict[str, Model], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("processes") / "lines"
    models["lines"].save(path)
    return path


@contextmanager
def serving(folder: Path, *more: str, end: int = signal.SIGTERM) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of three processes, and its address; it ends with exit code 0."""
    process, port = started(folder, 1024, "--workers", "3", *more)
    try:
        yield process, f"http://127.0.0.1:{port}"
        process.send_signal(end)
        said = process.communicate(timeout=PATIENCE)[1]
        assert process.returncode == 0, said
        assert said.rstrip().endswith("stopped")
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """A server for what does not end it; Ctrl-C ends it."""
    with serving(folder, end=signal.SIGINT) as (_, found):
        yield found


def post(address: str, path: str, body: Json, **headers: str) -> httpx.Response:
    # a connection of its own, so that any of the processes accepts it
    return httpx.post(f"{address}{path}", json=body, headers=headers, timeout=PATIENCE)


def opened(address: str, count: int) -> list[str]:
    return [post(address, "/sessions", {"text": "the clouds"}).json()["session"] for _ in range(count)]


def read_by(address: str, name: str) -> int:
    return int(httpx.get(f"{address}/sessions/{name}").json()["items"])


def by_process(names: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(name.partition("-")[0], []).append(name)
    return found


def opened_in_all(address: str) -> list[str]:
    names: list[str] = []
    end = time.monotonic() + PATIENCE
    while len(by_process(names)) < 3:
        assert time.monotonic() < end, by_process(names)
        names += opened(address, 3)
    return names


def sample(page: str, name: str) -> int:
    return next(int(line.rpartition(" ")[2]) for line in page.splitlines() if line.rpartition(" ")[0] == name)


def children(process: subprocess.Popen[str]) -> list[int]:
    text = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True).stdout
    return [int(one) for one in text.split()]


def test_every_process_finds_every_session_and_all_answers_are_those_of_one_network(
    address: str, models: dict[str, Model]
) -> None:
    names = opened_in_all(address)
    begun = read_by(address, names[0])
    expected = models["lines"].complete("the clouds are", top=3)
    for name in names:
        for read in (
            post(address, f"/sessions/{name}/read", {"text": "are", "top": 3}),
            post(address, "/sessions/current/read", {"text": "in", "top": 1}, **{"Recur-Session": name}),
        ):
            assert read.status_code == 200, read.text
            assert read.json()["session"] == name
            assert len(read.headers.get_list("date")) == 1
            if read.json()["items"] == begun + 1:
                found = read.json()["candidates"]
                assert [one["value"] for one in found] == [one.word for one in expected]
                assert [one["probability"] for one in found] == pytest.approx(
                    [one.probability for one in expected], rel=SHOWN
                )
        assert read_by(address, name) == begun + 2
    samples = httpx.get(f"{address}/metrics").text
    assert sample(samples, "recur_sessions") == len(names)
    assert 'recur_info{version="' in samples
    read = 'recur_requests_total{route="/sessions/{name}/read",method="POST",status="200"}'
    assert sample(samples, read) == 2 * len(names), "each request is counted by one process alone"
    which = {httpx.get(f"{address}/health").json()["process"] for _ in range(60)}
    assert which <= {"1 of 3", "2 of 3", "3 of 3"}
    name = names[0]
    streamed = post(address, f"/sessions/{name}/write", {"length": 3, "stream": True})
    assert streamed.text.endswith("data: [DONE]\n\n")
    assert post(address, f"/sessions/{name}/read", {"text": 3}).status_code == 400
    snapshot = httpx.get(f"{address}/sessions/{name}/snapshot").content
    copy = httpx.post(f"{address}/sessions/restore", content=snapshot)
    assert copy.status_code == 201, copy.text
    for one in names:
        assert httpx.delete(f"{address}/sessions/{one}").status_code == 204
        assert httpx.get(f"{address}/sessions/{one}").status_code == 404


def test_a_connection_that_stays_open_reaches_sessions_of_all_processes(address: str) -> None:
    with httpx.Client(base_url=address, timeout=PATIENCE) as client:
        names = opened_in_all(address)
        begun = read_by(address, names[0])
        for text in ("are", "in", "the"):
            for name in names:
                assert client.post(f"/sessions/{name}/read", json={"text": text}).status_code == 200
        assert {read_by(address, name) for name in names} == {begun + 3}


def test_a_process_that_is_killed_loses_its_own_sessions_and_is_started_again(folder: Path) -> None:
    with serving(folder) as (process, address):
        names = opened_in_all(address)
        begun, before = read_by(address, names[0]), children(process)
        os.kill(before[0], signal.SIGKILL)
        assert process.stderr is not None
        line = process.stderr.readline()
        killed = int(line.split()[1]) - 1
        assert "of 3 ended by signal 9: its sessions are lost, and a new one is started" in line
        wait_for(lambda: len(children(process)) == 3)
        for name in names:
            answer = read_again(address, name)
            lost = name.startswith(f"{killed}-")
            assert answer.status_code == (404 if lost else 200), answer.text
            assert lost or answer.json()["items"] == begun + 1


def computes(process: int) -> bool:
    """Whether a process has not ended, though nobody may have asked how it did."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout
    return bool(found.strip()) and not found.startswith("Z")


def wait_for(condition: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def read_again(address: str, name: str) -> httpx.Response:
    """The answer once the process accepts connections; until then it is 503, or a connection that was queued ends."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(httpx.TransportError):
            answer = post(address, f"/sessions/{name}/read", {"text": "are"})
            if answer.status_code != 503:
                return answer
        time.sleep(0.1)
    raise AssertionError("the process does not answer")


def test_sessions_survive_a_restart_with_another_number_of_processes(folder: Path, tmp_path: Path) -> None:
    state = "--state", str(tmp_path / "state")
    with serving(folder, *state) as (_, address):
        names = opened_in_all(address)
    process = subprocess.Popen(
        [sys.executable, "-m", "recur", "serve", str(folder), "--port", "0", "--workers", "2", *state],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    assert process.stderr.readline() == f"{len(names)} sessions restored\n"
    address = process.stderr.readline().split(" at ")[1].split()[0]
    for name in names:
        assert read_again(address, name).status_code == 200
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=PATIENCE)[1]
    assert sum(int(one) for one in re.findall(r"(\d+) sessions saved", said)) == len(names)
    assert process.returncode == 0


def test_the_processes_end_with_their_parent(folder: Path) -> None:
    process, port = started(folder, 1024, "--workers", "2")
    began = children(process)
    assert len(began) == 2
    process.kill()
    process.communicate(timeout=PATIENCE)
    wait_for(lambda: not any(computes(one) for one in began))
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/health")


def test_a_process_that_ends_at_once_again_and_again_ends_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_QUICK", 60.0)
    notes: list[str] = []
    group = processes.Processes(1, lambda _: 3, notes.append)
    assert group.run(lambda: None) == 1
    assert len(notes) == 3
    assert "again and again" in notes[-1]


def test_weights_are_packed_before_the_fork(folder: Path) -> None:
    import recur
    from recur.nn.freezing import pack_layers

    model = recur.load(folder)
    pack_layers(model.mode)
    layers = [one for one in model.mode.modules() if getattr(one, "frozen", False)]
    assert layers
    for layer in layers:
        weights = layer.frozen_weights(0)
        assert weights is not None
        assert weights.packed is not None


def test_where_there_is_no_fork_one_process_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "fork")
    check_workers(1)
    with pytest.raises(ConfigError, match="several processes"):
        check_workers(2)


def test_a_half_sent_request_for_another_process_is_ended_with_its_client(address: str) -> None:
    names = opened_in_all(address)
    begun = read_by(address, names[0])
    port = int(address.rsplit(":", 1)[1])
    for name in names:
        with closing(socket.create_connection(("127.0.0.1", port), PATIENCE)) as half:
            half.sendall(
                f"POST /sessions/{name}/read HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                'Content-Length: 100\r\n\r\n{"text"'.encode()
            )
    for name in names:
        assert post(address, f"/sessions/{name}/read", {"text": "are"}).json()["items"] == begun + 1
