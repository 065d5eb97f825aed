"""Changed run folders, in a process of their own: an answer of finite numbers or `RecurError`, within bounds.

``RECUR_FUZZ`` is the number of cases; some by default. A case that fails is run again by
``python -m tests.fuzz.runs NUMBER 1``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CASES = int(os.environ.get("RECUR_FUZZ", "120"))
ROOT = Path(__file__).parents[2]


def test_a_changed_run_folder_answers_or_is_refused_with_a_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.runs", "0", str(CASES)],
        cwd=ROOT, capture_output=True, text=True, errors="replace", timeout=300 + 2 * CASES, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    lines = done.stdout.splitlines()
    failed = [line for line in lines if line.startswith("FAILED")]
    assert not failed, "\n".join(lines[-60:])
    assert done.returncode == 0, f"{lines[-1:]} ended with {done.returncode}: {done.stderr[-2000:]}"
    assert lines[-1] == f"case {CASES - 1}"
