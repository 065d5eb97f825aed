"""Which sources are too large for memory: their encoded rows stay on the disk, and what of them is in memory anyway."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recur.config import DataConfig
from recur.data.examples.examples import GroupExamples
from recur.data.examples.forecasts import ForecastExamples
from recur.figures import size

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


def held(parts: Iterable[Any]) -> str:
    """Return in words what of parts of a table is in memory although their rows stay on the disk, or nothing.

    Parameters
    ----------
    parts : iterable of sequence of Example
    """
    # of parts of one table the numbers are the same arrays
    numbers: dict[int, int] = {}
    order = 0
    for part in parts:
        if isinstance(part, GroupExamples):
            order += sum(rows.nbytes for rows in part.sequences)
        elif isinstance(part, ForecastExamples):
            order += sum(rows.nbytes for rows, _ in part.pieces)
            arrays = (part.series.inputs, part.series.targets)
            numbers |= {id(array): array.nbytes for array in arrays if array is not None}
    if not order:
        return ""
    what = "their numbers and their order are" if numbers else "their order is"
    return (
        f"memory: rows are steps of series: {what} in memory, {size(order + sum(numbers.values()))}; "
        "encoded sequences stay on the disk. Where that is too much, divide the file by series"
    )
