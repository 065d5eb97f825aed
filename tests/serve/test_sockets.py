"""The server as a process: where it listens, and how it ends."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
from recur.cli.serve import serve
from recur.errors import ConfigError
from recur.model import Model
from recur.serve.sockets import listen
from tests.serve.servers import HALF_BODY, HALF_HEAD, PATIENCE, WHOLE, opened, received


def started(folder: Path, files: int, *more: str) -> tuple[subprocess.Popen[str], int]:
    """`recur serve` in a process of its own, with a limit of open files; and its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "recur", "serve", str(folder), "--port", "0", *more], stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files)),
    )  # fmt: skip
    assert process.stderr is not None
    line = process.stderr.readline()
    assert "serving" in line, line
    return process, int(line.split("  ")[0].rsplit(":", 1)[1])


@pytest.mark.parametrize(
    ("host", "port", "says"),
    [
        ("127.0.0.1", 99999, "99999 is not a port"),
        ("127.0.0.1", -1, "-1 is not a port"),
        ("a b", 0, "is not an address"),
        ("x" * 300, 0, "is not an address"),
        ("192.0.2.1", 0, "192.0.2.1 is not an address of this machine"),
    ],
)
def test_an_address_that_cannot_be_listened_on_is_named(host: str, port: int, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        listen(host, port)


def test_a_port_in_use_is_an_error_before_a_network_is_loaded(tmp_path: Path) -> None:
    [taken] = listen("127.0.0.1", 0)
    with closing(taken):
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "recur", "serve", str(tmp_path / "none"), "--port", str(port)]
        found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert found.returncode == 2
    assert f"port {port} of 127.0.0.1 is in use" in found.stderr
    assert "serving" not in found.stderr


def test_a_process_with_few_files_answers_beside_half_open_connections_and_ends(
    models: dict[str, Model], tmp_path: Path
) -> None:
    models["lines"].save(tmp_path / "lines")
    process, port = started(tmp_path / "lines", 400)
    half = []
    try:
        half = [opened(port, HALF_HEAD) for _ in range(450)]
        assert received(opened(port, WHOLE)).startswith(b"HTTP/1.1 200 ")
        half.append(opened(port, HALF_BODY))
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)  # the second one waits for nobody
        assert process.wait(PATIENCE) == 1
        assert process.stderr is not None
        said = process.stderr.read()
        assert len(said.splitlines()) < 20, said
        assert "Traceback" not in said
    finally:
        process.kill()
        process.communicate()
        for one in half:
            one.close()


def test_a_server_without_requests_ends_at_once(models: dict[str, Model], tmp_path: Path) -> None:
    models["lines"].save(tmp_path / "lines")
    process, _ = started(tmp_path / "lines", min(1024, os.sysconf("SC_OPEN_MAX")))
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=PATIENCE)[1] == "stopped\n"
    assert process.returncode == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_other_machines_are_not_accepted_without_a_token(
    tmp_path: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if host == "::" and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    monkeypatch.delenv("RECUR_TOKEN", raising=False)
    with pytest.raises(ConfigError, match=f"other machines can reach {host}, and no token is set") as caught:
        serve(tmp_path / "none", host=host, port=0)
    assert "--token FILE" in str(caught.value.hint)
