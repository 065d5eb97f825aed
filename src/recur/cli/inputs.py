"""Inputs typed on a command line: how their text becomes a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recur.codecs import Codec


def input_reader(codec: Codec | None) -> Callable[[str], Any]:
    """Return what makes an input of a text: numbers are those of one row, or the steps of one series."""
    return codec.from_text if codec is not None else lambda text: text
