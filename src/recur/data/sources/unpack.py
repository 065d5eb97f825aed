"""Compressed files (gzip, bzip2, xz, zstd): unpacked once, and refused where they are cut or damaged."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from pathlib import Path
from typing import IO, Any

from recur.data.sources.kept import file_identity, kept
from recur.errors import DataError, require

_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_SUFFIXES = {".gz": "gzip", ".gzip": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zstd": "zstd"}
_PIECE = 2**20


def compression(path: Path) -> str | None:
    """Return gzip, bzip2, xz or zstd for a file that begins as one of them, else None."""
    try:
        with path.open("rb") as file:
            head = file.read(6)
    except OSError:
        return None
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


def unpacked_name(name: str) -> str:
    """Return the name of the file in a compressed one.

    >>> unpacked_name("reviews.csv.gz"), unpacked_name("reviews")
    ('reviews.csv', 'reviews')
    """
    stem, dot, suffix = name.rpartition(".")
    return stem if stem and f".{suffix.lower()}" in _SUFFIXES and dot else name


def unpacked(path: Path) -> Path:
    """Return a compressed file without its compression, unpacked at the first use and kept.

    Parameters
    ----------
    path : Path
        Of which `compression` says what packed it.

    Raises
    ------
    DataError
        When the file is cut or damaged, or is an archive of several files.
    MissingExtraError
        For zstd without pyarrow.
    """
    packer = compression(path)
    name = unpacked_name(path.name)
    if packer is None:
        raise DataError(f"{path} is not compressed by {', '.join(_MAGIC.values())}", hint="name a compressed file")
    if name.lower().endswith(".tar") or path.suffix.lower() == ".tgz":
        raise DataError(
            f"{path} is an archive of several files; expected one compressed file of rows", hint=f"tar xf {path.name}"
        )
    if packer == "zstd":
        require("pyarrow", "data")
    return kept(f"unpacked {file_identity(path)}", name, lambda part: _unpack(path, packer, part))


def _unpack(path: Path, packer: str, part: Path) -> None:
    faults: tuple[type[BaseException], ...] = (EOFError, zlib.error, lzma.LZMAError, OSError, ValueError)
    with part.open("wb") as target:
        try:
            source = _open(path, packer)
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
        with source:
            while True:
                try:
                    piece = source.read(_PIECE)
                except faults as error:
                    raise _damaged(path, packer, target.tell(), error) from error
                if not piece:
                    break
                target.write(piece)
    if not part.stat().st_size:
        raise DataError(f"{path} is empty: expected at least one line of text", hint="give a file with rows")


def _open(path: Path, packer: str) -> IO[Any] | Any:
    if packer == "zstd":
        arrow = require("pyarrow", "data")
        return arrow.CompressedInputStream(arrow.OSFile(str(path), "rb"), "zstd")
    if packer == "gzip":
        return gzip.open(path, "rb")
    return bz2.open(path, "rb") if packer == "bzip2" else lzma.open(path, "rb")


def _damaged(path: Path, packer: str, good: int, error: BaseException) -> DataError:
    words = " ".join(str(error).split())[:120] or type(error).__name__
    return DataError(
        f"{path}: the {packer} file is cut or damaged after {good:,} bytes of its content ({words}); "
        "expected a complete file",
        hint="copy or download it again",
    )
