"""Starting processes that train together, as torchrun does, without its second of waiting."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tests.house.tree import ROOT

LONGEST = 900.0  # seconds


def together(size: int, works: Sequence[dict[str, Any]]) -> None:
    """Train networks, one after another, with ``size`` processes; each work has the arguments of `worker.work`."""
    started = [start(rank, size, port, json.dumps(works)) for port in [free_port()] for rank in range(size)]
    try:
        outputs = [process.communicate(timeout=LONGEST) for process in started]
    finally:
        for process in started:
            process.kill()
    codes = [process.returncode for process in started]
    assert codes == [0] * size, "\n".join(errors for _, errors in outputs)


def start(rank: int, size: int, port: int, works: str) -> subprocess.Popen[str]:
    """Start one process."""
    words = [sys.executable, "-m", "tests.processes.worker", works]
    return subprocess.Popen(
        words, cwd=ROOT, env=environment(rank, size, port), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def environment(rank: int, size: int, port: int) -> dict[str, str]:
    """What a launcher sets."""
    names = {"RANK": rank, "WORLD_SIZE": size, "LOCAL_RANK": rank, "LOCAL_WORLD_SIZE": size, "MASTER_PORT": port}
    return {**os.environ, "MASTER_ADDR": "127.0.0.1", **{name: str(value) for name, value in names.items()}}


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
