"""The README and the guides are one course: every command and block of Python is executed, in order, in one folder.

A block marked ``toml NAME``, ``text NAME`` or ``python NAME`` is first written to that file; a Python file that the
page runs itself (``$ python NAME``) runs in a process of its own, in which recur cannot be imported. The lines below a
command, and the block ``text`` below a block of Python, are compared with what is printed, as on a terminal of 80
columns: `tests.docs.printed` has the rules. What a lesson is there to show is asserted in `tests.docs.outcomes`.
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
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from examples import files

from recur.demos.last_word import NETWORKS, QUESTIONS, report
from tests.cli.running import run_as_typed
from tests.docs.outcomes import OUTCOMES
from tests.docs.pages import PAGES, ROOT, Typed, blocks, typed
from tests.docs.printed import difference

# what a page may ask to be typed besides recur; these build or fetch, and are checked where they can be
OUTSIDE = ("git clone", "cd ", "make ", "pip install", "source ", ". .venv")
# two minutes or more each; tests/demos runs them shortened
LONG = ("make demo", "recur demo")
LONGEST = 120  # seconds of a process
ALONE = "import runpy, sys; sys.modules['recur'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"


def test_the_course_runs_in_one_folder_and_prints_what_the_pages_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    missing, drifted = dict(OUTCOMES), []
    for page in PAGES:
        for one, said in _executed(page, tmp_path):
            where = f"{page.name}:{one.line}"
            for key in [key for key in missing if key[0] == page.stem and re.search(key[1], one.text)]:
                check = missing.pop(key)
                assert check(said), f"{where}: {one.text}\n{said}"
            compared = one.shown.strip() and not one.text.startswith(LONG)
            wrong = difference(one.shown, said, one.text) if compared else None
            if wrong:
                drifted.append(f"{where}: {one.text.strip()}\n{wrong}\nit prints:\n{said}")
    assert not missing, f"no page has {list(missing)}"
    assert not drifted, "\n".join(drifted)


def _executed(page: Path, folder: Path) -> Iterator[tuple[Typed, str]]:
    """Do what a page says; yield what is typed and what that prints."""
    scope: dict[str, object] = {"__name__": "page"}
    servers: list[Server] = []
    for block in blocks(page):
        if block.file:
            (folder / block.file).write_text(block.text, encoding="utf-8")
    apart = {one.text.split()[1] for one in typed(page) if one.text.startswith("python ")}
    try:
        for one in typed(page):
            if one.block.language == "console":
                yield one, _execute(one.text, f"{page.name}:{one.line}", servers)
            elif one.block.file not in apart:
                yield one, _in_this_process(one, folder / (one.block.file or f"{page.stem}-{one.line}.py"), scope)
        for server in servers:
            assert server.stop() == 0, f"{page.name}: the server did not stop with exit code 0"
    finally:
        for server in servers:
            server.process.kill()


def _in_this_process(block: Typed, source: Path, scope: dict[str, object]) -> str:
    """Execute a block of Python; return what it prints."""
    source.write_text(block.text, encoding="utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block.text, str(source), "exec"), scope)
    return printed.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_page_shows_something_to_type(page: Path) -> None:
    assert list(typed(page))


def test_the_course_has_every_guide() -> None:
    assert set(PAGES) == {ROOT / "README.md", *(ROOT / "docs" / "guides").glob("*.md")}


def test_no_two_pages_write_the_same_run_or_file() -> None:
    owners: dict[str, set[str]] = {}
    for page in PAGES:
        words = [word for one in typed(page) for word in re.findall(r"--(?:out|onnx|python|c) (\S+)", one.text)]
        for name in [*words, *(block.file for block in blocks(page) if block.file)]:
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
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (as long as the process)
        typed = [sys.executable, "-m", "recur", *words, "--port", port]
        self.process = subprocess.Popen(typed, stderr=self._said)
        for _ in range(1200):
            try:
                urllib.request.urlopen(f"http://{self.address}/health", timeout=60).read()
                return
            except OSError:  # not there yet, or busy
                assert self.process.poll() is None, self.said()
                time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def said(self) -> str:
        """What it printed so far, as if on its usual port."""
        self._said.seek(0)
        return self._said.read().replace(self.address, "127.0.0.1:8000")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)
        self._said.close()
        return self.process.returncode


def _execute(command: str, where: str, servers: list[Server]) -> str:
    """Execute a command; return what it prints."""
    if command.startswith(OUTSIDE):
        if command.startswith("make "):
            subprocess.run(["make", "--dry-run", *shlex.split(command)[1:]], cwd=ROOT, check=True, capture_output=True)
        return ""
    if command.startswith("recur serve"):
        servers.append(Server(shlex.split(command)[1:]))
        return servers[-1].said()
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
    if words[0] == "torchrun":
        return _printed([sys.executable, "-m", "torch.distributed.run", *words[1:]], where, merged=True)
    if "--processes" in words:
        return _printed([sys.executable, "-m", *words], where, merged=True)
    assert words[0] == "recur", f"{where}: no way known to execute {command}"
    if command.startswith(LONG) and "--list" not in words:
        return ""
    outcome = run_as_typed(*words[1:], stdin=stdin)
    assert outcome.code == 0, f"{where}: {command}\n{outcome.out}"
    return outcome.out


def _printed(words: list[str], where: str, *, merged: bool = False) -> str:
    """Run a process; return what it prints; ``merged`` with its messages."""
    stdout, stderr = subprocess.PIPE, subprocess.STDOUT if merged else subprocess.PIPE
    done = subprocess.run(words, stdout=stdout, stderr=stderr, timeout=LONGEST, text=True, encoding="utf-8")
    assert done.returncode == 0, f"{where}: {' '.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_every_language_of_a_block_is_known() -> None:
    known = {"", "console", "python", "toml", "text", "csv", "diff", "c"}
    assert not {(page.name, block.language) for page in PAGES for block in blocks(page) if block.language not in known}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_everything_that_a_page_prints_is_below_what_prints_it(page: Path) -> None:
    compared = {one.shown for one in typed(page)}
    apart = [block for block in blocks(page) if block.language == "text" and not block.file]
    assert not [f"{page.name}:{block.line}" for block in apart if block.text not in compared]


def test_every_command_of_the_readme_shows_what_it_prints() -> None:
    silent = ("git clone", "source ")
    found = [one for one in typed(PAGES[0]) if one.block.language == "console" and not one.text.startswith(silent)]
    assert not [one.text for one in found if not one.shown.strip()]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_rows_that_a_page_shows_are_in_the_files_of_the_course(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = [line for block in blocks(page) if block.language == "csv" for line in block.text.splitlines()]
    if not shown:
        return
    monkeypatch.chdir(tmp_path)
    files.main()
    every = {line for file in tmp_path.iterdir() if file.is_file() for line in file.read_text("utf-8").splitlines()}
    assert set(shown) <= every


@pytest.mark.parametrize("page", [*PAGES, ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"], ids=lambda p: p.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_demonstration_of_the_readme_is_laid_out_as_it_is_printed() -> None:
    [shown] = [one.shown for one in typed(PAGES[0]) if one.text == "make demo"]
    rows = re.findall(r"^ +(\d+ words|same sentence) +([\d.]+) % .* ([\d.]+) % ", shown, re.MULTILINE)
    near, *far = [(name.split()[0], [float(share) / 100 for share in shares]) for name, *shares in rows]
    answer = r"^(.+) \( \)\n    Elman network +(.+)\n    LSTM +(.+)$"
    said = {
        prompt: [[(word, float(share) / 100) for word, share in re.findall(r"(\w+) ([\d.]+) %", one)] for one in both]
        for prompt, *both in re.findall(answer, shown, re.MULTILINE)
    }
    networks = {
        name: {
            "run": f"runs/demo-last-word/{name}",
            "near": near[1][place],
            "by_distance": {distance: shares[place] for distance, shares in far},
            "answers": {prompt: said[prompt][place] if prompt in said else [] for prompt in QUESTIONS},
        }
        for place, name in enumerate(NETWORKS)
    }
    lines = report({"networks": networks, "report": "runs/demo-last-word/report.html"}, 80)
    assert difference(shown, "\n".join(lines)) is None


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_file_that_a_page_shows_as_a_diff_is_the_file_of_today(page: Path) -> None:
    for block in blocks(page):
        if block.language != "diff":
            continue
        [name] = re.findall(r"^\+\+\+ b/(\S+)$", block.text, re.MULTILINE)
        text = (ROOT / name).read_text(encoding="utf-8")
        added = "".join(f"{line[1:]}\n" for line in block.text.splitlines() if re.match(r"\+(?!\+\+ )", line))
        if "new file mode" in block.text:
            assert added == text, f"{page.name} shows another {name}"
        else:
            assert all(line in text.splitlines() for line in added.splitlines()), f"{page.name} shows another {name}"
