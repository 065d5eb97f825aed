"""A trained network as C99: one header and one file without dependencies, proved by running it."""

from __future__ import annotations

from recur.export.c.exported import ExportedC, export_c

__all__ = ["ExportedC", "export_c"]
