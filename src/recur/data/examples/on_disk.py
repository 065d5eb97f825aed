"""Which sources are too large for memory: their encoded rows stay on the disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from recur.config import DataConfig

LARGE = 2**30
"""Bytes of files from which encoded rows are kept on the disk by default."""


def stays_on_disk(config: DataConfig, table: Any) -> bool:
    """Return whether the encoded rows of a table are kept on the disk and shuffled by block.

    Parameters
    ----------
    config : DataConfig
        ``storage`` decides; by default files of a gibibyte or more stay on the disk.
    table : Table
    """
    if config.storage is not None:
        return config.storage == "disk"
    return source_bytes(table) >= LARGE


def source_bytes(table: Any) -> int:
    """Return the size of the files that a table is read from; 0 for rows from Python."""
    paths: list[Path] = list(getattr(table, "files", ()))
    own = getattr(table, "path", None)
    if not paths and own is not None:
        paths = [own]
    return sum(os.stat(path).st_size for path in paths if os.path.isfile(path))
