"""Two trainings never share a folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recur.errors import RunError
from recur.training.lock import folder_lock


def test_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with folder_lock(tmp_path / "run"):  # noqa: SIM117  # the lock is taken before the refusal is expected
        with pytest.raises(RunError, match=f"process {os.getpid()} on .* trains there"), folder_lock(tmp_path / "run"):
            pass
    with folder_lock(tmp_path / "run"):
        pass


def test_lock_of_a_killed_process_is_taken_over(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, signal, sys\n"
        "from recur.training.lock import folder_lock\n"
        "with folder_lock(pathlib.Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    assert done.returncode == -9
    assert "process" in (tmp_path / ".lock").read_text()
    with folder_lock(tmp_path):
        pass
