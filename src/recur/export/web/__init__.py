"""A trained network as one offline page in which it runs, proved by running its script."""

from __future__ import annotations

from recur.export.web.exported import ExportedPage, export_web

__all__ = ["ExportedPage", "export_web"]
