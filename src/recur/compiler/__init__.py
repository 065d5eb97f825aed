"""From the graph of a time step to a program: gradient, plan, stages, C++ text. Nothing here needs torch."""

from __future__ import annotations
