"""NumPy's .npy files: an array of numbers as a table, or one file a row, as a network computed it beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from recur.data.memory import read_memory
from recur.data.table import MemoryTable, Table
from recur.errors import DamagedError, DataError

SUFFIX = ".npy"


def read_npy(path: Path) -> Table:
    """Return the rows of an array: (N,) is a column of numbers, (N, C) are C of them, (N, T, C) is a series a row.

    Raises
    ------
    DataError
        When the file is missing, cut short, or holds Python objects.
    """
    table = read_memory(_loaded(path))
    if isinstance(table, MemoryTable):
        table.name = str(path)
    return table


def is_array(value: Any) -> bool:
    """Return whether a cell names a .npy file."""
    return isinstance(value, (str, Path)) and Path(value).suffix.lower() == SUFFIX


def holds(values: Sequence[Any], folder: Path | None) -> Literal["vector", "series"] | None:
    """Return what the files of a column hold, or None where its cells do not name .npy files that are there."""
    if not values or not all(map(is_array, values)):
        return None
    there = next((path for path in (_place(value, folder) for value in values) if path.is_file()), None)
    return None if there is None else "vector" if read_array(there).ndim == 1 else "series"


def opened(value: Any, folder: Path | None) -> Any:
    """Return the content of a file that a cell names; any other value as it is."""
    return read_array(_place(value, folder)) if is_array(value) else value


def read_array(path: Path) -> np.ndarray:
    """Return the numbers of one row: (C,) or (T, C).

    Raises
    ------
    DamagedError
        When the file cannot be read, or has another number of axes.
    """
    try:
        array = _loaded(path)
    except DataError as error:
        raise DamagedError(error.message, hint=error.hint) from error
    if array.ndim not in (1, 2) or array.dtype.kind not in "fiub":
        raise DamagedError(
            f"{path}: expected numbers, (columns,) or (steps, columns), found {array.dtype} of shape {array.shape}"
        )
    return array


def _place(value: Any, folder: Path | None) -> Path:
    path = Path(value)
    return path if folder is None or path.is_absolute() else folder / path


def _loaded(path: Path) -> np.ndarray:
    try:
        # objects would be unpickled, and run whatever they bring
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} cannot be read as an array: {error}", hint="numpy.save(path, array)") from error
    if not isinstance(array, np.ndarray):
        raise DataError(f"{path} holds several arrays", hint="name it .npz")
    return array
