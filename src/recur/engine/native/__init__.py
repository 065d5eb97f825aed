"""The native backend: plans compiled to C++, run through the core's C functions."""

from __future__ import annotations

from recur.engine.native.backend import run, why_not

__all__ = ["run", "why_not"]
