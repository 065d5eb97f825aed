"""What only a process of its own can show: exit codes, pipes, interruptions, the traceback on demand."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import subprocess
import sys

import pytest

from recur.cli.app import describe, main
from recur.cli.resume import resume_command
from recur.errors import RunError
from recur.training import Interrupted
from tests.cli.running import PLAIN, matches, run, run_apart

COMMAND = [sys.executable, "-m", "recur"]


def test_a_process_returns_the_exit_code_and_the_same_words() -> None:
    apart, here = run_apart("trian"), run("trian")
    assert (apart.code, apart.out, apart.err) == (here.code, here.out, here.err)


def test_a_reader_that_goes_away_is_no_error() -> None:
    process = subprocess.Popen(
        [*COMMAND, "cells"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **PLAIN}
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 128 + signal.SIGPIPE
    assert said == b""


def test_a_fault_of_ours_is_one_paragraph_and_the_way_to_the_traceback() -> None:
    message, hint, expected = describe(ZeroDivisionError("division by zero"))
    assert not expected
    assert message == "ZeroDivisionError: division by zero (a bug in recur, not in your command)"
    assert hint is not None
    assert "RECUR_DEBUG=1" in hint


def test_the_traceback_is_shown_on_demand() -> None:
    outcome = run_apart("train", "missing.csv", RECUR_DEBUG="1")
    assert outcome.code == 1
    assert "Traceback" in outcome.err


def test_a_mistake_shows_message_and_hint() -> None:
    assert describe(RunError("x is not a run", "give another")) == ("x is not a run", "give another", True)
    assert describe(PermissionError(13, "Permission denied", "runs/x")) == ("runs/x: permission denied", None, True)


def test_the_command_that_resumes_does_not_start_over() -> None:
    assert resume_command(["train", "a b.csv", "--fresh"]) == "recur train 'a b.csv'"
    assert resume_command(["cells"]) is None


@pytest.mark.parametrize("words", [["--help"], ["cells", "gru"]])
def test_colour_is_never_written_where_nobody_sees_it(words: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
    said = subprocess.run([*COMMAND, *words], capture_output=True, env=environment, check=True).stdout
    assert b"\x1b[" not in said


def test_narrow_terminals_are_respected() -> None:
    outcome = run_apart("cells", "lstm", COLUMNS="40")
    assert outcome.code == 0
    matches(run_apart("--help", COLUMNS="60"), "help_narrow")


def test_only_the_command_line_of_a_process_changes_its_garbage_collector(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed: list[object] = []
    monkeypatch.setattr(gc, "set_threshold", lambda *numbers: changed.append(numbers))
    monkeypatch.setattr(atexit, "register", changed.append)
    assert main(["--version"]) == 0
    assert changed == []
    monkeypatch.setattr(sys, "argv", ["recur", "--version"])
    assert main() == 0
    assert gc.freeze in changed
    assert len(changed) == 2
    assert capsys.readouterr().out


@pytest.mark.parametrize(
    ("interruption", "err"),
    [
        (
            KeyboardInterrupt(),
            "stopped: interrupted\nhint: start again with: recur train table.csv --mode many-to-one --fresh\n",
        ),
        (
            Interrupted(),
            "stopped: interrupted in the middle of an update\n"
            "hint: resume from the last checkpoint with: recur train table.csv --mode many-to-one\n",
        ),
    ],
)
def test_a_training_interrupted_before_and_after_its_start_says_what_to_type(
    monkeypatch: pytest.MonkeyPatch, interruption: BaseException, err: str
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise interruption

    monkeypatch.setattr("recur.training.learn", interrupted)
    outcome = run("train", "table.csv", "--mode", "many-to-one", "--fresh")
    assert (outcome.code, outcome.err) == (130, err)
