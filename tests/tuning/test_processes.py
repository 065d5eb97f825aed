"""Several processes on one study, and processes that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recur.tuning.plan import read_plan
from recur.tuning.storage import JOURNAL, Storage, open_storage
from tests.tuning.studies import written

WORDS = [
    "--hidden-size",
    "4",
    "--batch-size",
    "8",
    "--device",
    "cpu",
    "--threads",
    "1",
    "--search",
    "lr",
    "--repeats",
    "0",
]
LONG = 240  # seconds until a wait fails


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "recur", "tune", folder / "films.csv", "--out", folder / "study", *WORDS, *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def trials(folder: Path) -> list[tuple[int, str, int]]:
    plan = read_plan(folder / "study")
    if plan is None:
        return []
    storage = Storage(open_storage(str(folder / "study" / JOURNAL)), plan)
    return [(one.number, one.state.name, len(one.intermediate_values)) for one in storage.trials()]


def until_evaluated(folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a trial is running that has reported an evaluation."""
    end = time.monotonic() + LONG
    while not any(state == "RUNNING" and evaluated for _, state, evaluated in trials(folder)):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_killed_search_continues_its_trial_from_the_checkpoint(tmp_path: Path) -> None:
    written(tmp_path)
    long = ("--trials", "1", "--epochs", "400")
    killed = start(tmp_path, *long)
    until_evaluated(tmp_path, killed)
    killed.kill()
    killed.communicate()
    (before,) = trials(tmp_path)
    paused = start(tmp_path, *long)
    end = time.monotonic() + LONG
    while trials(tmp_path)[0][2] <= before[2]:
        assert time.monotonic() < end
        time.sleep(0.1)
    paused.send_signal(signal.SIGINT)
    out, err = paused.communicate(timeout=LONG)
    assert "trial 0 was interrupted: it continues from its checkpoint" in err
    assert paused.returncode == 130, out + err
    assert "continue with: recur tune" in err
    assert [state for _, state, _ in trials(tmp_path)] == ["RUNNING"]


@pytest.mark.skipif(not hasattr(os, "getpgid"), reason="needs the processes of a Unix system")
def test_two_processes_share_the_trials_of_one_journal(tmp_path: Path) -> None:
    written(tmp_path)
    done = start(tmp_path, "--trials", "4", "--processes", "2", "--epochs", "1", "--json")
    out, err = done.communicate(timeout=LONG)
    assert done.returncode == 0, err
    assert [(number, state) for number, state, _ in trials(tmp_path)] == [(n, "COMPLETE") for n in range(4)]
    for number in range(4):
        assert err.count(f"trial {number}: accuracy") == 1
    assert '"complete": 4' in out


def test_processes_pause_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    written(tmp_path)
    killed = start(tmp_path, "--trials", "2", "--processes", "2", "--epochs", "4000")
    until_evaluated(tmp_path, killed)
    killed.kill()
    # its stderr closes when the last process that holds it has ended
    killed.communicate(timeout=LONG)
    assert {state for _, state, _ in trials(tmp_path)} == {"RUNNING"}
