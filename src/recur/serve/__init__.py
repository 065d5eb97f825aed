"""Trained networks over HTTP: answers, streamed texts, and sessions that keep the state."""

from __future__ import annotations

from recur.serve.app import create_app
from recur.serve.hosts import Hosts
from recur.serve.limits import Limits

__all__ = ["Hosts", "Limits", "create_app"]
