"""idx files, the format of MNIST and similar data sets: a short header and an array with any number of axes.

::

    0 0 kind axes   size of each axis, 4 bytes, the largest first   the numbers, row after row

Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits.
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from recur.bounded import regular
from recur.codecs.bounds import bounds, check_memory
from recur.codecs.reading import reading
from recur.data.readers.table import MemoryTable, Row
from recur.errors import DataError

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_IMAGES = re.compile(r"images([-._])idx\d")
_PARTS = {"train": "train", "t10k": "test", "test": "test", "dev": "dev", "val": "dev", "valid": "dev"}


class IdxTable(MemoryTable):
    """Pictures of an idx file, with the labels of the file that belongs to it where there is one."""

    def __init__(self, path: Path, images: np.ndarray, labels: np.ndarray | None) -> None:
        super().__init__([], ["image"] if labels is None else ["image", "label"], str(path))
        self.holds = {"image": "images", "label": "class"}
        self.path = path
        self._images, self._labels = images, labels

    def __len__(self) -> int:
        return len(self._images)

    def row(self, index: int) -> Row:
        """Return the picture, (H, W) or (H, W, C) uint8, and its label."""
        row: Row = {"image": self._images[index]}
        return row if self._labels is None else {**row, "label": int(self._labels[index])}

    def where(self, index: int) -> str:
        """Return the file and the number of the picture, from 1."""
        return f"{self.path.name}, picture {index + 1}"


def is_idx(path: Path) -> bool:
    """Return whether a file, packed by gzip or not, begins as an idx file does."""
    try:
        if not path.is_file():  # opening a pipe would wait for it
            return False
        with path.open("rb") as file:
            head = file.read(4)
        if head[:2] == b"\x1f\x8b":
            with gzip.open(path) as packed:
                head = packed.read(4)
    except (OSError, EOFError, ValueError, zlib.error):  # a text given in place of a path is a ValueError
        return False
    return len(head) == 4 and head[:2] == b"\0\0" and head[2] in _TYPES and 1 <= head[3] <= 4


def read_idx(path: Path) -> np.ndarray:
    """Return the array of an idx file, packed by gzip or not.

    Raises
    ------
    DataError
        When the file is missing, cut short, too long or no idx file.
    """
    again = "download or unpack it again"
    regular(path, kind="idx file", error=DataError, hint=again)
    faults = (EOFError, zlib.error, gzip.BadGzipFile)
    with reading(path, "idx file", faults=faults, error=DataError, hint=again), _unpacked(path) as file:
        head = file.read(4)
        if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _TYPES or not 1 <= head[3] <= 4:
            raise DataError(f"{path} is not an idx file: it begins with {head.hex(' ') or 'nothing'}")
        axes, kind = head[3], np.dtype(_TYPES[head[2]])
        sizes = file.read(4 * axes)
        shape = struct.unpack(f">{axes}I", sizes) if len(sizes) == 4 * axes else ()
        expected = math.prod(shape) * kind.itemsize
        factors = zip(shape, ("pictures", "rows", "columns", "channels"), strict=False)
        check_memory(path, *factors, item=kind.itemsize, most=bounds().table, hint="divide it into several files")
        # one byte more tells a file that is too long, however much follows
        raw = file.read(expected + 1)
    if len(shape) != axes or len(raw) != expected:
        shown = " x ".join(map(str, shape))
        before = len(head) + len(sizes)
        had = f"{before + len(raw):,}{' or more' if len(raw) > expected else ''}"
        raise DataError(
            f"{path} is damaged: {had} bytes where an array of {shown} takes {before + expected:,}",
            hint=again,
        )
    array = np.frombuffer(raw, kind).reshape(shape)
    return array if kind.itemsize == 1 else array.astype(kind.newbyteorder("="))


def _unpacked(path: Path) -> BinaryIO:
    """Return a file to read from, unpacked by the way where gzip has packed it."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path)) if packed else path.open("rb")


def read_idx_table(path: Path) -> IdxTable:
    """Return the pictures of ``train-images-idx3-ubyte[.gz]`` with ``train-labels-idx1-ubyte[.gz]`` beside it.

    Raises
    ------
    DataError
        When either file is damaged, or they are not pictures and as many labels.
    """
    images = read_idx(path)
    pictures = images.dtype == np.uint8 and (images.ndim == 3 or (images.ndim == 4 and images.shape[3] in (1, 3)))
    if not pictures or not images.size:
        raise DataError(
            f"{path}: expected pictures (count, height, width) of uint8, found {images.dtype} of shape {images.shape}",
            hint="name the file of the images; the labels are found beside it",
        )
    beside = _labels_of(path)
    labels = None if beside is None else read_idx(beside)
    if labels is not None and labels.shape != (len(images),):
        raise DataError(
            f"{beside} has labels of shape {labels.shape}, and {path.name} has {len(images):,} pictures",
            hint="give the two files of one part",
        )
    return IdxTable(path, images, labels)


def idx_parts(paths: Sequence[Path]) -> dict[str, Path]:
    """Return train, dev and test among files named as MNIST's are; the unpacked one where both are there."""
    parts: dict[str, Path] = {}
    for path in sorted(paths, key=lambda path: path.suffix == ".gz"):
        part = _PARTS.get(re.split(r"[-._]", path.name.lower())[0])
        if part is not None and _IMAGES.search(path.name.lower()) and path.is_file():
            parts.setdefault(part, path)
    return parts


def _labels_of(path: Path) -> Path | None:
    name = _IMAGES.sub(lambda match: f"labels{match[1]}idx1", path.name)
    if name == path.name:
        return None
    plain = name.removesuffix(".gz")
    return next((each for each in (path.with_name(n) for n in (name, plain, f"{plain}.gz")) if each.is_file()), None)
