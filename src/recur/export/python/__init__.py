"""A trained network as one Python file that needs NumPy alone, and the same network compiled beside it."""

from __future__ import annotations

from recur.export.python.exported import ExportedPython, export_python

__all__ = ["ExportedPython", "export_python"]
