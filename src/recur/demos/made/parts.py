"""The part of an item, train, dev or test, by a hash of its name."""

from __future__ import annotations

import hashlib

DEV, TEST = 0.10, 0.25


def part_of(name: str) -> str:
    """Return ``train`` (65 %), ``dev`` (10 %) or ``test`` (25 %), the same for the same name on every machine.

    >>> part_of("seven") == part_of("seven")
    True
    """
    share = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) / 2**32
    return "dev" if share < DEV else "test" if share < DEV + TEST else "train"
