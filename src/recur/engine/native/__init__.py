"""Native backend: equations compiled to C++, run through the C functions of the core."""

from __future__ import annotations

from recur.engine.native.backend import instructions, run, scanned, unsupported, why_not
from recur.engine.native.torch_operators import recurrence  # registered, so that an exported program can be loaded

__all__ = ["instructions", "recurrence", "run", "scanned", "unsupported", "why_not"]
