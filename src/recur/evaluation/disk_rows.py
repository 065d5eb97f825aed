"""Encoded rows in a file: written once, in blocks of neighbouring rows, and read a block at a time.

::

    block      shapes of its rows, int32 (rows, axes of both sides) | arrays of the inputs | arrays of the targets
    in memory  the byte where each block begins, and its length

Blocks are encoded before the first one is read, or each when it is read for the first time. Ids are stored in two or
four bytes. Blocks are read and not mapped, since mapped pages count as memory of the process.
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from recur.atomic import create, explained, make_folder
from recur.data import Example
from recur.data.examples.block_order import BLOCK
from recur.errors import DataError, RunError
from recur.network.batch import Encoded

_SHORT = 2**15
_MEASURED = 16  # blocks from which the size of all is estimated


class _Side:
    """How the arrays of one side are stored: their dtype in memory and in the file, and their axes."""

    def __init__(self, array: np.ndarray) -> None:
        self.dtype, self.axes = array.dtype, array.ndim
        self.whole = array.dtype.kind in "iu"

    def check(self, array: np.ndarray, where: Callable[[], str]) -> None:
        """Refuse a row whose arrays are of another kind than those of the first row."""
        if array.dtype != self.dtype or array.ndim != self.axes:
            raise DataError(
                f"{where()}: an array of {array.ndim} axes ({array.dtype}) where the first row has {self.axes} "
                f"({self.dtype}); expected rows of one kind",
                hint="--storage memory keeps rows of several kinds",
            )

    def stored(self, arrays: Sequence[np.ndarray]) -> tuple[int, bytes]:
        """Return the bytes of an item and those of all arrays."""
        flat = np.concatenate([array.ravel() for array in arrays])
        if not self.whole or self.dtype.itemsize <= 2:
            return self.dtype.itemsize, flat.tobytes()
        fits = flat.size == 0 or (flat.min() >= -_SHORT and flat.max() < _SHORT)
        kind = np.dtype(np.int16) if fits else np.dtype(np.int32)
        if not fits and (flat.min() < -(2**31) or flat.max() >= 2**31):
            return self.dtype.itemsize, flat.tobytes()
        return kind.itemsize, flat.astype(kind).tobytes()

    def restored(self, raw: memoryview, item: int) -> np.ndarray:
        """Return the items of stored bytes in their dtype."""
        if item == self.dtype.itemsize:
            return np.frombuffer(raw, self.dtype)
        return np.frombuffer(raw, np.int16 if item == 2 else np.int32).astype(self.dtype)


class DiskRows(Sequence[Encoded]):
    """Encoded examples in a file.

    Parameters
    ----------
    examples : sequence of Example
    encode : callable
        Example -> its arrays.
    path : Path, optional
        The file, which is replaced; by default a temporary one.
    block : int
        Rows of a block.
    when_read : bool
        Whether a block is encoded when it is read for the first time. Rows that cannot be encoded, and a full disk,
        are then errors of `read`.

    Attributes
    ----------
    examples : sequence of Example
    bytes : int
        Size of the file; with ``when_read`` an estimate from blocks spread over the rows, the same at every start.

    Raises
    ------
    DataError
        Naming the row that cannot be encoded.
    WriteError
        When the disk is full.
    """

    def __init__(
        self, examples: Sequence[Example], encode: Callable[[Example], Encoded], path: Path | None, *,
        block: int = BLOCK, when_read: bool = False,
    ) -> None:  # fmt: skip
        self.examples, self.block = examples, block
        self._encode = encode
        self._sides: list[_Side | None] = []
        count = -(-len(examples) // block)
        # where each block begins, -1 before it is encoded, and its bytes
        self._begins, self._lengths = np.full(count, -1, dtype=np.int64), np.zeros(count, dtype=np.int64)
        self._end = 0
        self._lock = threading.Lock()
        self.path, self._file = self._open(path)
        weakref.finalize(self, _closed, self._file)
        self._handle = os.open(self.path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        weakref.finalize(self, os.close, self._handle)
        # the first block says of which kind the rows are
        first = np.unique(np.linspace(0, count - 1, min(count, _MEASURED)).astype(np.int64)) if when_read else None
        for number in range(count) if first is None else first.tolist():
            self._write(number)
        with explained(self.path):
            self._file.flush()
        self.bytes = self._end if first is None else int(self._end * count / max(1, len(first)))
        self._last: tuple[int, list[Encoded]] = (-1, [])

    def _write(self, number: int) -> None:
        """Encode a block and append it to the file."""
        places = range(number * self.block, min((number + 1) * self.block, len(self.examples)))
        raw = self._packed([self._encode(self.examples[place]) for place in places], places)
        with explained(self.path):
            self._file.write(raw)
        self._begins[number], self._lengths[number] = self._end, len(raw)
        self._end += len(raw)

    def _encoded(self, number: int) -> None:
        """Encode a block that was not read before."""
        with self._lock:
            if self._begins[number] >= 0:
                return
            if os.fstat(self._handle).st_size != self._end:
                raise self._changed(os.fstat(self._handle).st_size, self._end, 0)
            self._write(number)
            with explained(self.path):
                self._file.flush()

    def _open(self, path: Path | None) -> tuple[Path, BinaryIO]:
        if path is None:
            handle, name = tempfile.mkstemp(prefix="recur-", suffix=".rows")
            weakref.finalize(self, Path(name).unlink, missing_ok=True)
            return Path(name), os.fdopen(handle, "wb")
        make_folder(path.parent)
        return path, create(path)

    def _where(self, place: int) -> str:
        return self.examples[place].where

    def _packed(self, rows: Sequence[Encoded], places: range) -> bytes:
        """Return a block as bytes."""
        if not self._sides:
            first = rows[0]
            self._sides = [None if first.input is None else _Side(first.input), _Side(first.target)]
        shapes, parts = [], []
        for number, side in enumerate(self._sides):
            if side is None:
                continue
            arrays = [array for row in rows if (array := row[number]) is not None]
            for array, place in zip(arrays, places, strict=True):
                # the place of a row is read from its file
                side.check(array, partial(self._where, place))
            shapes.append(np.array([array.shape for array in arrays], np.int32).reshape(len(rows), side.axes))
            item, raw = side.stored(arrays)
            parts += [np.array([item], np.int32).tobytes(), raw]
        return b"".join([np.concatenate(shapes, axis=1).tobytes(), *parts])

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> Encoded:  # type: ignore[override]  # slices are never requested
        number, place = divmod(index, self.block)
        # read and replaced as one: another thread may read another block meanwhile
        last, rows = self._last
        if last != number:
            rows = self.read(number)
            self._last = number, rows
        return rows[place]

    def __iter__(self) -> Iterator[Encoded]:
        for number in range(len(self._begins)):
            yield from self.read(number)

    def read(self, number: int) -> list[Encoded]:
        """Return the rows of a block.

        Raises
        ------
        RunError
            When the file was changed or removed meanwhile.
        DataError, WriteError
            As when the rows are made, where blocks are encoded when they are read.
        """
        if self._begins[number] < 0:
            self._encoded(number)
        length, begin = int(self._lengths[number]), int(self._begins[number])
        raw = memoryview(os.pread(self._handle, length, begin))
        if len(raw) != length:
            raise self._changed(len(raw), length, begin)
        count = min(self.block, len(self.examples) - number * self.block)
        axes = [0 if side is None else side.axes for side in self._sides]
        head = 4 * count * sum(axes)
        shapes = np.frombuffer(raw[:head], np.int32).reshape(count, sum(axes))
        sides: list[list[np.ndarray] | list[None]] = []
        for side, before in zip(self._sides, (0, axes[0]), strict=True):
            if side is None:
                sides.append([None] * count)
                continue
            item = int(np.frombuffer(raw[head : head + 4], np.int32)[0])
            own = shapes[:, before : before + side.axes]
            sizes = own.prod(axis=1, dtype=np.int64)
            end = head + 4 + int(sizes.sum()) * item
            values = side.restored(raw[head + 4 : end], item)
            cuts = np.concatenate([[0], np.cumsum(sizes)]).tolist()
            sides.append([values[cuts[row] : cuts[row + 1]].reshape(own[row].tolist()) for row in range(count)])
            head = end
        inputs, targets = sides
        return [Encoded(read, target) for read, target in zip(inputs, targets, strict=True) if target is not None]

    def _changed(self, actual: int, expected: int, begin: int) -> RunError:
        return RunError(
            f"{self.path} has {actual:,} of {expected:,} bytes at {begin:,}: it was changed while it was read",
            hint="run the same command again",
        )


def _closed(file: BinaryIO) -> None:
    # what a full disk did not take was said when it was written
    with suppress(OSError):
        file.close()
