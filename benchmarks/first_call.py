"""Times of a fresh process: imports, and the first calls of a layer. The child process writes one line of JSON.

python -m benchmarks.first_call torch.nn.LSTM
python -m benchmarks.first_call LSTM native              a layer of recur.nn, on a backend
python -m benchmarks.first_call multiplicative_lstm eager    a cell of cells.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import ROOT

T, B, H = 20, 8, 128
RIVAL = "torch.nn.LSTM"


def ask(name: str, engine: str, variables: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Start a fresh process and return its result.

    Parameters
    ----------
    name, engine : str
        The layer and its backend.
    variables : mapping of str to str, optional
        Of its environment, beyond ours.

    Returns
    -------
    dict
        Seconds by name (see ``main``), or why it ``cannot``.
    """
    command = [sys.executable, "-m", "benchmarks.first_call", name, engine]
    process = subprocess.run(command, env={**os.environ, **(variables or {})}, cwd=ROOT, capture_output=True, text=True)
    if process.returncode != 0:
        return {"cannot": (process.stderr.strip().splitlines() or [f"exit code {process.returncode}"])[-1]}
    answer: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return answer


def main(name: str, engine: str = "auto") -> int:
    """Time this process; print the seconds of ``torch``, ``recur``, ``build`` and both passes, first and ``_later``."""
    seconds: dict[str, Any] = {}

    def timed(what: str, call: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        result = call()
        seconds[what] = time.perf_counter() - started
        return result

    def import_recur() -> Any:
        import recur
        import recur.nn

        return recur.nn

    # imported here, because the imports are measured
    torch = timed("torch", lambda: __import__("torch"))
    own = None if name == RIVAL else timed("recur", import_recur)

    def build() -> Any:
        if own is None:
            return torch.nn.LSTM(H, H)
        if hasattr(own, name):
            return getattr(own, name)(H, H, engine=engine)
        from benchmarks import cells

        return own.Recurrent(getattr(cells, name), H, H, engine=engine)

    x = torch.randn(T, B, H)

    def forward() -> Any:
        with torch.no_grad():
            return layer(x)

    def training() -> Any:
        layer(x)[0].sum().backward()

    try:
        layer = timed("build", build)
        for what, call in (("forward", forward), ("training", training)):
            timed(what, call)
            later = []
            for _ in range(5):
                timed("later", call)
                later.append(seconds.pop("later"))
            seconds[f"{what}_later"] = sorted(later)[2]
    except (ValueError, RuntimeError) as error:
        if own is None:
            raise
        seconds = {"cannot": str(error).splitlines()[0]}
    else:
        if own is not None:
            seconds["ran"] = layer.backend_report().ran
    print(json.dumps(seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
