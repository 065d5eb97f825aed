"""A trained network as files that other programs run: ONNX, with the recurrence as ONNX's own nodes, or plain C99."""

from __future__ import annotations

from recur.export.c import ExportedC, export_c
from recur.export.layer import export_layer
from recur.export.model import Exported, export_model

__all__ = ["Exported", "ExportedC", "export_c", "export_layer", "export_model"]
