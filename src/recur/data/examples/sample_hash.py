"""A hash of rows spread over a part, by which a run that is resumed notices other data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from recur.codecs.reading import reading
from recur.data.examples.examples import Example
from recur.data.examples.split import value_hash
from recur.data.readers.media import codec_of
from recur.errors import DataError

SAMPLE_ROWS = 1000


def sample_hash(examples: Sequence[Example], *, whole: bool = False) -> str:
    """Return a hash of about a thousand rows of a part, and of the size of their file, where there is one.

    Of files that are values, such as pictures, the names count: a folder may move.

    Parameters
    ----------
    examples : sequence of Example
    whole : bool
        Whether every byte of the file counts; those of shards, Parquet and Arrow files always do.
    """
    digest = hashlib.sha256()
    table = getattr(examples, "table", None)
    path = getattr(table, "path", None)
    if path is not None:
        digest.update(str(path.stat().st_size).encode())
    for file in _files(table, whole):
        digest.update(file.encode())
    step = max(1, len(examples) // SAMPLE_ROWS)
    for index in range(0, len(examples), step):
        example = examples[index]
        digest.update(repr((_portable(example.input), _portable(example.target))).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _files(table: Any, whole: bool) -> Iterator[str]:
    """Yield the hash of every file of a table whose content counts."""
    paths: list[Path] = list(getattr(table, "files", ()))
    if whole and not paths and getattr(table, "path", None) is not None:
        paths = [table.path]
    for path in paths:
        status = path.stat()
        yield _content(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _content(path: Path, size: int, changed: int) -> str:
    """Return the hash of a file; one that has changed since is another."""
    del size, changed
    with reading(path, "table", error=DataError, hint=None), path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def _portable(value: Any) -> Any:
    """Return a value; of files their names, and of arrays their hashes."""
    if isinstance(value, list):
        return [_portable(each) for each in value]
    if isinstance(value, (str, Path)) and codec_of(value) is not None:
        return Path(value).name
    return value_hash(value) if isinstance(value, np.ndarray) else value
