"""Inputs typed on a command line: how their text becomes a value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recur.errors import DataError

if TYPE_CHECKING:
    from recur.codecs import Codec
    from recur.model import Model


def input_reader(codec: Codec | None) -> Callable[[str], Any]:
    """Return what makes an input of a text: numbers are those of one row, or the steps of one series."""
    return codec.from_text if codec is not None else lambda text: text


def trained_on(model: Model, run: Path) -> Any:
    """Return the hold-out file of a run, or its training file, pattern or address.

    Raises
    ------
    DataError
        When it was trained on rows from Python.
    """
    source = model.config.data.dev or model.config.data.source
    if source is None:
        raise DataError(f"{run} was trained on rows from Python, which the run does not keep", "give a file as --data")
    return source
