"""A hash of rows spread over a part, by which a run that is resumed notices other data."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from recur.data.examples.examples import Example
from recur.data.examples.split import value_hash
from recur.data.readers.media import codec_of

SAMPLE_ROWS = 1000


def sample_hash(examples: Sequence[Example]) -> str:
    """Return a hash of about a thousand rows of a part, and of the size of their file, where there is one.

    Of files that are values, such as pictures, the names count: a folder may move.
    """
    digest = hashlib.sha256()
    path = getattr(getattr(examples, "table", None), "path", None)
    if path is not None:
        digest.update(str(path.stat().st_size).encode())
    step = max(1, len(examples) // SAMPLE_ROWS)
    for index in range(0, len(examples), step):
        example = examples[index]
        digest.update(repr((_portable(example.input), _portable(example.target))).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _portable(value: Any) -> Any:
    """Return a value; of files their names, and of arrays their hashes."""
    if isinstance(value, list):
        return [_portable(each) for each in value]
    if isinstance(value, (str, Path)) and codec_of(value) is not None:
        return Path(value).name
    return value_hash(value) if isinstance(value, np.ndarray) else value
