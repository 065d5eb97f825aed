"""A trained network as a file that other programs run: ONNX, with the recurrence as ONNX's own nodes."""

from __future__ import annotations

from recur.export.layer import export_layer
from recur.export.model import Exported, export_model

__all__ = ["Exported", "export_layer", "export_model"]
