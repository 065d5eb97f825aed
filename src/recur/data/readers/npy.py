"""NumPy's .npy files: an array of numbers as a table, or one file per row with features from another network."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np

from recur.bounded import regular
from recur.codecs.reading import reading
from recur.data.cells import number_lists
from recur.data.readers.memory import read_memory
from recur.data.readers.table import MemoryTable, Table
from recur.errors import DamagedError, DataError

SUFFIX = ".npy"


def read_npy(path: Path) -> Table:
    """Return the rows of an array: (N,) is a column of numbers, (N, C) are C of them, (N, T, C) is a series a row.

    Raises
    ------
    DataError
        When the file is missing, cut short, or holds Python objects.
    """
    array = _loaded(path)
    if array.ndim == 0 or array.dtype.kind not in "biufUSM":
        raise DataError(
            f"{path}: expected an array of numbers or texts, found {array.dtype} of shape {array.shape}",
            hint="numpy.save(path, array), (rows,), (rows, columns) or (rows, steps, columns)",
        )
    table = read_memory(array)
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
    """Return the content of a file that a cell names, the numbers of a list in a text; any other value as it is."""
    return read_array(_place(value, folder)) if is_array(value) else number_lists.opened(value)


def read_array(path: Path) -> np.ndarray:
    """Return the numbers of one row: (C,) or (T, C).

    Raises
    ------
    DamagedError
        When the file cannot be read, or has another number of axes.
    """
    try:
        array = _loaded(path)
    except DamagedError:
        raise
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
    hint = "numpy.save(path, array)"
    regular(path, kind="array", error=DataError, hint=hint)
    with reading(path, "array", libraries=("numpy",), error=DataError, hint=hint), path.open("rb") as file:
        if file.read(2) == b"PK":
            raise DataError(f"{path} holds several arrays", hint="name it .npz")
        file.seek(0)
        check_header(file, path.stat().st_size, path)
        # objects would be unpickled, and run whatever they bring
        array: np.ndarray = np.load(file, allow_pickle=False)
    return checked_texts(array, path)


def checked_texts(array: np.ndarray, name: object) -> np.ndarray:
    """Return an array, refused when it is of texts with numbers that are no character of Unicode.

    Raises
    ------
    DataError
    """
    if array.dtype.kind == "U" and array.nbytes:
        points = np.ascontiguousarray(array).view(np.uint32 if array.dtype.isnative else np.dtype("u4").newbyteorder())
        highest = int(points.max())
        if highest > sys.maxunicode:
            raise DataError(
                f"{name} is damaged: character {highest:#x} is above {sys.maxunicode:#x}, the last of Unicode",
                hint="numpy.save(path, array)",
            )
    return array


def check_header(file: IO[bytes], length: int, name: object) -> int:
    """Compare the shape in the header of an array with its bytes, and return what the numbers take.

    Parameters
    ----------
    file : file
        At its beginning; afterwards it is there again where it can be moved.
    length : int
        Bytes of the file.
    name : object
        For messages.

    Raises
    ------
    DataError
        When there is no such header, it is of Python objects, or of another size than the file.
    """
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, kind = read(file)
    if kind.hasobject:
        raise DataError(f"{name} holds Python objects; expected numbers", hint="numpy.save(path, array.astype(float))")
    numbers = math.prod(shape) * kind.itemsize
    held = length - file.tell()
    if numbers != held or min(shape, default=1) < 0:
        raise DataError(
            f"{name} is damaged: {held:,} bytes of numbers where {kind} of shape {shape} takes {numbers:,}",
            hint="numpy.save(path, array)",
        )
    file.seek(0)
    return numbers
