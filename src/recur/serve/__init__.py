"""Trained networks over HTTP: answers, streamed texts, and sessions that keep the state."""

from __future__ import annotations

from recur.serve.app import create_app
from recur.serve.hosts import Hosts
from recur.serve.limits import Limits
from recur.serve.tokens import Tokens

__all__ = ["Hosts", "Limits", "Tokens", "create_app"]
