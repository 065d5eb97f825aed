"""Whose a file is: an export replaces what an export has written, and nothing else."""

from __future__ import annotations

from pathlib import Path

from recur import atomic
from recur.errors import WriteError


def refuse_foreign(path: Path, *marks: bytes, within: int = 400) -> None:
    """Refuse a file that exists, has bytes, and none of the marks of an export within its first bytes.

    Raises
    ------
    WriteError
    """
    with atomic.explained(path):
        atomic.refuse_irregular(path)
        if not path.is_file():
            return
        with path.open("rb") as file:
            begins = file.read(within)
    if begins and not any(mark in begins for mark in marks):
        raise WriteError(f"{path} is not written to: it was not written by an export", hint="name another file")
