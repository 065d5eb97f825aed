"""The Dockerfile and the systemd unit: what they name is there, and systemd accepts the unit."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import run

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "examples" / "deploy"


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, with continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


def flags(command: list[str]) -> set[str]:
    return {word for word in command if word.startswith("--")}


def assert_understood(command: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a command with paths of this machine: everything is accepted, up to the run that is not there."""
    token = folder / "token"
    token.write_text("correct-horse-battery-staple", encoding="utf-8")
    monkeypatch.setenv("RECUR_TOKEN", token.read_text(encoding="utf-8"))
    here = {
        "8000": "0", "0.0.0.0": "127.0.0.1", "/state": folder / "state", "/srv/recur/writer": folder / "none",
        "${CREDENTIALS_DIRECTORY}/token": token, "${STATE_DIRECTORY}/server": folder / "state",
    }  # fmt: skip
    words = [here.get(word, word) for word in command[1:]]
    found = run(*words, *(() if folder / "none" in words else (folder / "none",)))
    assert (found.code, found.err.splitlines()[0]) == (2, f"error: there is no run folder {folder / 'none'}.")


def test_the_dockerfile_copies_what_is_there_and_runs_no_root() -> None:
    found = instructions()
    assert found[0] == ("FROM", "python:3.11-slim")
    for name, rest in found:
        if name == "COPY":
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
    assert ("USER", "recur") in found
    assert [name for name, _ in found].index("USER") < [name for name, _ in found].index("ENTRYPOINT")


def test_the_commands_of_the_container_are_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = dict(instructions())
    entry = json.loads(found["ENTRYPOINT"])
    assert_understood(entry, tmp_path, monkeypatch)
    assert entry[:2] == ["recur", "serve"]
    assert {"--host", "--state"} <= flags(entry)
    check = json.loads(found["HEALTHCHECK"].partition("CMD ")[2])
    compile(check[2], "healthcheck", "exec")
    assert "/readyz" in check[2]


def test_systemd_accepts_the_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DEPLOY / "recur.service").read_text(encoding="utf-8")
    command = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)[0].split()
    assert command[1] == "serve"
    assert_understood(command, tmp_path, monkeypatch)
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    # the program itself is not installed on the machine of the tests
    unit = tmp_path / "recur.service"
    unit.write_text(text.replace(command[0], sys.executable), encoding="utf-8")
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, "")
