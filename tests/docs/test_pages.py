"""The README and the guides are one course: every command and block of Python is executed, in order, in one folder.

A block marked ``toml NAME``, ``text NAME`` or ``python NAME`` is first written to that file; a Python file that the
page runs itself (``$ python NAME``) runs in a process of its own, in which recur cannot be imported. The lines below a
command are what it printed once; figures differ between machines, so they are not compared. What a lesson is there to
show is asserted in `tests.docs.outcomes`, with room for other processors and seeds.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.running import run
from tests.docs.outcomes import OUTCOMES

ROOT = Path(__file__).parent.parent.parent
# in the order in which they are read
GUIDES = (
    "use-your-sequences", "train-on-your-own-file", "learn-and-teach", "bptt", "your-own-cell", "your-own-codec",
    "from-torch-nn", "run-folder-and-resume", "deploy-small-models",
)  # fmt: skip
PAGES = [ROOT / "README.md", *(ROOT / "docs" / "guides" / f"{name}.md" for name in GUIDES)]
# what a page may ask to be typed besides recur; these build or fetch, and are checked where they can be
OUTSIDE = ("git clone", "cd ", "make ", "pip install", "source ", ". .venv")
LONGEST = 120  # seconds of a process
ALONE = "import runpy, sys; sys.modules['recur'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"


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


def test_the_course_runs_in_one_folder_and_every_lesson_shows_its_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    missing = dict(OUTCOMES)
    for page in PAGES:
        for (name, where, typed), said in _typed(page, tmp_path):
            for key in [key for key in missing if key[0] == name and re.search(key[1], typed)]:
                check = missing.pop(key)
                assert check(said), f"{where}: {typed}\n{said}"
    assert not missing, f"no page has {list(missing)}"


def _typed(page: Path, folder: Path) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Do what a page says; yield (page, place, what is typed) and what that prints."""
    scope: dict[str, object] = {"__name__": "page"}
    servers: list[Server] = []
    apart = {
        command.split()[1] for block in blocks(page) for command in commands(block) if command.startswith("python")
    }
    try:
        for block in blocks(page):
            where = f"{page.name}:{block.line}"
            if block.file:
                (folder / block.file).write_text(block.text, encoding="utf-8")
            if block.language == "python" and block.file not in apart:
                source = folder / (block.file or f"{page.stem}-{block.line}.py")
                source.write_text(block.text, encoding="utf-8")
                printed = io.StringIO()
                with contextlib.redirect_stdout(printed):
                    exec(compile(block.text, str(source), "exec"), scope)
                yield (page.stem, where, block.text), printed.getvalue()
            for command in commands(block) if block.language == "console" else []:
                yield (page.stem, where, command), _execute(command, where, servers)
        for server in servers:
            assert server.stop() == 0, f"{page.name}: the server did not stop with exit code 0"
    finally:
        for server in servers:
            server.process.kill()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_page_shows_something_to_type(page: Path) -> None:
    assert any(block.language == "python" or commands(block) for block in blocks(page))


def test_the_course_has_every_guide() -> None:
    assert set(PAGES) == {ROOT / "README.md", *(ROOT / "docs" / "guides").glob("*.md")}


def test_no_two_pages_write_the_same_run_or_file() -> None:
    owners: dict[str, set[str]] = {}
    for page in PAGES:
        for block in blocks(page):
            words = [word for command in commands(block) for word in re.findall(r"--(?:out|onnx) (\S+)", command)]
            for name in [*words, *([block.file] if block.file else [])]:
                owners.setdefault(name, set()).add(page.name)
    assert {name: pages for name, pages in owners.items() if len(pages) > 1} == {}


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
            except OSError:  # not there yet, or busy
                assert self.process.poll() is None, self.process.stderr and self.process.stderr.read()
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)
        return self.process.returncode


def _execute(command: str, where: str, servers: list[Server]) -> str:
    """Execute a command; return what it prints."""
    if command.startswith(OUTSIDE):
        if command.startswith("make "):
            subprocess.run(["make", "--dry-run", *shlex.split(command)[1:]], cwd=ROOT, check=True, capture_output=True)
        return ""
    if command.startswith("recur serve"):
        servers.append(Server(shlex.split(command)[1:]))
        return ""
    if command.startswith("curl "):
        if shutil.which("curl") is None:
            return ""
        words = shlex.split(command.replace("localhost:8000", servers[-1].address))
        return _printed([*words, "--fail"], where)
    stdin = ""
    if command.startswith("echo ") and "|" in command:
        said, command = (part.strip() for part in command.split("|", 1))
        stdin = " ".join(shlex.split(said)[1:]) + "\n"
    words = shlex.split(command, comments=True)
    if words[0] == "python":
        of_ours = ROOT / words[1]
        if of_ours.exists():
            return _printed([sys.executable, str(of_ours)], where)
        return _printed([sys.executable, "-c", ALONE, words[1]], where)
    assert words[0] == "recur", f"{where}: no way known to execute {command}"
    if words[1] == "demo" and "--list" not in words:
        return ""  # two minutes; tests/demos runs it shortened
    outcome = run(*words[1:], stdin=stdin)
    assert outcome.code == 0, f"{where}: {command}\n{outcome.err}"
    return outcome.out + outcome.err


def _printed(words: list[str], where: str) -> str:
    """Run a process; return what it prints."""
    done = subprocess.run(words, capture_output=True, timeout=LONGEST, text=True, encoding="utf-8")
    assert done.returncode == 0, f"{where}: {' '.join(words)}\n{done.stderr}"
    return done.stdout


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
