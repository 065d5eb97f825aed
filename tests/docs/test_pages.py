"""Every command and every block of Python in the README and the guides is executed, in order, as it stands there.

A block marked ``toml NAME`` or ``text NAME`` is first written to that file. The lines below a command are what it
printed once; figures differ between machines, so they are not compared.
"""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from examples.files import MAKERS

from tests.cli.running import run

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guides").glob("*.md"))]
# what a page may ask to be typed besides recur; these build or fetch, and are checked where they can be
OUTSIDE = ("git clone", "cd ", "make ", "pip install", "source ", ". .venv")


class Block(NamedTuple):
    """A fenced block: its language, the file it is written to, its text and its line."""

    language: str
    file: str
    text: str
    line: int


def blocks(page: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r"^```(\w*) ?(\S*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Block(found[1], found[2], found[3], text[: found.start()].count("\n") + 1)


def commands(block: Block) -> list[str]:
    """Return the lines of a console block that are typed."""
    return [line[2:].strip() for line in block.text.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_everything_on_the_page_works(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    if "$ python examples/files.py" not in page.read_text(encoding="utf-8"):
        for name, make in MAKERS.items():
            make(tmp_path / name)
    scope: dict[str, object] = {"__name__": "page"}
    servers: list[Server] = []
    ran = 0
    for block in blocks(page):
        where = f"{page.name}:{block.line}"
        if block.file:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        if block.language == "python":
            source = tmp_path / (block.file or f"line{block.line}.py")
            source.write_text(block.text, encoding="utf-8")
            exec(compile(block.text, str(source), "exec"), scope)
            ran += 1
        for command in commands(block) if block.language == "console" else []:
            _execute(command, where, servers)
            ran += 1
    for server in servers:
        assert server.stop() == 0, f"{page.name}: the server did not stop in peace"
    assert ran, f"{page.name} shows nothing to type"


class Server:
    """``recur serve`` as a process of its own, on a free port in place of 8000."""

    def __init__(self, words: list[str]) -> None:
        pytest.importorskip("uvicorn")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        port = self.address.rpartition(":")[2]
        self.process = subprocess.Popen([sys.executable, "-m", "recur", *words, "--port", port], stderr=subprocess.PIPE)
        for _ in range(1200):
            try:
                urllib.request.urlopen(f"http://{self.address}/health", timeout=60).read()
                return
            except urllib.error.URLError:
                assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)
        return self.process.returncode


def _execute(command: str, where: str, servers: list[Server]) -> None:
    if command.startswith(OUTSIDE):
        if command.startswith("make "):
            subprocess.run(["make", "--dry-run", *shlex.split(command)[1:]], cwd=ROOT, check=True, capture_output=True)
        return
    if command.startswith("recur serve"):
        servers.append(Server(shlex.split(command)[1:]))
        return
    if command.startswith("curl "):
        if shutil.which("curl") is not None:
            words = shlex.split(command.replace("localhost:8000", servers[-1].address))
            subprocess.run([*words, "--fail", "--output", "answer"], check=True, capture_output=True, timeout=120)
        return
    stdin = ""
    if command.startswith("echo ") and "|" in command:
        said, command = (part.strip() for part in command.split("|", 1))
        stdin = " ".join(shlex.split(said)[1:]) + "\n"
    words = shlex.split(command, comments=True)
    if words[:2] == ["python", "examples/files.py"]:
        subprocess.run([sys.executable, str(ROOT / words[1])], check=True, capture_output=True, timeout=120)
        return
    assert words[0] == "recur", f"{where}: no way known to execute {command}"
    if words[1] == "demo" and "--list" not in words:
        return  # two minutes; tests/demos runs it shortened
    outcome = run(*words[1:], stdin=stdin)
    assert outcome.code == 0, f"{where}: {command}\n{outcome.err}"


def test_every_language_of_a_block_is_known() -> None:
    known = {"", "console", "python", "toml", "text", "csv"}
    unknown = {(page.name, block.language) for page in PAGES for block in blocks(page)} - {
        (page.name, language) for page in PAGES for language in known
    }
    assert not unknown


@pytest.mark.parametrize("page", [*PAGES, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"], ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
