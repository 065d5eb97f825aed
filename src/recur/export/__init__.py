"""A trained network as files that other programs run: ONNX with its own nodes, plain C99, Python with NumPy."""

from __future__ import annotations

from recur.export.c import ExportedC, export_c
from recur.export.layer import export_layer
from recur.export.model import Exported, export_model
from recur.export.plugins import export_nam, export_rtneural
from recur.export.python import ExportedPython, export_python

__all__ = [
    "Exported", "ExportedC", "ExportedPython", "export_c", "export_layer", "export_model", "export_nam",
    "export_python", "export_rtneural",
]  # fmt: skip
