"""Engine: runs an equation over a batch of sequences on one of three backends (native, stock, eager)."""

from __future__ import annotations

from recur.engine.backend_interface import BackendReport, Call, Result
from recur.engine.dispatch import BACKENDS, choose, prepare, run
from recur.engine.noise import Noise, recurrent_states
from recur.engine.packing import Packing

BackendReport = BackendReport

__all__ = [
    "BACKENDS",
    "BackendReport",
    "Call",
    "Noise",
    "Packing",
    "Result",
    "choose",
    "prepare",
    "recurrent_states",
    "run",
]  # fmt: skip
