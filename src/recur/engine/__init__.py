"""From an equation to something that runs: graph, gradient, plan, and the backends that execute a plan."""

from __future__ import annotations

from recur.compiler.variants import recurrent_states
from recur.engine.call import Call, Report, Result
from recur.engine.choose import BACKENDS, choose, prepare, run
from recur.engine.noise import Noise
from recur.engine.packing import Packing

BackendReport = Report

__all__ = [
    "BACKENDS", "BackendReport", "Call", "Noise", "Packing", "Report", "Result", "choose", "prepare",
    "recurrent_states", "run",
]  # fmt: skip
