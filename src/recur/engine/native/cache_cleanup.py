"""Cleanup of the cell cache: removes cells by age and number, and only files that recur named."""

from __future__ import annotations

import itertools
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recur.compiler.toolchain import SETS

DAYS = 30  # the time of use of a cell is updated once per day
MOST = 2000  # cells of one set of instructions and one version; each has about 50 KB
_LOOKED_AT = 20_000  # entries of a folder

_GENERATION = re.compile(rf"[0-9a-f]{{16}}-(?:{'|'.join(SETS)})")
_CELL = re.compile(r"(cell-[0-9a-f]{24}(?:-[0-9a-f]{8})?)(?:\.\d+)?\.(?:so|cpp|sha256|lock)")
_PART = re.compile(r"\.cell-[0-9a-f]{24}(?:-[0-9a-f]{8})?\.\w{8}(?:\.so)?")
_OPEN = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_done: set[Path] = set()


def remove(base: Path) -> None:
    """Remove old cells from the cache, once per process; what cannot be removed is left.

    A cell is old if it has not been used for ``DAYS`` days, or if ``MOST`` others have been used since. Files of an
    interrupted compilation are old after a day.
    """
    if base in _done:
        return
    _done.add(base)
    with suppress(OSError), _folder(base) as outer:
        for name in _names(outer):
            if not _GENERATION.fullmatch(name):
                continue
            with suppress(OSError), _folder(name, outer) as inner:
                _remove_cells(inner)
                _remove_parts(inner)
            with suppress(OSError):  # it fails where a file is left in it
                os.rmdir(name, dir_fd=outer)


def _remove_cells(folder: int) -> None:
    used: dict[str, float] = {}
    files: dict[str, list[str]] = {}
    for name in _names(folder):
        if match := _CELL.fullmatch(name):
            state = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISREG(state.st_mode):
                used[match[1]] = max(used.get(match[1], 0.0), state.st_mtime)
                files.setdefault(match[1], []).append(name)
    newest = sorted(used, key=lambda stem: used[stem], reverse=True)
    oldest = time.time() - DAYS * 86400
    for stem in [stem for n, stem in enumerate(newest) if n >= MOST or used[stem] < oldest]:
        # the hash first: without it the library is ignored
        for name in sorted(files[stem], key=lambda name: not name.endswith(".sha256")):
            os.unlink(name, dir_fd=folder)


def _remove_parts(folder: int) -> None:
    """Remove the files and folders in which a compilation was interrupted."""
    oldest = time.time() - 86400
    for name in _names(folder):
        state = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not _PART.fullmatch(name) or state.st_mtime > oldest:
            continue
        if stat.S_ISREG(state.st_mode):
            os.unlink(name, dir_fd=folder)
        elif stat.S_ISDIR(state.st_mode):
            with suppress(OSError), _folder(name, folder) as part:
                for inner in _names(part):
                    if _CELL.fullmatch(inner) or _PART.fullmatch(inner):
                        os.unlink(inner, dir_fd=part)
                os.rmdir(name, dir_fd=folder)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in itertools.islice(entries, _LOOKED_AT)]


@contextmanager
def _folder(name: str | Path, parent: int | None = None) -> Iterator[int]:
    """Open a folder of one's own; a link is not followed."""
    handle = os.open(name, _OPEN, dir_fd=parent)
    try:
        if os.fstat(handle).st_uid != os.geteuid():
            raise PermissionError(f"{name} belongs to another user")
        yield handle
    finally:
        os.close(handle)
