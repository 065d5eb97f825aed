"""The Dockerfile and the systemd unit: what they name is there, and systemd accepts the unit."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "examples" / "deploy"
HELP = (ROOT / "tests" / "cli" / "snapshots" / "help_serve.txt").read_text(encoding="utf-8")


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, with continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2].strip()) for line in lines]


def flags(command: list[str]) -> set[str]:
    return {word for word in command if word.startswith("--")}


def test_the_dockerfile_copies_what_is_there_and_runs_no_root() -> None:
    found = instructions()
    assert found[0] == ("FROM", "python:3.11-slim")
    for name, rest in found:
        if name == "COPY":
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
    assert ("USER", "recur") in found
    assert [name for name, _ in found].index("USER") < [name for name, _ in found].index("ENTRYPOINT")


def test_the_commands_of_the_container_have_options_that_exist() -> None:
    found = dict(instructions())
    entry = json.loads(found["ENTRYPOINT"])
    assert entry[:2] == ["recur", "serve"]
    assert {"--host", "--state"} <= flags(entry)
    assert all(f"{flag} " in HELP for flag in flags(entry))
    check = json.loads(found["HEALTHCHECK"].partition("CMD ")[2])
    compile(check[2], "healthcheck", "exec")
    assert "/readyz" in check[2]


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "recur.service").read_text(encoding="utf-8")
    command = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)[0].split()
    assert command[1] == "serve"
    assert all(f"{flag} " in HELP for flag in flags(command))
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    # the program itself is not installed on the machine of the tests
    unit = tmp_path / "recur.service"
    unit.write_text(text.replace(command[0], sys.executable), encoding="utf-8")
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, "")
