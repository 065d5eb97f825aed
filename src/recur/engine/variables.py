"""Environment variables that are read in every call."""

from __future__ import annotations

import os

# os.environ encodes the name and raises KeyError internally for a missing one: a microsecond per call
_VALUES = getattr(os.environ, "_data", None)
_ENCODE = getattr(os.environ, "encodekey", None)
_DIRECT = isinstance(_VALUES, dict) and _ENCODE is not None


class Variable:
    """One variable, whose value may change at any time."""

    __slots__ = ("_key", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._key = _ENCODE(name) if _DIRECT and _ENCODE is not None else name

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._key in _VALUES if _DIRECT and _VALUES is not None else self.name in os.environ

    def get(self) -> str:
        """Its value, empty where it is not set."""
        return os.environ.get(self.name, "") if self.is_set() else ""


BACKEND = Variable("RECUR_BACKEND")
FILL_NAN = Variable("RECUR_FILL_NAN")
