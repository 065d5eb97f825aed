"""HTTPS by a certificate and a key in files."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
import httpx

from recur.errors import ConfigError
from recur.model import Model
from recur.serve import Limits
from recur.serve.tls import Renewal, tls_context
from tests.serve.servers import PATIENCE, WHOLE, opened, received, running

if shutil.which("openssl") is None:
    pytest.skip("openssl, which makes the certificates, is not installed", allow_module_level=True)


def certificate(folder: Path, name: str, *more: str) -> tuple[Path, Path]:
    """A certificate for localhost and its key."""
    cert, key = folder / f"{name}.pem", folder / f"{name}-key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"]
    command += [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        str(key),
        "-out",
        str(cert),
    ]
    subprocess.run([*command, *(more or ("-nodes",))], check=True, capture_output=True, timeout=60)
    return cert, key


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"), "own")


def renewal(cert: Path, key: Path, notes: list[str] | None = None) -> Renewal:
    context = tls_context(cert, key)
    assert context is not None
    return Renewal(context, cert, key, ([] if notes is None else notes).append)


def number(port: int) -> int:
    """The serial number of the certificate that a server shows."""
    pem = ssl.get_server_certificate(("127.0.0.1", port), timeout=PATIENCE)
    text = subprocess.run(
        ["openssl", "x509", "-noout", "-serial"], input=pem, text=True, check=True, capture_output=True, timeout=60
    ).stdout
    return int(text.partition("=")[2], 16)


def test_a_renewed_certificate_is_shown_to_new_connections_without_a_restart(
    models: dict[str, Model], tmp_path: Path
) -> None:
    cert, key = certificate(tmp_path, "own")
    new, new_key = certificate(tmp_path, "new")
    notes: list[str] = []
    served = renewal(cert, key, notes)
    with running(models, Limits(), tls=served) as (_, port):
        first = number(port)
        new.replace(cert)
        served.look()
        assert number(port) == first, "the key is not replaced yet"
        served.look()
        assert number(port) == first, "the key does not belong to the certificate"
        assert "does not belong" in notes.pop()
        new_key.replace(key)
        served.look()
        served.look()
        assert number(port) != first
        assert notes == [f"{cert} changed and was loaded again"]
        cert.unlink()
        served.look()
        served.look()
        assert "is missing" in notes[1]
        assert number(port) != first


def test_https_is_answered_and_neither_plain_http_nor_half_a_handshake_holds_it_up(
    models: dict[str, Model], files: tuple[Path, Path]
) -> None:
    trusting = ssl.create_default_context(cafile=files[0])
    with running(models, Limits(head=0.5), tls=renewal(*files)) as (_, port):
        half = opened(port, b"\x16\x03\x01\x02\x00")
        assert b"HTTP/" not in received(opened(port, WHOLE))
        with httpx.Client(verify=trusting, base_url=f"https://localhost:{port}") as client:
            assert client.get("/health").json()["status"] == "ok"
            assert client.get("/health", headers={"Origin": f"https://localhost:{port}"}).status_code == 200
            text = client.post("/generate", json={"prompt": "the", "length": 3, "stream": True}).text
            assert text.endswith("data: [DONE]\n\n")
        began = time.monotonic()
        assert received(half) == b"", "half a handshake is closed"
        assert time.monotonic() - began < PATIENCE
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"https://localhost:{port}/health")


def test_a_slow_client_is_refused_under_tls_too(models: dict[str, Model], files: tuple[Path, Path]) -> None:
    with running(models, Limits(head=0.3), tls=renewal(*files)) as (_, port):
        connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
        trusting = ssl.create_default_context(cafile=files[0])
        with trusting.wrap_socket(connection, server_hostname="localhost") as secure:
            secure.sendall(b"GET / HTTP/1.1\r\n")
            assert secure.recv(1000).startswith(b"HTTP/1.1 408 ")


def test_files_that_cannot_serve_are_refused_with_the_reason(tmp_path: Path, files: tuple[Path, Path]) -> None:
    cert, key = files
    _, foreign = certificate(tmp_path, "foreign")
    _, locked = certificate(tmp_path, "locked", "-passout", "pass:secret")
    (tmp_path / "text.pem").write_text("no certificate")
    assert tls_context(None, None) is None
    for given, says in (
        ((None, key), "--tls-key is given without --tls-cert"),
        ((tmp_path / "none.pem", key), "none.pem is missing"),
        ((cert, tmp_path / "none.pem"), "none.pem is missing"),
        ((tmp_path, key), "is a folder"),
        ((cert, None), "expected in"),
        ((tmp_path / "text.pem", key), "cannot be loaded"),
        ((cert, tmp_path / "text.pem"), "cannot be loaded"),
        ((key, cert), "cannot be loaded"),
        ((cert, foreign), "does not belong to the certificate"),
        ((cert, locked), "is encrypted with a password"),
    ):
        with pytest.raises(ConfigError, match=says):
            tls_context(*given)


def test_certificate_and_key_may_be_one_file(tmp_path: Path, files: tuple[Path, Path]) -> None:
    both = tmp_path / "both.pem"
    both.write_text(files[1].read_text() + files[0].read_text())
    assert tls_context(both, None) is not None
