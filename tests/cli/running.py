"""Run a command line in this process or in a new one, and compare the whole of what it says with a stored text."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from recur.cli import main

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "RECUR_SNAPSHOTS"
PLAIN = {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb", "PYTHONUTF8": "1"}


@dataclass(frozen=True)
class Outcome:
    """What a command line did: its words, exit code, stdout and stderr."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str


def run(*words: object, stdin: str | bytes = "") -> Outcome:
    """Run ``recur WORDS`` in this process."""
    typed = tuple(str(word) for word in words)
    out, err = _stream(), _stream()
    with _environment(PLAIN), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _stdin(stdin):
        code = main(typed)
    return Outcome(typed, code, _text(out), _text(err))


class _Terminal(io.TextIOWrapper):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def run_as_typed(*words: object, stdin: str | bytes = "") -> Outcome:
    """Run ``recur WORDS`` in this process as on a terminal: stdout is one, and stderr is read between its lines.

    Training writes plain lines, not a live one, since that would be drawn again and again.
    """
    typed = tuple(str(word) for word in words)
    shown = io.BytesIO()
    out = _Terminal(shown, encoding="utf-8", write_through=True)
    err = io.TextIOWrapper(shown, encoding="utf-8", write_through=True)
    with _environment(PLAIN), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), _stdin(stdin):
        code = main(typed)
    return Outcome(typed, code, _text(out), "")


def run_apart(*words: object, stdin: str = "", **environment: str) -> Outcome:
    """Run ``python -m recur WORDS`` as a process of its own."""
    typed = tuple(str(word) for word in words)
    done = subprocess.run(
        [sys.executable, "-m", "recur", *typed],
        input=stdin, capture_output=True, text=True, encoding="utf-8", env={**os.environ, **PLAIN, **environment},
    )  # fmt: skip
    return Outcome(typed, done.returncode, done.stdout, done.stderr)


def matches(outcome: Outcome, name: str, hidden: Mapping[str, str] | None = None) -> None:
    """Assert that an outcome is the stored one; store it instead when ``RECUR_SNAPSHOTS=update``.

    Parameters
    ----------
    outcome : Outcome
    name : str
        File of ``snapshots/``, without the ending.
    hidden : mapping of str to str, optional
        Regular expressions whose matches are written as the given words: folders, figures, times.
    """
    text = (
        f"$ recur {shlex.join(outcome.words)}".rstrip()
        + f"\nexit {outcome.code}\n--- stdout\n{outcome.out}--- stderr\n{outcome.err}"
    )
    for pattern, word in (hidden or {}).items():
        text = re.sub(pattern, word, text)
    file = SNAPSHOTS / f"{name}.txt"
    if os.environ.get(UPDATE) == "update":
        file.write_text(text, encoding="utf-8")
    if not file.exists():
        pytest.fail(f"no snapshot {file.name}; store it with {UPDATE}=update:\n{text}")
    assert text == file.read_text(encoding="utf-8"), f"if this is meant, store it with {UPDATE}=update"


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")


@contextlib.contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _stdin(given: str | bytes) -> Iterator[None]:
    raw = given.encode("utf-8") if isinstance(given, str) else given
    before, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8")
    try:
        yield
    finally:
        sys.stdin = before
