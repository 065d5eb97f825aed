"""NumPy's .npz files as tables: arrays of one length are columns, arrays of several lengths are sequences."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from recur.bounded import regular
from recur.codecs.bounds import bounds, check_memory
from recur.codecs.reading import reading
from recur.data.readers.memory import Columns
from recur.data.readers.npy import check_header, checked_texts
from recur.data.readers.table import MemoryTable, Table
from recur.errors import DataError

SEQUENCE = "sequence"


def read_npz(path: Path) -> Table:
    """Return the arrays of an .npz file as rows.

    ::

        x (N, T, C), y (N,)          N rows with the columns x and y
        a (T1, C), b (T2, C), ...    a row for each array, in one column: sequence

    Raises
    ------
    DataError
        When it is no such file, holds Python objects, or no array.
    """
    arrays = _arrays(path)
    lengths = {len(array) for array in arrays.values() if array.ndim}
    widths = {array.shape[1:] for array in arrays.values()}
    if not arrays or (0 in lengths and len(lengths) == 1):
        raise DataError(f"{path} has no rows", hint="numpy.savez(path, x=..., y=...)")
    if any(not array.ndim for array in arrays.values()):
        raise DataError(f"{path} holds a single number; expected arrays", hint="numpy.savez(path, x=..., y=...)")
    sequences = len(arrays) > 1 and len(widths) == 1 and () not in widths and len(lengths) > 1
    if sequences or (len(arrays) == 1 and next(iter(arrays.values())).ndim == 2):
        rows = [{SEQUENCE: array} for array in arrays.values()]
        return MemoryTable(rows, [SEQUENCE], str(path))
    if len(lengths) > 1:
        shown = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise DataError(
            f"{path}: the arrays are neither columns of one length nor sequences of one width: {shown}",
            hint="x (N, T, C) and y (N,); or one array (T, C) for each sequence",
        )
    return MemoryTable(Columns({name: list(array) for name, array in arrays.items()}), list(arrays), str(path))


def _arrays(path: Path) -> Mapping[str, np.ndarray]:
    hint = "write it with numpy.savez, without Python objects"
    regular(path, kind="file of arrays", error=DataError, hint=hint)
    arrays: dict[str, np.ndarray] = {}
    # zipfile raises NotImplementedError and RuntimeError too: for methods it lacks, and for passwords
    libraries, total = ("numpy", "zipfile", "zlib", "lzma", "bz2"), 0
    with (
        reading(path, "file of arrays", libraries=libraries, faults=(zlib.error,), error=DataError, hint=hint),
        zipfile.ZipFile(path) as archive,
    ):
        for member in archive.infolist():
            name = f"{path}, {member.filename}"
            with archive.open(member) as file:
                total += check_header(file, member.file_size, name)
                check_memory(f"{path} unpacked", (total, "bytes"), item=1, most=bounds().table, hint="divide it")
                # objects would be unpickled, and run whatever they bring
                array = checked_texts(np.lib.format.read_array(file, allow_pickle=False), name)
                arrays[member.filename.removesuffix(".npy")] = array
    return arrays
