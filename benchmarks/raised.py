"""The same rows in a process whose allocator keeps large blocks, and does not return them after every pass.

With the thresholds that glibc begins with, a buffer of some hundred KiB is mapped again each time and its pages are
zeroed by the system. That is a cost of torch.nn as it comes, so the main table has it; a user who sets two variables is
rid of it, so we have to win there too. Both variables are read when a process starts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import ROOT

VARIABLES = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "2147483648"}
TITLE = "torch with raised malloc thresholds"


def again(words: Sequence[str]) -> tuple[int, dict[str, Any]]:
    """Run ``python -m benchmarks.layers`` with these words in a child process with raised thresholds.

    Returns
    -------
    tuple of int and dict
        Its exit code, and what it wrote as JSON ({} if it wrote nothing).
    """
    print(f"\n{TITLE} ({' '.join(f'{name}={value}' for name, value in VARIABLES.items())})\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "benchmarks.layers", *words, "--json", str(written)]
        code = subprocess.run(command, env={**os.environ, **VARIABLES}, cwd=ROOT).returncode
        return code, json.loads(written.read_text(encoding="utf-8")) if written.is_file() else {}
