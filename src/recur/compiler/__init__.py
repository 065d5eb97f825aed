"""Compiler of equations: gradient, plan, schedule, program and C++ of a time step. Nothing here needs torch."""

from __future__ import annotations
