"""Compressed files (gzip, bzip2, xz, zstd): unpacked once, and refused where they are cut or damaged."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

from recur.data.sources.kept import file_identity, kept
from recur.errors import DataError, require

# a text may begin with "BZh": the header of the first block, or of an empty file, belongs to it
_MAGIC = {
    re.compile(rb"\x1f\x8b"): "gzip",
    re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"): "bzip2",
    re.compile(rb"\xfd7zXZ\0"): "xz",
    re.compile(rb"\x28\xb5\x2f\xfd"): "zstd",
}
_SUFFIXES = {".gz": "gzip", ".gzip": "gzip", ".bz2": "bzip2", ".xz": "xz", ".zst": "zstd", ".zstd": "zstd"}
_PIECE = 2**20


def compression(path: Path) -> str | None:
    """Return gzip, bzip2, xz or zstd for a file that begins as one of them, else None."""
    try:
        with path.open("rb") as file:
            head = file.read(10)
    except OSError:
        return None
    return next((name for magic, name in _MAGIC.items() if magic.match(head)), None)


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
            pieces = _STREAMS[packer](source) if packer in _STREAMS else iter(partial(source.read, _PIECE), b"")
            while True:
                try:
                    piece = next(pieces, None)
                except faults as error:
                    raise _damaged(path, packer, target.tell(), error) from error
                if piece is None:
                    break
                target.write(piece)


def _open(path: Path, packer: str) -> IO[Any] | Any:
    if packer == "zstd":
        arrow = require("pyarrow", "data")
        return arrow.CompressedInputStream(arrow.OSFile(str(path), "rb"), "zstd")
    if packer == "gzip":
        return gzip.open(path, "rb")
    return path.open("rb")


def _streams(begin: Callable[[], Any], source: IO[bytes]) -> Iterator[bytes]:
    """Yield the content of streams of bzip2 or xz, one after another, up to the last byte of the file.

    The standard library ends without a word at the first stream whose beginning is damaged.
    """
    rest = source.read(_PIECE)
    while rest:
        stream = begin()
        while not stream.eof:
            yield stream.decompress(rest, _PIECE)
            rest = b""
            if stream.needs_input and not stream.eof:
                rest = source.read(_PIECE)
                if not rest:
                    raise EOFError("the file ended before the end of the stream")
        # zeros between streams and after them are padding
        rest = (stream.unused_data or source.read(_PIECE)).lstrip(b"\0")
        while not rest and (more := source.read(_PIECE)):
            rest = more.lstrip(b"\0")


_STREAMS: dict[str, Callable[[IO[bytes]], Iterator[bytes]]] = {
    "bzip2": partial(_streams, bz2.BZ2Decompressor),
    "xz": partial(_streams, lzma.LZMADecompressor),
}


def _damaged(path: Path, packer: str, good: int, error: BaseException) -> DataError:
    words = " ".join(str(error).split())[:120] or type(error).__name__
    return DataError(
        f"{path}: the {packer} file is cut or damaged after {good:,} bytes of its content ({words}); "
        "expected a complete file",
        hint="copy or download it again",
    )
