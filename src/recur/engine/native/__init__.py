"""The native backend: plans compiled to C++, run through the core's C functions."""

from __future__ import annotations

from recur.engine.native.backend import run, unsupported, why_not
from recur.engine.native.operator import recurrence  # registered, so that an exported program can be loaded

__all__ = ["recurrence", "run", "unsupported", "why_not"]
