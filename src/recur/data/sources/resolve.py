"""A source as local files: one name, pattern or URL becomes the files to read, in order."""

from __future__ import annotations

import glob
import os
import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

from recur.codecs.plain_text import shorten
from recur.data.sources import remote
from recur.data.sources.unpack import compression, unpacked, unpacked_name
from recur.errors import DataError
from recur.figures import size


class Part(NamedTuple):
    """One file of a source.

    Attributes
    ----------
    path : Path
        On this machine, not compressed.
    shown : str
        Its name for messages: as it was typed, or its URL.
    folder : Path
        Where relative paths in its cells begin.
    """

    path: Path
    shown: str
    folder: Path


class Resolved(NamedTuple):
    """The files of a source.

    Attributes
    ----------
    parts : list of Part
    several : bool
        Whether a pattern was given: the files are shards of one table.
    notes : list of str
        What was fetched or unpacked, with its size.
    """

    parts: list[Part]
    several: bool
    notes: list[str]


def is_pattern(source: str | Path) -> bool:
    """Return whether a source is a pattern of names: it has ``*``, ``?`` or ``[`` and no file has this very name.

    >>> is_pattern("data/*.parquet"), is_pattern("data/a.parquet")
    (True, False)
    """
    text = str(source)
    return remote.url_of(text) is None and glob.has_magic(text) and not Path(text).exists()


def names_files(text: str) -> bool:
    """Return whether a text names files: a URL, a pattern that some file matches, or a file.

    >>> names_files("https://a.org/b.csv"), names_files("is it [good]?")
    (True, False)
    """
    if "\n" in text or len(text) > 4000:
        return False
    if remote.url_of(text) is not None and " " not in text:
        return True
    try:
        return bool(glob.glob(text, recursive=True)) if is_pattern(text) else Path(text).is_file()
    except (OSError, ValueError):
        return False


def short_name(source: str | Path) -> str:
    """Return a name for what is made from a source: its own, or of a pattern that of its folder.

    >>> short_name("data/reviews/*.parquet"), short_name("s3://bucket/a.csv.gz"), short_name("b.csv")
    ('reviews', 'a', 'b')
    """
    url = remote.url_of(source)
    name = unpacked_name(Path(source).resolve().name if url is None else remote.name_of(url))
    if not glob.has_magic(name) or (url is None and Path(source).exists()):
        return Path(name).stem
    above = [each for each in Path(source).resolve().parts[:-1] if not glob.has_magic(each)]
    return Path(above[-1]).name if above and above[-1] != os.sep else "data"


def resolve(source: str | Path, exclude: Sequence[str] = ()) -> Resolved | None:
    """Return the files of a pattern, a URL or a compressed file; None for a plain path, which is read as it is.

    Parameters
    ----------
    source : str or Path
        ``data/*.parquet``, ``s3://bucket/a.csv``, ``reviews.csv.gz``.
    exclude : sequence of str
        Patterns of names to leave out.

    Raises
    ------
    DataError
        When no file matches, or a file cannot be fetched or unpacked.
    """
    url = remote.url_of(source)
    if url is not None:
        fetched = remote.fetched(url)
        several = len(fetched) > 1 or remote.is_pattern(url)
        notes = [f"{name} was fetched: {size(path.stat().st_size)} in {path.parent}" for name, path in fetched[:1]]
        if several:
            total = sum(path.stat().st_size for _, path in fetched)
            notes = [f"{len(fetched):,} files of {shorten(url, 80)} were fetched: {size(total)}"]
        parts = [Part(path, name, path.parent) for name, path in fetched]
        return _unpacked(Resolved(parts, several, notes), exclude)
    if is_pattern(source):
        pattern = str(source)
        paths = [Path(each) for each in sorted(glob.glob(pattern, recursive=True))]
        parts = [Part(path, str(path), path.parent) for path in paths if _is_shard(path, exclude)]
        if not parts:
            raise DataError(
                f'no file matches "{shorten(pattern, 120)}"', hint="check the pattern; quote it: 'data/*.parquet'"
            )
        return _unpacked(Resolved(parts, True, []), exclude)
    path = Path(source)
    if path.is_file() and compression(path) is not None:
        return _unpacked(Resolved([Part(path, str(path), path.parent)], False, []), exclude)
    return None


def _is_shard(path: Path, exclude: Sequence[str]) -> bool:
    """Return whether a name that matches is a file; a link to nothing and a pipe are missing rows, and are refused."""
    if path.is_file() or path.is_dir():
        return path.is_file()
    if any(fnmatch(path.name, each) for each in exclude):
        return False
    what = "a link to a file that is missing" if path.is_symlink() else "a pipe or a device"
    raise DataError(
        f"{path} is {what}; expected a file", hint=f"fetch it, or leave it out: --exclude {shlex.quote(path.name)}"
    )


def _unpacked(resolved: Resolved, exclude: Sequence[str]) -> Resolved:
    """Unpack what is compressed, and leave out excluded names."""
    parts: list[Part] = []
    packed: list[Part] = []
    for part in resolved.parts:
        if any(fnmatch(part.path.name, each) for each in exclude):
            continue
        path = part.path
        if compression(path) is not None:
            with renamed(part.path, part.shown):
                path = unpacked(path)
            packed.append(Part(path, part.shown, part.folder))
        parts.append(Part(path, part.shown, part.folder))
    if not parts:
        raise DataError("every file is excluded", hint="fewer patterns for --exclude")
    notes = list(resolved.notes)
    if packed:
        files = f"{len(packed):,} files were" if len(packed) > 1 else f"{packed[0].shown} was"
        total = sum(part.path.stat().st_size for part in packed)
        notes.append(f"{files} unpacked once: {size(total)} in {packed[0].path.parent.parent}")
    return Resolved(parts, resolved.several, notes)


@contextmanager
def renamed(path: Path, shown: str) -> Iterator[None]:
    """Name a file in errors as the user named it, and not by the place of its copy."""
    try:
        yield
    except DataError as error:
        if str(path) == shown or str(path) not in error.message:
            raise
        raise type(error)(error.message.replace(str(path), shown), hint=error.hint) from error
